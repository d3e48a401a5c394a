//! The clock of a sandbox: it stands still until it is moved, and what becomes due on the way is done, one after the other.
//!
//! Invariant: a job that waits for a time of a sandbox's clock is begun here and nowhere else, with the clock standing at that
//! time, in the order of times and then of ids.

use std::sync::Arc;
use std::time::Duration;

use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_identity::{Identity, IdentityError};
use tenon_packages::Packages;
use tenon_records::PLUGIN_JOB;
use tenon_store::{JobLease, Store, StoreError, StoredJob};
use tenon_value::{DateTime, TenantId, Uuid};
use tokio::sync::{Mutex, watch};

use crate::Calendar;
use crate::jobs::{JobHandler, JobRun, RunnerParts, carry};

/// Jobs that one move of a clock may run (`clock_jobs`).
pub const CLOCK_JOBS_MAX: u64 = 10_000;
/// How far a clock is moved at once: about ten years (`clock_days`).
pub const CLOCK_DAYS_MAX: i64 = 3_660;
const DAY: i64 = 86_400_000;

/// Moves the clocks of sandboxes. Cheap to clone; one per process.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) store: Store,
    identity: Identity,
    calendar: Calendar,
    handler: Arc<dyn JobHandler>,
    packages: Packages,
    /// One clock is moved at a time: moving is for tests and trials.
    moving: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

/// What a move of the clock came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// Where the clock stands.
    pub now: DateTime,
    /// Jobs that were begun on the way.
    pub ran: u64,
}

/// Why a clock was not moved (so far).
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It is no sandbox: its clock is the wall's.
    #[error("the tenant is no sandbox")]
    NoSandbox,
    /// Clocks do not go back.
    #[error("the clock stands at {0} already")]
    Backwards(DateTime),
    /// Too far at once.
    #[error("the clock is moved {CLOCK_DAYS_MAX} days at most")]
    TooFar,
    /// So many jobs came due that it stopped on the way.
    #[error("more than {CLOCK_JOBS_MAX} jobs came due on the way")]
    TooMany,
    /// Identity failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for SandboxError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSandbox => Kind::Forbidden,
            Self::Backwards(_) => Kind::Invalid,
            Self::TooFar | Self::TooMany => Kind::Exhausted,
            Self::Identity(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::NoSandbox => Problem::forbidden("sandbox", "only the clock of a sandbox is moved", "只有沙箱租户的时钟可以调整"),
            Self::Backwards(now) => {
                let (en, zh) = (format!("the clock stands at {now} and does not go back"), format!("时钟当前为 {now},不能回拨"));
                Problem::invalid("backwards", en, zh)
            }
            Self::TooFar => Problem::exhausted("clock_days", CLOCK_DAYS_MAX.unsigned_abs(), CLOCK_DAYS_MAX.unsigned_abs() + 1),
            Self::TooMany => Problem::exhausted("clock_jobs", CLOCK_JOBS_MAX, CLOCK_JOBS_MAX + 1),
            Self::Identity(error) => error.problem(),
            Self::Store(error) => error.problem(),
        }
    }
}

impl Sandbox {
    /// A mover of clocks, whose due jobs a handler carries out, and who lets go of what was retired.
    #[must_use]
    pub fn new(store: Store, identity: Identity, calendar: Calendar, (handler, packages): (Arc<dyn JobHandler>, Packages)) -> Self {
        Self { store, identity, calendar, handler, packages, moving: Arc::default() }
    }

