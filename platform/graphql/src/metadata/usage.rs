//! What the tenant takes, beside what it may take. For administrators.

use async_graphql::{Context, Object, SimpleObject};
use tenon_diagnostics::{Kind, Problem};
use tenon_store::Quota;

use super::audit::told;
use super::door::{Failure, door};
use super::scalars::Long;

/// What the tenant takes.
#[derive(Default)]
pub(super) struct UsageQuery;

/// How much there is.
#[derive(SimpleObject)]
#[graphql(name = "Usage")]
pub(super) struct Used {
    /// Bytes of tables and indexes.
    database_bytes: Long,
    /// Files, those that wait for their removal included.
    files: Long,
    /// Bytes of all files.
    file_bytes: Long,
    /// Bytes that all files may have (the quota `files_bytes`).
    file_bytes_max: Option<Long>,
    /// People who may sign in, or are invited.
    members: Long,
    /// Keys that have not been revoked.
    keys: Long,
    /// Jobs that wait, rest or run.
    jobs: Long,
    /// What is counted towards a quota, beside the quota.
    quotas: Vec<QuotaUsed>,
}

/// Something that is counted.
#[derive(SimpleObject)]
#[graphql(name = "Quota")]
pub(super) struct QuotaUsed {
    /// Of what: `records`, `members`.
    name: &'static str,
    /// How much there is.
    used: Long,
    /// How much there may be; null is without bounds.
    max: Option<Long>,
}

#[Object]
impl UsageQuery {
    /// What the tenant takes, now. How many records there are stands with each object (`recordCount`).
    async fn usage(&self, ctx: &Context<'_>) -> Result<Used, Failure> {
        let door = door(ctx);
        if !door.policy.is_administrator() {
            return Err(Problem::of_kind(Kind::Forbidden).into());
        }
        let usage = door.store.usage(door.cx.model.tenant).await.map_err(|error| told(&error))?;
        let quotas = door.store.quota_uses(&door.cx.model).await.map_err(|error| told(&error))?;
        Ok(Used {
            database_bytes: Long(usage.database_bytes),
            files: Long(usage.files),
            file_bytes: Long(usage.file_bytes),
            file_bytes_max: quotas.iter().find(|one| one.quota == Quota::FilesBytes).and_then(|one| one.max).map(Long),
            members: Long(usage.members),
            keys: Long(usage.keys),
            jobs: Long(usage.jobs),
            quotas: quotas.iter().map(|one| QuotaUsed { name: one.quota.word(), used: Long(one.used), max: one.max.map(Long) }).collect(),
        })
    }
}
