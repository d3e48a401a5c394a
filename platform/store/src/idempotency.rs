//! Stored answers whose time is over are taken away: nobody is given them any more.

use tenon_value::{DateTime, TenantId};

use crate::config::IDEMPOTENCY_KEPT;
use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

/// Rows of one transaction: other writers come in between.
const CHUNK: i64 = 1_000;

/// The moment before which answers are too old at `now`.
pub(crate) fn oldest(now: DateTime) -> DateTime {
    DateTime::from_millis(now.millis().saturating_sub(i64::try_from(IDEMPOTENCY_KEPT.as_millis()).unwrap_or_default()))
}

impl Store {
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
