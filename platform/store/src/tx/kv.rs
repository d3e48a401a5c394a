//! Texts that packages keep in a tenant, by key. Whoever asks sees his package's own, and part of his transaction.

use tenon_value::{TenantId, Value};

use super::Tx;
use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

/// How much a package may keep in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KvLimits {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and texts.
    pub bytes: u64,
}

const PAIR: [Shape; 2] = [Shape::Text, Shape::Text];

fn get(table: &str) -> String {
    format!("select k.\"text\" from {table} as k where k.\"package\" = $1 and k.\"key\" = $2")
}

/// Keys are compared by their bytes on both databases, so what begins with a prefix lies in one piece.
fn list(table: &str, most: usize) -> String {
    format!(
        "select k.\"key\", k.\"text\" from {table} as k where k.\"package\" = $1 and k.\"key\" >= $2 and k.\"key\" > $3 \
         and substr(k.\"key\", 1, length($2)) = $2 order by k.\"key\" limit {most}"
    )
}

fn one(rows: Vec<Vec<Value>>) -> Option<String> {
    match rows.into_iter().next()?.into_iter().next()? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn pairs(rows: Vec<Vec<Value>>) -> Vec<(String, String)> {
    let pair = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(key), Value::Text(text)]) => Some((key, text)),
        _ => None,
    };
    rows.into_iter().filter_map(pair).collect()
}

impl Tx {
    /// The text under a key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_get(&mut self, package: &str, key: &str) -> Result<Option<String>, StoreError> {
        let sql = get(&self.table("plugin_kv"));
        Ok(one(self.ask(&sql, &[Arg::text(package), Arg::text(key)], &[Shape::Text]).await?))
    }

    /// Keys that begin with a prefix, after this one, in order, with their texts.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_list(
        &mut self,
        package: &str,
        (prefix, after): (&str, Option<&str>),
        most: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = list(&self.table("plugin_kv"), most);
        let args = [Arg::text(package), Arg::text(prefix), Arg::text(after.unwrap_or_default())];
        Ok(pairs(self.ask(&sql, &args, &PAIR).await?))
    }

    /// Puts a text under a key, in the place of any other.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_set(&mut self, package: &str, key: &str, text: &str) -> Result<(), StoreError> {
        let sql = format!(
            "insert into {} (\"package\", \"key\", \"text\", \"size\") values ($1, $2, $3, $4) \
             on conflict (\"package\", \"key\") do update set \"text\" = $3, \"size\" = $4",
            self.table("plugin_kv")
        );
        let size = i64::try_from(key.len() + text.len()).unwrap_or(i64::MAX);
        self.tell(&sql, &[Arg::text(package), Arg::text(key), Arg::text(text), Arg::int(size)]).await?;
        Ok(())
    }

    /// Removes what is under a key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_delete(&mut self, package: &str, key: &str) -> Result<(), StoreError> {
        let sql = format!("delete from {} where \"package\" = $1 and \"key\" = $2", self.table("plugin_kv"));
        self.tell(&sql, &[Arg::text(package), Arg::text(key)]).await?;
        Ok(())
    }

    /// How many keys a package has, and how many bytes they and their texts take.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_size(&mut self, package: &str) -> Result<KvLimits, StoreError> {
        let sql = format!(
            "select count(*), cast(coalesce(sum(k.\"size\"), 0) as bigint) from {} as k where k.\"package\" = $1",
            self.table("plugin_kv")
        );
        let rows = self.ask(&sql, &[Arg::text(package)], &[Shape::Int, Shape::Int]).await?;
        let number = |at: usize| rows.first().and_then(|row| row.get(at)).and_then(Value::as_int).unwrap_or_default();
        Ok(KvLimits { keys: number(0).unsigned_abs(), bytes: number(1).unsigned_abs() })
    }
}

impl Store {
    /// The text under a key, outside of any transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_get(&self, tenant: TenantId, package: &str, key: &str) -> Result<Option<String>, StoreError> {
        let sql = get(&self.fixture(tenant, "plugin_kv"));
        Ok(one(self.ask(tenant, &sql, &[Arg::text(package), Arg::text(key)], &[Shape::Text]).await?))
    }

    /// As [`Tx::kv_list`], outside of any transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kv_list(
        &self,
        tenant: TenantId,
        package: &str,
        (prefix, after): (&str, Option<&str>),
        most: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = list(&self.fixture(tenant, "plugin_kv"), most);
        let args = [Arg::text(package), Arg::text(prefix), Arg::text(after.unwrap_or_default())];
        Ok(pairs(self.ask(tenant, &sql, &args, &PAIR).await?))
    }
}
