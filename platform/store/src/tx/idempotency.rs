//! Stored answers by idempotency key, and numbers of series.

use tenon_value::{DateTime, ElementId, Value};

use super::Tx;
use crate::credentials::hash_of;
use crate::db::{Arg, Fault, Shape};
use crate::idempotency::oldest;
use crate::{IdempotencyRow, StoreError};

impl Tx {
    /// The answer stored under a principal's key, unless it is older than [`crate::IDEMPOTENCY_KEPT`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn idempotency_find(&mut self, principal: &str, key: &str, now: DateTime) -> Result<Option<IdempotencyRow>, StoreError> {
        let table = self.table("idempotency");
        let sql = format!(
            "select i.\"body_hash\", i.\"response\", i.\"at\" from {table} as i where i.\"principal\" = $1 and i.\"key\" = $2 and i.\"at\" > $3"
        );
        let args = [Arg::text(principal), Arg::text(key), Arg::moment(oldest(now))];
        let rows = self.ask(&sql, &args, &[Shape::Text, Shape::Text, Shape::DateTime]).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let damaged = || StoreError::Damaged("a stored answer".to_owned());
        let Ok([Value::Text(hash), Value::Text(response), Value::DateTime(at)]) = <[Value; 3]>::try_from(row) else {
            return Err(damaged());
        };
        Ok(Some(IdempotencyRow { body_hash: hash_of(&hash).ok_or_else(damaged)?, response: response.into_bytes(), at }))
    }

    /// Stores an answer. A second request with the key waits for this transaction, then is told that the key is taken.
    ///
    /// # Errors
    /// `IdempotencyTaken`; what the database says.
    pub async fn idempotency_put(&mut self, principal: &str, key: &str, row: &IdempotencyRow) -> Result<(), StoreError> {
        let table = self.table("idempotency");
        let response = String::from_utf8(row.response.clone()).map_err(|_| StoreError::Value("an answer that is no text"))?;
        let sql = format!("delete from {table} where \"principal\" = $1 and \"key\" = $2 and \"at\" <= $3");
        self.tell(&sql, &[Arg::text(principal), Arg::text(key), Arg::moment(oldest(row.at))]).await?;
        let sql = format!("insert into {table} (\"principal\", \"key\", \"body_hash\", \"response\", \"at\") values ($1, $2, $3, $4, $5)");
        let args = [Arg::text(principal), Arg::text(key), Arg::text(hex::encode(row.body_hash)), Arg::text(response), Arg::moment(row.at)];
        match self.tell(&sql, &args).await {
            Err(Fault::Unique(_)) => Err(StoreError::IdempotencyTaken),
            done => done.map(|_| ()).map_err(StoreError::from),
        }
    }

    /// Takes the next numbers of a series; the first of them. Held until the transaction ends, so there are no gaps.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_numbers(&mut self, field: ElementId, period: &str, count: u32) -> Result<i64, StoreError> {
        let table = self.table("counter");
        let sql = format!(
            "insert into {table} as c (\"field\", \"period\", \"next\") values ($1, $2, $3 + 1) \
             on conflict (\"field\", \"period\") do update set \"next\" = c.\"next\" + $3 returning \"next\" - $3"
        );
        let rows = self.ask(&sql, &[Arg::id(field.0), Arg::text(period), Arg::int(i64::from(count))], &[Shape::Int]).await?;
        rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or(StoreError::Damaged("a counter".to_owned()))
    }
}