    /// Moves the clock of the caller's tenant. Everything that becomes due up to then is done before the answer, and what that
    /// leaves to be done at once too. A job that fails is tried again as any other.
    ///
    /// # Errors
    /// See [`SandboxError`]; the clock stands where it came to.
    pub async fn advance(&self, cx: &OpContext, to: DateTime) -> Result<Advanced, SandboxError> {
        if !cx.model.settings.sandbox {
            return Err(SandboxError::NoSandbox);
        }
        let tenant = cx.model.tenant;
        let _one = self.moving.lock().await;
        let now = self.identity.now(tenant).await?;
        if to < now {
            return Err(SandboxError::Backwards(now));
        }
        if to.millis() - now.millis() > CLOCK_DAYS_MAX * DAY {
            return Err(SandboxError::TooFar);
        }
        let plugins = (PLUGIN_JOB, &self.handler);
        let mut ran = self.run_all(tenant, plugins, None).await?;
        self.calendar.leave(tenant, now).await?;
        while let Some(due) = self.store.job_due(tenant, PLUGIN_JOB, to).await? {
            let at = due.max(self.identity.now(tenant).await?);
            self.store.move_clock(tenant, at).await?;
            ran += self.run_all(tenant, plugins, Some(due)).await?;
            self.calendar.leave(tenant, at).await?;
            if ran > CLOCK_JOBS_MAX {
                return Err(SandboxError::TooMany);
            }
        }
        self.store.move_clock(tenant, to).await?;
        self.let_go(tenant, to).await;
        Ok(Advanced { now: to, ran })
    }

    /// What was retired long ago by this clock goes, and former names end, as the server does it from hour to hour: what fails is
    /// done by the server later.
    async fn let_go(&self, tenant: TenantId, now: DateTime) {
        if let Err(error) = self.packages.purge(tenant, now).await {
            tracing::warn!(%tenant, %error, "what was retired is not let go");
        }
        if let Err(error) = self.packages.former_names(tenant, now).await {
            tracing::warn!(%tenant, %error, "former names do not end");
        }
    }

    /// What is to be done at once of the jobs of plugins.
    pub(crate) async fn run_waiting(&self, tenant: TenantId) -> Result<u64, SandboxError> {
        self.run_all(tenant, (PLUGIN_JOB, &self.handler), None).await
    }

    /// One after the other: jobs of a kind that are due by a time, each with what it leaves to be done at once.
    pub(crate) async fn run_all(
        &self,
        tenant: TenantId,
        (kind, handler): (&'static str, &Arc<dyn JobHandler>),
        due: Option<DateTime>,
    ) -> Result<u64, SandboxError> {
        let (owner, millis) = (Uuid::now_v7().to_string(), i64::try_from(RunnerParts::LEASE.as_millis()).unwrap_or(i64::MAX));
        let mut ran = 0;
        loop {
            // What was left to be done at once comes first: it belongs to what has been.
            let mut job = self.store.job_claim_due(tenant, &owner, (kind, None), millis).await?;
            if let (None, Some(due)) = (&job, due) {
                job = self.store.job_claim_due(tenant, &owner, (kind, Some(due)), millis).await?;
            }
            let Some(job) = job else { break };
            ran += 1;
            self.carry(handler, (tenant, millis), job).await;
            if ran > CLOCK_JOBS_MAX {
                return Err(SandboxError::TooMany);
            }
        }
        // The runner of a node may have taken one of them: it ends before time goes on.
        while self.is_running(tenant, kind).await? {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(ran)
    }

    async fn carry(&self, handler: &Arc<dyn JobHandler>, (tenant, millis): (TenantId, i64), job: StoredJob) {
        let lease = JobLease { job: job.id, fence: job.fence, millis };
        let (_stop, stop) = watch::channel(false);
        let (_halt, halt) = watch::channel(false);
        let run = JobRun { store: self.store.clone(), tenant, job, lease, identity: self.identity.clone(), stop };
        carry(run, Arc::clone(handler), halt).await;
    }

    async fn is_running(&self, tenant: TenantId, kind: &str) -> Result<bool, StoreError> {
        let filter = tenon_store::JobFilter {
            kinds: vec![kind.to_owned()],
            states: vec![tenon_store::JobState::Running],
            ..tenon_store::JobFilter::default()
        };
        Ok(!self.store.jobs(tenant, &filter, 1).await?.is_empty())
    }
}
