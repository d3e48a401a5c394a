//! Where people ask for jobs: whoever made one and administrators see it; for everybody else it is not there.

use tenon_context::{OpContext, Principal};
use tenon_diagnostics::Problem;
use tenon_store::{JobAsk, JobFilter, Store, StoreError, StoredJob};
use tenon_value::Uuid;

/// What somebody wants of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobWish {
    /// Rest.
    Pause,
    /// Go on.
    Resume,
    /// End.
    Cancel,
    /// Another try, from where it came to.
    Retry,
}

impl JobWish {
    /// The wish of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "cancel" => Self::Cancel,
            "retry" => Self::Retry,
            _ => return None,
        })
    }
}

/// Where people ask for jobs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobDesk {
    store: Store,
}

impl JobDesk {
    /// A desk over a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The store behind it.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Whether somebody may know of a job.
    #[must_use]
    pub fn sees(cx: &OpContext, job: &StoredJob) -> bool {
        Self::sees_all(cx) || job.by.id == cx.principal.id
    }

    /// Whether somebody may know of all jobs of his tenant.
    fn sees_all(cx: &OpContext) -> bool {
        cx.principal.has_role(Principal::ADMINISTRATOR)
    }

    /// A job, if the caller may know of it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn job(&self, cx: &OpContext, id: Uuid) -> Result<Option<StoredJob>, StoreError> {
        let job = self.store.job(cx.model.tenant, id).await?;
        Ok(job.filter(|job| Self::sees(cx, job)))
    }

    /// Jobs the caller may know of, the newest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn jobs(&self, cx: &OpContext, filter: JobFilter, max: u32) -> Result<Vec<StoredJob>, StoreError> {
        let by = if Self::sees_all(cx) { filter.by } else { Some(cx.principal.id) };
        self.store.jobs(cx.model.tenant, &JobFilter { by, ..filter }, max).await
    }

    /// Does what somebody wishes of a job he may know of; the problem says that it is in no state for that.
    ///
    /// # Errors
    /// What the store says.
    pub async fn wish(&self, cx: &OpContext, job: &StoredJob, wish: JobWish) -> Result<Result<(), Problem>, StoreError> {
        let tenant = cx.model.tenant;
        let done = match wish {
            JobWish::Pause => self.store.job_ask(tenant, job.id, JobAsk::Pause).await?,
            JobWish::Resume => self.store.job_resume(tenant, job.id).await?,
            JobWish::Cancel => self.store.job_ask(tenant, job.id, JobAsk::Cancel).await?,
            JobWish::Retry => self.store.job_retry(tenant, job.id).await?,
        };
        let state = job.state.outside();
        let refused =
            || Problem::conflict("job_state", format!("the job is {state}"), format!("任务当前状态为 {state}")).with("state", state);
        Ok(if done { Ok(()) } else { Err(refused()) })
    }
}
