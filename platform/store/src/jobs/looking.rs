//! Jobs as they are looked at.

use tenon_value::{TenantId, Uuid};

use super::contract::{JobState, StoredJob};
use super::row::{COLUMNS, SHAPES, job};
use crate::db::Arg;
use crate::{Store, StoreError};

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only this principal's.
    pub by: Option<Uuid>,
    /// Only of these kinds; empty: of all.
    pub kinds: Vec<String>,
    /// Only in these states; empty: in all.
    pub states: Vec<JobState>,
    /// Older than this one.
    pub before: Option<Uuid>,
}

impl Store {
    /// A job.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job(&self, tenant: TenantId, id: Uuid) -> Result<Option<StoredJob>, StoreError> {
        let sql = format!("select {COLUMNS} from {} where \"id\" = $1", self.fixture(tenant, "job"));
        self.ask(tenant, &sql, &[Arg::id(id)], &SHAPES).await?.into_iter().next().map(job).transpose()
    }

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn jobs(&self, tenant: TenantId, filter: &JobFilter, max: u32) -> Result<Vec<StoredJob>, StoreError> {
        let mut args = Vec::new();
        let mut terms = vec!["1 = 1".to_owned()];
        let mut place = |arg: Arg| {
            args.push(arg);
            args.len()
        };
        if let Some(by) = filter.by {
            terms.push(format!("\"by_id\" = ${}", place(Arg::id(by))));
        }
        if let Some(before) = filter.before {
            terms.push(format!("\"id\" < ${}", place(Arg::id(before))));
        }
        if !filter.kinds.is_empty() {
            let places: Vec<String> = filter.kinds.iter().map(|kind| format!("${}", place(Arg::text(kind.clone())))).collect();
            terms.push(format!("\"kind\" in ({})", places.join(", ")));
        }
        if !filter.states.is_empty() {
            let words: Vec<String> = filter.states.iter().map(|state| format!("'{}'", state.word())).collect();
            terms.push(format!("\"state\" in ({})", words.join(", ")));
        }
        let sql =
            format!("select {COLUMNS} from {} where {} order by \"id\" desc limit {max}", self.fixture(tenant, "job"), terms.join(" and "));
        self.ask(tenant, &sql, &args, &SHAPES).await?.into_iter().map(job).collect()
    }

    /// How many jobs a filter finds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn jobs_waiting(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let filter = JobFilter { states: vec![JobState::Receiving, JobState::Queued, JobState::Paused], ..JobFilter::default() };
        let found = self.jobs(tenant, &filter, u32::try_from(super::JOBS_WAITING_MAX).unwrap_or(u32::MAX)).await?;
        Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
    }
}
