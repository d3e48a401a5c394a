//! API keys.

use tenon_context::ActorKind;
use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::{damaged, hash_of, maybe_moment, moment_or_none, texts_json, texts_of};
use crate::credentials::contract::StoredKey;
use crate::db::{Arg, Shape};
use crate::{AuditNotes, Store, StoreError};

const COLUMNS: &str = "k.\"id\", k.\"kind\", k.\"display\", k.\"hash\", k.\"roles\", k.\"expires_at\", k.\"created_at\"";
const SHAPES: [Shape; 7] = [Shape::Id, Shape::Text, Shape::Text, Shape::Text, Shape::Json, Shape::DateTime, Shape::DateTime];

impl Store {
    /// Stores a key, and what is told of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_put(&self, tenant: TenantId, key: &StoredKey, told: &AuditNotes) -> Result<(), StoreError> {
        let mut tx = self.law(tenant).await?;
        let table = tx.table("api_key");
        let sql = format!(
            "insert into {table} (\"id\", \"kind\", \"display\", \"hash\", \"roles\", \"expires_at\", \"created_at\") \
             values ($1, $2, $3, $4, $5, $6, $7)"
        );
        let args = [
            Arg::id(key.id),
            Arg::text(key.kind.word()),
            Arg::text(key.display.clone()),
            Arg::text(hex::encode(key.hash)),
            texts_json(&key.roles),
            maybe_moment(key.expires_at),
            Arg::moment(key.created_at),
        ];
        tx.tell(&sql, &args).await?;
        tx.note(told).await?;
        // A new key takes no right from anybody.
        Ok(tx.commit().await?)
    }

    /// The key of a hash, unless it is revoked. Whether it has expired is for the caller's clock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_by_hash(&self, tenant: TenantId, hash: &[u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!("select {COLUMNS} from {table} as k where k.\"hash\" = $1 and k.\"revoked_at\" is null");
        let rows = self.ask(tenant, &sql, &[Arg::text(hex::encode(hash))], &SHAPES).await?;
        rows.into_iter().next().map(stored).transpose()
    }

    /// All keys that are not revoked, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keys(&self, tenant: TenantId) -> Result<Vec<StoredKey>, StoreError> {
        let table = self.fixture(tenant, "api_key");
        let sql = format!("select {COLUMNS} from {table} as k where k.\"revoked_at\" is null order by k.\"created_at\", k.\"id\"");
        let rows = self.ask(tenant, &sql, &[], &SHAPES).await?;
        rows.into_iter().map(stored).collect()
    }

    /// Revokes a key on every node; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_revoke(&self, tenant: TenantId, id: Uuid, at: DateTime, told: &AuditNotes) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!("update {} set \"revoked_at\" = $2 where \"id\" = $1 and \"revoked_at\" is null", tx.table("api_key"));
        if tx.tell(&sql, &[Arg::id(id), Arg::moment(at)]).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }
}

fn stored(row: Vec<Value>) -> Result<StoredKey, StoreError> {
    let wrong = || damaged("an API key");
    let [
        Value::Id(id),
        Value::Text(kind),
        Value::Text(display),
        Value::Text(hash),
        Value::Json(roles),
        expires,
        Value::DateTime(created_at),
    ] = <[Value; 7]>::try_from(row).map_err(|_| wrong())?
    else {
        return Err(wrong());
    };
    Ok(StoredKey {
        id,
        kind: ActorKind::from_word(&kind).ok_or_else(wrong)?,
        display,
        hash: hash_of(&hash).ok_or_else(wrong)?,
        roles: texts_of(&roles),
        expires_at: moment_or_none(&expires),
        created_at,
    })
}
