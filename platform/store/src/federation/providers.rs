//! Providers of a tenant, sign-ins that came back, and which member somebody at a provider is.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::contract::StoredProvider;
use crate::db::{Arg, Fault, Kind, Scalar, Shape};
use crate::{AuditNotes, Store, StoreError};

impl Store {
    /// The providers of a tenant by name.
    ///
    /// # Errors
    /// `Damaged` where a secret cannot be opened; what the database says.
    pub async fn providers(&self, tenant: TenantId) -> Result<Vec<StoredProvider>, StoreError> {
        self.providers_where(tenant, "order by p.\"name\"", &[]).await
    }

    /// The provider of a name.
    ///
    /// # Errors
    /// As [`Store::providers`].
    pub async fn provider(&self, tenant: TenantId, name: &str) -> Result<Option<StoredProvider>, StoreError> {
        Ok(self.providers_where(tenant, "where p.\"name\" = $1", &[Arg::text(name)]).await?.pop())
    }

    async fn providers_where(&self, tenant: TenantId, tail: &str, args: &[Arg]) -> Result<Vec<StoredProvider>, StoreError> {
        let table = self.fixture(tenant, "oidc_provider");
        let sql = format!("select p.\"name\", p.\"settings\", p.\"secret\", p.\"created_at\", p.\"changed_at\" from {table} as p {tail}");
        let shapes = [Shape::Text, Shape::Json, Shape::Text, Shape::DateTime, Shape::DateTime];
        let mut providers = Vec::new();
        for row in self.ask(tenant, &sql, args, &shapes).await? {
            let wrong = || StoreError::Damaged("an identity provider".to_owned());
            let Ok([Value::Text(name), Value::Json(settings), secret, Value::DateTime(created_at), Value::DateTime(changed_at)]) =
                <[Value; 5]>::try_from(row)
            else {
                return Err(wrong());
            };
            let secret = match secret {
                Value::Text(sealed) => {
                    let sealed = hex::decode(sealed).map_err(|_| wrong())?;
                    let opened = self.sealer(tenant).await?.open(&sealed_for(&name), &sealed).ok_or_else(wrong)?;
                    Some(String::from_utf8(opened).map_err(|_| wrong())?)
                }
                _ => None,
            };
            providers.push(StoredProvider { name, settings, secret, created_at, changed_at });
        }
        Ok(providers)
    }

    /// Stores a provider, instead of the one of that name, and what is told of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn provider_put(&self, tenant: TenantId, provider: &StoredProvider, told: &AuditNotes) -> Result<(), StoreError> {
        let sealed = match &provider.secret {
            Some(secret) => Some(hex::encode(self.sealer(tenant).await?.seal(&sealed_for(&provider.name), secret)?)),
            None => None,
        };
        let mut tx = self.law(tenant).await?;
        let sql = format!(
            "insert into {} (\"name\", \"settings\", \"secret\", \"created_at\", \"changed_at\") values ($1, $2, $3, $4, $5) \
             on conflict (\"name\") do update set \"settings\" = excluded.\"settings\", \"secret\" = excluded.\"secret\", \
             \"changed_at\" = excluded.\"changed_at\"",
            tx.table("oidc_provider")
        );
        let args = [
            Arg::text(provider.name.clone()),
            Arg::text(provider.settings.to_string()),
            Arg::maybe(Kind::Text, sealed.map(Scalar::Text)),
            Arg::moment(provider.created_at),
            Arg::moment(provider.changed_at),
        ];
        tx.tell(&sql, &args).await?;
        tx.note(told).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a provider with the identities that came through it; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn provider_remove(&self, tenant: TenantId, name: &str, told: &AuditNotes) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!("delete from {} where \"provider\" = $1", tx.table("external_identity"));
        tx.tell(&sql, &[Arg::text(name)]).await?;
        let sql = format!("delete from {} where \"name\" = $1", tx.table("oidc_provider"));
        if tx.tell(&sql, &[Arg::text(name)]).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that a sign-in came back, and forgets those that are too late to come; false where it did before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn state_use(&self, tenant: TenantId, state: &[u8; 32], expires_at: DateTime, now: DateTime) -> Result<bool, StoreError> {
        let table = self.fixture(tenant, "oidc_used");
        self.tell(tenant, &format!("delete from {table} where \"expires_at\" <= $1"), &[Arg::moment(now)]).await?;
        let sql = format!("insert into {table} (\"state\", \"expires_at\") values ($1, $2)");
        match self.tell(tenant, &sql, &[Arg::text(hex::encode(state)), Arg::moment(expires_at)]).await {
            Ok(_) => Ok(true),
            Err(Fault::Unique(_)) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The member that somebody at a provider is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn identity(&self, tenant: TenantId, provider: &str, subject: &str) -> Result<Option<Uuid>, StoreError> {
        let table = self.fixture(tenant, "external_identity");
        let sql = format!("select i.\"member\" from {table} as i where i.\"provider\" = $1 and i.\"subject\" = $2");
        let rows = self.ask(tenant, &sql, &[Arg::text(provider), Arg::text(subject)], &[Shape::Id]).await?;
        Ok(rows.into_iter().flatten().next().and_then(|value| if let Value::Id(id) = value { Some(id) } else { None }))
    }

    /// Remembers who somebody at a provider is; false where he is somebody already, which stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn identity_put(&self, tenant: TenantId, who: (&str, &str), member: Uuid, now: DateTime) -> Result<bool, StoreError> {
        let sql = format!(
            "insert into {} (\"provider\", \"subject\", \"member\", \"created_at\") values ($1, $2, $3, $4)",
            self.fixture(tenant, "external_identity")
        );
        let args = [Arg::text(who.0), Arg::text(who.1), Arg::id(member), Arg::moment(now)];
        match self.tell(tenant, &sql, &args).await {
            Ok(_) => Ok(true),
            Err(Fault::Unique(_)) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// What a secret is sealed for: one provider's cannot be given to another.
pub(crate) fn sealed_for(name: &str) -> String {
    format!("oidc_provider.secret.{name}")
}
