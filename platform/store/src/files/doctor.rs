//! The index against the store of bytes: rows without bytes, bytes without a row.

use std::collections::BTreeSet;

use tenon_value::{TenantId, Value};

use super::sweep::FILE_STAGED_KEPT;
use crate::db::Shape;
use crate::{Finding, Store, StoreError};

impl Store {
    /// What is wrong between index and bytes. With `fix`, bytes that no file is made of are removed, older ones only: an
    /// upload may be about to write its row.
    ///
    /// # Errors
    /// What the database or the store of bytes says.
    pub async fn files_doctor(&self, tenant: TenantId, fix: bool) -> Result<Vec<Finding>, StoreError> {
        let stored: BTreeSet<String> = self.inner.blobs.all(tenant).await?.into_iter().collect();
        let sql = format!("select distinct f.\"sha256\" from {} as f", self.fixture(tenant, "file"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text]).await?;
        let named: BTreeSet<&str> = rows.iter().filter_map(|row| row.first()).filter_map(Value::as_text).collect();
        let mut findings = Vec::new();
        let lost = named.iter().filter(|sha256| !stored.contains(**sha256)).count();
        if lost > 0 {
            findings.push(Finding {
                code: "files/lost-bytes",
                message: format!("{lost} files have lost their bytes"),
                rows: u64::try_from(lost).unwrap_or(u64::MAX),
                help: "bring them back from a backup of the folder of files; nothing else has them".to_owned(),
                fixable: false,
            });
        }
        let mut unnamed = 0;
        let now = self.machine_time().millis();
        for sha256 in stored.iter().filter(|sha256| !named.contains(sha256.as_str())) {
            let old = self
                .inner
                .blobs
                .published(tenant, sha256)
                .await?
                .is_some_and(|at| now.saturating_sub(at) >= i64::try_from(FILE_STAGED_KEPT.as_millis()).unwrap_or(i64::MAX));
            if !(fix && old && self.forget_blob(tenant, sha256).await?) {
                unnamed += 1;
            }
        }
        if unnamed > 0 {
            findings.push(Finding {
                code: "files/unnamed-bytes",
                message: format!("{unnamed} blobs belong to no file"),
                rows: unnamed,
                help: "a crash left them; `--fix` removes those older than two hours".to_owned(),
                fixable: true,
            });
        }
        Ok(findings)
    }
}
