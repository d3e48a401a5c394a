//! Answers stored by idempotency key: found, kept with the transaction they tell of, taken away when their time is over.

use tenon_value::{DateTime, TenantId, Value};

use crate::config::IDEMPOTENCY_KEPT;
use crate::credentials::hash_of;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::tenant::numbered;
use crate::{IdempotencyRow, MetadataTx, Store, StoreError, Tx};

/// Rows of one transaction: other writers come in between.
const CHUNK: i64 = 1_000;

/// The moment before which answers are too old at `now`.
pub(crate) fn oldest(now: DateTime) -> DateTime {
    DateTime::from_millis(now.millis().saturating_sub(i64::try_from(IDEMPOTENCY_KEPT.as_millis()).unwrap_or_default()))
}

/// What a stored answer is read as.
const ANSWER: [Shape; 3] = [Shape::Text, Shape::Text, Shape::DateTime];

fn look_up(table: &str) -> String {
    format!(
        "select i.\"body_hash\", i.\"response\", i.\"at\" from {table} as i where i.\"principal\" = $1 and i.\"key\" = $2 and i.\"at\" > $3"
    )
}

fn found(rows: Vec<Vec<Value>>) -> Result<Option<IdempotencyRow>, StoreError> {
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let damaged = || StoreError::Damaged("a stored answer".to_owned());
    let Ok([Value::Text(hash), Value::Text(response), Value::DateTime(at)]) = <[Value; 3]>::try_from(row) else {
        return Err(damaged());
    };
    Ok(Some(IdempotencyRow { body_hash: hash_of(&hash).ok_or_else(damaged)?, response: response.into_bytes(), at }))
}

async fn keep(conn: &mut Conn, table: &str, (principal, key): (&str, &str), row: &IdempotencyRow) -> Result<(), StoreError> {
    let response = String::from_utf8(row.response.clone()).map_err(|_| StoreError::Value("an answer that is no text"))?;
    let sql = numbered(&format!("delete from {table} where \"principal\" = $1 and \"key\" = $2 and \"at\" <= $3"), conn);
    conn.execute(&sql, &[Arg::text(principal), Arg::text(key), Arg::moment(oldest(row.at))]).await?;
    let columns = "(\"principal\", \"key\", \"body_hash\", \"response\", \"at\")";
    let sql = numbered(&format!("insert into {table} {columns} values ($1, $2, $3, $4, $5)"), conn);
    let args = [Arg::text(principal), Arg::text(key), Arg::text(hex::encode(row.body_hash)), Arg::text(response), Arg::moment(row.at)];
    match conn.execute(&sql, &args).await {
        Err(Fault::Unique(_)) => Err(StoreError::IdempotencyTaken),
        done => done.map(|_| ()).map_err(StoreError::from),
    }
}

impl Tx {
    /// The answer stored under a principal's key, unless it is older than [`crate::IDEMPOTENCY_KEPT`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn idempotency_find(&mut self, principal: &str, key: &str, now: DateTime) -> Result<Option<IdempotencyRow>, StoreError> {
        let sql = look_up(&self.table("idempotency"));
        found(self.ask(&sql, &[Arg::text(principal), Arg::text(key), Arg::moment(oldest(now))], &ANSWER).await?)
    }

    /// Stores an answer. A second request with the key waits for this transaction, then is told that the key is taken.
    ///
    /// # Errors
    /// `IdempotencyTaken`; what the database says.
    pub async fn idempotency_put(&mut self, principal: &str, key: &str, row: &IdempotencyRow) -> Result<(), StoreError> {
        let table = self.table("idempotency");
        keep(self.conn()?, &table, (principal, key), row).await
    }
}

impl MetadataTx {
    /// Stores the answer to a change, with the change.
    ///
    /// # Errors
    /// As [`Tx::idempotency_put`].
    pub async fn keep_answer(&mut self, principal: &str, key: &str, row: &IdempotencyRow) -> Result<(), StoreError> {
        let table = self.table("idempotency");
        keep(self.conn()?, &table, (principal, key), row).await
    }
}

impl Store {
    /// The answer stored under a principal's key, as far as it is committed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn idempotency_find(
        &self,
        tenant: TenantId,
        (principal, key): (&str, &str),
        now: DateTime,
    ) -> Result<Option<IdempotencyRow>, StoreError> {
        let sql = look_up(&self.fixture(tenant, "idempotency"));
        found(self.ask(tenant, &sql, &[Arg::text(principal), Arg::text(key), Arg::moment(oldest(now))], &ANSWER).await?)
    }

    /// Removes answers that are older than [`IDEMPOTENCY_KEPT`] by the tenant's clock; how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn idempotency_expire(&self, tenant: TenantId, now: DateTime) -> Result<u64, StoreError> {
        let table = self.fixture(tenant, "idempotency");
        let until = Arg::moment(oldest(now));
        let some = format!("select i.\"principal\", i.\"key\" from {table} as i where i.\"at\" <= $1 limit {CHUNK}");
        let mut removed = 0;
        // Most of the time there is nothing, and nothing to write for.
        while !self.ask(tenant, &some, std::slice::from_ref(&until), &[Shape::Text, Shape::Text]).await?.is_empty() {
            let mut short = self.law(tenant).await?;
            let sql = format!("delete from {table} where (\"principal\", \"key\") in ({some})");
            removed += short.tell(&sql, std::slice::from_ref(&until)).await?;
            short.commit().await?;
        }
        Ok(removed)
    }
}
