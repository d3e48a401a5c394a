//! What nobody holds is removed: files never taken after a day, files let go after thirty, left-overs of crashes.
//!
//! Rows first, in a transaction of their own; then bytes that no row is made of, each under the lock under which bytes are
//! published. A crash in between leaves bytes without a row, which the next sweep of all blobs finds.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use tenon_value::{DateTime, TenantId, Value};

use super::contract::Swept;
use crate::db::{Arg, Kind, Scalar, Shape};
use crate::{Store, StoreError};

/// How long a file is kept that no record has taken.
pub const FILE_UNTAKEN_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a file is kept that its last record has let go.
pub const FILE_LET_GO_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long left-overs of an upload are kept: longer than any upload may take.
pub const FILE_STAGED_KEPT: Duration = Duration::from_secs(2 * 60 * 60);
/// Files removed in one transaction.
const STEP: u32 = 200;

fn before(now: DateTime, kept: Duration) -> DateTime {
    DateTime::from_millis(now.millis().saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX)))
}

impl Store {
    /// Removes files of a tenant that are due by the store's clock, at most some thousands; what is left is for the next sweep.
    ///
    /// # Errors
    /// What the database or the store of bytes says; what was removed stays removed.
    pub async fn files_sweep(&self, tenant: TenantId) -> Result<Swept, StoreError> {
        let now = self.machine_time();
        let mut swept = Swept::default();
        for _ in 0..20 {
            let blobs = self.remove_due(tenant, now, &mut swept).await?;
            let full = blobs.1 >= u64::from(STEP);
            for sha256 in blobs.0 {
                if self.forget_blob(tenant, &sha256).await? {
                    swept.blobs += 1;
                }
            }
            if !full {
                break;
            }
        }
        let since = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default());
        swept.staged = self.inner.blobs.clear_staging(tenant, since, FILE_STAGED_KEPT)?;
        Ok(swept)
    }

    /// The blobs of removed files, and how many files.
    async fn remove_due(&self, tenant: TenantId, now: DateTime, swept: &mut Swept) -> Result<(BTreeSet<String>, u64), StoreError> {
        let mut tx = self.law(tenant).await?;
        let (files, holders) = (tx.table("file"), tx.table("file_holder"));
        // On the row itself as well as in what names it: a row somebody takes meanwhile is looked at again.
        let due = |row: &str| {
            format!(
                "(({row}\"was_held\" = $1 and {row}\"since\" < $2) or ({row}\"was_held\" <> $1 and {row}\"since\" < $3)) \
                 and not exists (select 1 from {holders} as h where h.\"file\" = {row}\"id\")"
            )
        };
        let sql = format!(
            "delete from {files} where \"id\" in (select f.\"id\" from {files} as f where {} order by f.\"since\" limit {STEP}) and {} returning \"sha256\"",
            due("f."),
            due("")
        );
        let args = [
            Arg::One(Kind::Bool, Scalar::Bool(true)),
            Arg::moment(before(now, FILE_LET_GO_KEPT)),
            Arg::moment(before(now, FILE_UNTAKEN_KEPT)),
        ];
        let rows = tx.ask(&sql, &args, &[Shape::Text]).await?;
        tx.commit().await?;
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        swept.files += count;
        let names = rows.iter().filter_map(|row| row.first()).filter_map(Value::as_text).map(str::to_owned);
        Ok((names.collect(), count))
    }

    /// Removes bytes that no file is made of; whether they were.
    pub(super) async fn forget_blob(&self, tenant: TenantId, sha256: &str) -> Result<bool, StoreError> {
        let mut tx = self.file_lock(tenant).await?;
        let sql = format!("select count(*) from {} as f where f.\"sha256\" = $1", tx.table("file"));
        let rows = tx.ask(&sql, &[Arg::text(sha256)], &[Shape::Int]).await?;
        let unused = rows.first().and_then(|row| row.first()).and_then(Value::as_int) == Some(0);
        if unused {
            self.inner.blobs.forget(tenant, sha256).await?;
        }
        tx.rollback().await?;
        Ok(unused)
    }
}
