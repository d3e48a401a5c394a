//! What a tenant's administrators give a package: values of its settings, and secrets.
//!
//! Invariants: a secret is sealed before it reaches a table, and bound to its tenant, package and name; nothing but the host of
//! plugins asks for what is in it.

use tenon_value::{DateTime, Json, TenantId, Value};

use crate::db::{Arg, Shape};
use crate::{MetadataTx, Store, StoreError, Tx};

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSetting {
    /// The setting's name.
    pub name: String,
    /// Its value.
    pub value: Json,
}

/// A secret that was set, but for what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// Its name.
    pub name: String,
    /// Who set it.
    pub changed_by: String,
    /// When.
    pub changed_at: DateTime,
}

/// A secret as it is stored.
pub struct SealedSecret(String);

/// What a secret is sealed for: one package's cannot be given to another.
pub(crate) fn sealed_for(package: &str, name: &str) -> String {
    format!("package_secret.{package}.{name}")
}

fn one(table: &str, column: &str) -> String {
    format!("select v.\"{column}\" from {table} as v where v.\"package\" = $1 and v.\"name\" = $2")
}

fn put(table: &str, column: &str) -> String {
    format!(
        "insert into {table} (\"package\", \"name\", \"{column}\", \"changed_by\", \"changed_at\") values ($1, $2, $3, $4, $5) \
         on conflict (\"package\", \"name\") do update set \"{column}\" = excluded.\"{column}\", \"changed_by\" = excluded.\"changed_by\", \
         \"changed_at\" = excluded.\"changed_at\""
    )
}

fn first(rows: Vec<Vec<Value>>) -> Option<Value> {
    rows.into_iter().flatten().next()
}

fn named(package: &str, name: &str) -> [Arg; 2] {
    [Arg::text(package), Arg::text(name)]
}

fn setting(value: Option<Value>) -> Option<Json> {
    if let Some(Value::Json(json)) = value { Some(json) } else { None }
}

/// What was sealed, if there is something.
fn sealed(value: Option<Value>) -> Result<Option<Vec<u8>>, StoreError> {
    match value {
        Some(Value::Text(hexadecimal)) => hex::decode(hexadecimal).map(Some).map_err(|_| damaged()),
        _ => Ok(None),
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("a secret of a package".to_owned())
}

impl Store {
    /// The values that were set of a package's settings, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_settings(&self, tenant: TenantId, package: &str) -> Result<Vec<StoredSetting>, StoreError> {
        let table = self.fixture(tenant, "package_setting");
        let sql = format!("select v.\"name\", v.\"value\" from {table} as v where v.\"package\" = $1 order by v.\"name\"");
        let rows = self.ask(tenant, &sql, &[Arg::text(package)], &[Shape::Text, Shape::Json]).await?;
        let stored = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
            Ok([Value::Text(name), Value::Json(value)]) => Some(StoredSetting { name, value }),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(stored).collect())
    }

    /// The value that was set of one setting.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_setting(&self, tenant: TenantId, package: &str, name: &str) -> Result<Option<Json>, StoreError> {
        let sql = one(&self.fixture(tenant, "package_setting"), "value");
        Ok(setting(first(self.ask(tenant, &sql, &named(package, name), &[Shape::Json]).await?)))
    }

    /// The secrets that were set of a package, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_secrets(&self, tenant: TenantId, package: &str) -> Result<Vec<StoredSecret>, StoreError> {
        let table = self.fixture(tenant, "package_secret");
        let sql = format!(
            "select v.\"name\", v.\"changed_by\", v.\"changed_at\" from {table} as v \
             where v.\"package\" = $1 and v.\"sealed\" is not null order by v.\"name\""
        );
        let rows = self.ask(tenant, &sql, &[Arg::text(package)], &[Shape::Text, Shape::Text, Shape::DateTime]).await?;
        let stored = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
            Ok([Value::Text(name), Value::Text(changed_by), Value::DateTime(changed_at)]) => {
                Some(StoredSecret { name, changed_by, changed_at })
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(stored).collect())
    }

    /// What a secret is, for the host alone.
    ///
    /// # Errors
    /// `Damaged` where it cannot be opened; what the database says.
    pub async fn package_secret(&self, tenant: TenantId, package: &str, name: &str) -> Result<Option<String>, StoreError> {
        let sql = one(&self.fixture(tenant, "package_secret"), "sealed");
        let Some(sealed) = sealed(first(self.ask(tenant, &sql, &named(package, name), &[Shape::Text]).await?))? else { return Ok(None) };
        let opened = self.sealer(tenant).await?.open(&sealed_for(package, name), &sealed).ok_or_else(damaged)?;
        String::from_utf8(opened).map(Some).map_err(|_| damaged())
    }

    /// A secret as it is stored: sealed for this package and name.
    ///
    /// # Errors
    /// Where it cannot be sealed; what the database says.
    pub async fn package_seal(&self, tenant: TenantId, (package, name): (&str, &str), secret: &str) -> Result<SealedSecret, StoreError> {
        Ok(SealedSecret(hex::encode(self.sealer(tenant).await?.seal(&sealed_for(package, name), secret)?)))
    }
}

impl MetadataTx {
    /// Sets a setting of a package, or, with nothing, gives it its default again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_package_setting(&mut self, of: (&str, &str), value: Option<&Json>, by: (&str, DateTime)) -> Result<(), StoreError> {
        self.put_value(("package_setting", "value"), of, value.map(Json::to_string), by).await
    }

    /// Sets a secret of a package, or, with nothing, forgets it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_package_secret(
        &mut self,
        of: (&str, &str),
        secret: Option<SealedSecret>,
        by: (&str, DateTime),
    ) -> Result<(), StoreError> {
        self.put_value(("package_secret", "sealed"), of, secret.map(|SealedSecret(sealed)| sealed), by).await
    }

    async fn put_value(
        &mut self,
        (table, column): (&str, &str),
        (package, name): (&str, &str),
        value: Option<String>,
        (by, at): (&str, DateTime),
    ) -> Result<(), StoreError> {
        let table = self.table(table);
        let [package, name] = named(package, name);
        let done = match value {
            Some(value) => self.run(&put(&table, column), &[package, name, Arg::text(value), Arg::text(by), Arg::moment(at)]).await,
            None => self.run(&format!("delete from {table} where \"package\" = $1 and \"name\" = $2"), &[package, name]).await,
        };
        done.map(drop).map_err(StoreError::from)
    }
}

impl Tx {
    /// As [`Store::package_setting`], inside the transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_setting(&mut self, package: &str, name: &str) -> Result<Option<Json>, StoreError> {
        let sql = one(&self.table("package_setting"), "value");
        Ok(setting(first(self.ask(&sql, &named(package, name), &[Shape::Json]).await?)))
    }

    /// As [`Store::package_secret`], inside the transaction.
    ///
    /// # Errors
    /// `Damaged` where it cannot be opened; what the database says.
    pub async fn package_secret(&mut self, package: &str, name: &str) -> Result<Option<String>, StoreError> {
        let sql = one(&self.table("package_secret"), "sealed");
        let Some(sealed) = sealed(first(self.ask(&sql, &named(package, name), &[Shape::Text]).await?))? else { return Ok(None) };
        let opened = self.seal().await?.open(&sealed_for(package, name), &sealed).ok_or_else(damaged)?;
        String::from_utf8(opened).map(Some).map_err(|_| damaged())
    }
}
