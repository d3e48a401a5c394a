//! API keys and passwords: in the tenant's own schema, as hashes.

use tenon_value::{DateTime, Json, RecordId, TenantId, Uuid, Value};

use crate::db::{Arg, Fault, Kind, Scalar, Shape};
use crate::{Store, StoreError, StoredKey, StoredPassword};

const KEY_COLUMNS: &str = "k.\"id\", k.\"display\", k.\"hash\", k.\"roles\", k.\"expires_at\", k.\"created_at\"";
const KEY_SHAPES: [Shape; 6] = [Shape::Id, Shape::Text, Shape::Text, Shape::Json, Shape::DateTime, Shape::DateTime];

impl Store {
    /// Stores a key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_put(&self, tenant: TenantId, key: &StoredKey) -> Result<(), StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!(
            "insert into {table} (\"id\", \"display\", \"hash\", \"roles\", \"expires_at\", \"created_at\") values ($1, $2, $3, $4, $5, $6)"
        );
        let args = [
            Arg::id(key.id),
            Arg::text(key.display.clone()),
            Arg::text(hex::encode(key.hash)),
            Arg::text(Json::from(key.roles.clone()).to_string()),
            Arg::maybe(Kind::DateTime, key.expires_at.map(|at| Scalar::DateTime(at.millis()))),
            Arg::moment(key.created_at),
        ];
        self.tell(tenant, &sql, &args).await.map(|_| ()).map_err(StoreError::from)
    }

    /// The key of a hash, unless it is revoked. Whether it has expired is for the caller's clock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_by_hash(&self, tenant: TenantId, hash: &[u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!("select {KEY_COLUMNS} from {table} as k where k.\"hash\" = $1 and k.\"revoked_at\" is null");
        let rows = self.ask(tenant, &sql, &[Arg::text(hex::encode(hash))], &KEY_SHAPES).await?;
        rows.into_iter().next().map(stored_key).transpose()
    }

    /// All keys that are not revoked, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keys(&self, tenant: TenantId) -> Result<Vec<StoredKey>, StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!("select {KEY_COLUMNS} from {table} as k where k.\"revoked_at\" is null order by k.\"created_at\", k.\"id\"");
        let rows = self.ask(tenant, &sql, &[], &KEY_SHAPES).await?;
        rows.into_iter().map(stored_key).collect()
    }

    /// Revokes a key; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_revoke(&self, tenant: TenantId, id: Uuid, at: DateTime) -> Result<bool, StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!("update {table} set \"revoked_at\" = $2 where \"id\" = $1 and \"revoked_at\" is null");
        Ok(self.tell(tenant, &sql, &[Arg::id(id), Arg::moment(at)]).await? > 0)
    }

    /// Stores a user's password, instead of the one before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn password_put(&self, tenant: TenantId, password: &StoredPassword) -> Result<(), StoreError> {
        let table = self.fixture(tenant, "password");
        let sql = format!(
            "insert into {table} (\"user\", \"login\", \"hash\") values ($1, $2, $3) on conflict (\"user\") do update set \"login\" = excluded.\"login\", \"hash\" = excluded.\"hash\""
        );
        let args = [Arg::id(password.user.0), Arg::text(password.login.clone()), Arg::text(password.hash.clone())];
        match self.tell(tenant, &sql, &args).await {
            Err(Fault::Unique(_)) => Err(StoreError::Value("the login is taken")),
            done => done.map(|_| ()).map_err(StoreError::from),
        }
    }

    /// The password of a login.
    ///
    /// # Errors
    /// What the database says.
    pub async fn password(&self, tenant: TenantId, login: &str) -> Result<Option<StoredPassword>, StoreError> {
        let table = self.fixture(tenant, "password");
        let sql = format!("select p.\"user\", p.\"login\", p.\"hash\" from {table} as p where p.\"login\" = $1");
        let rows = self.ask(tenant, &sql, &[Arg::text(login)], &[Shape::Id, Shape::Text, Shape::Text]).await?;
        Ok(rows.into_iter().next().and_then(|row| match <[Value; 3]>::try_from(row) {
            Ok([Value::Id(user), Value::Text(login), Value::Text(hash)]) => Some(StoredPassword { user: RecordId(user), login, hash }),
            _ => None,
        }))
    }
}

pub(crate) fn hash_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

fn stored_key(row: Vec<Value>) -> Result<StoredKey, StoreError> {
    let damaged = || StoreError::Damaged("an API key".to_owned());
    let [Value::Id(id), Value::Text(display), Value::Text(hash), Value::Json(roles), expires, Value::DateTime(created_at)] =
        <[Value; 6]>::try_from(row).map_err(|_| damaged())?
    else {
        return Err(damaged());
    };
    let roles = roles.as_array().into_iter().flatten().filter_map(|role| role.as_str().map(str::to_owned)).collect();
    let expires_at = if let Value::DateTime(at) = expires { Some(at) } else { None };
    Ok(StoredKey { id, display, hash: hash_of(&hash).ok_or_else(damaged)?, roles, expires_at, created_at })
}
