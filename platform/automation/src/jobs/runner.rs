//! The runner of one node: it is told of jobs in this process, finds those of other nodes by hint, and walks slowly behind.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tenon_identity::{Identity, IdentityError};
use tenon_store::{JOB_DAYS, JobLease, Store, StoreError};
use tenon_value::{DateTime, TenantId, Uuid};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::carrying::carry;
use super::rotation::Rotation;
use super::{JobHandler, JobRun};

/// How often the hints are looked at.
const HINTS_EVERY: Duration = Duration::from_secs(1);
/// Between two tenants of a walk.
const STEP: Duration = Duration::from_millis(20);
/// Between two walks.
const WALK: Duration = Duration::from_secs(600);
/// A tenant that has a job which nobody here can take is looked at no sooner.
const LEAST_WAIT: Duration = Duration::from_millis(500);
/// How long jobs may take to the border of their chunk when the server stops.
const STOP_MAX: Duration = Duration::from_secs(8);

/// What a [`Runner`] is made of.
pub struct RunnerParts {
    /// Everything stored.
    pub store: Store,
    /// Who may what, when a job runs.
    pub identity: Identity,
    /// Who carries out which kind.
    pub handlers: HashMap<&'static str, Arc<dyn JobHandler>>,
    /// How long a job stays with a node that gives no sign of life.
    pub lease: Duration,
}

impl RunnerParts {
    /// The usual lease.
    pub const LEASE: Duration = Duration::from_secs(15);
}

/// Carries out jobs.
pub struct Runner {
    parts: RunnerParts,
    owner: String,
    rotation: Rotation,
    /// When a tenant is to be looked at again.
    timed: HashMap<TenantId, Instant>,
}

impl Runner {
    /// A runner with these handlers.
    #[must_use]
    pub fn new(parts: RunnerParts) -> Self {
        Self { parts, owner: Uuid::now_v7().to_string(), rotation: Rotation::default(), timed: HashMap::new() }
    }

    /// Carries out jobs for as long as the server runs; when it stops, they end at the borders of their chunks.
    pub async fn run(mut self, stop: watch::Receiver<bool>) {
        let walk = tokio::spawn(walk(self.parts.store.clone(), self.parts.identity.clone(), stop.clone()));
        let (halt, _) = watch::channel(false);
        let mut jobs: JoinSet<TenantId> = JoinSet::new();
        let mut hints = tokio::time::interval(HINTS_EVERY);
        hints.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stopped = std::pin::pin!(raised(stop.clone()));
        loop {
            while let Some(tenant) = self.rotation.next() {
                self.take(tenant, &mut jobs, (&stop, &halt)).await;
            }
            tokio::select! {
                told = self.parts.store.jobs_told() => told.into_iter().for_each(|tenant| self.rotation.add(tenant)),
                Some(ended) = jobs.join_next(), if !jobs.is_empty() => if let Ok(tenant) = ended { self.rotation.ended(tenant) },
                _ = hints.tick() => self.look().await,
                () = &mut stopped => break,
            }
        }
        drop(tokio::time::timeout(STOP_MAX, async { while jobs.join_next().await.is_some() {} }).await);
        halt.send_replace(true);
        while jobs.join_next().await.is_some() {}
        walk.abort();
    }

    /// Takes a job of a tenant, if there is one.
    async fn take(&mut self, tenant: TenantId, jobs: &mut JoinSet<TenantId>, (stop, halt): (&watch::Receiver<bool>, &watch::Sender<bool>)) {
        match self.claim(tenant, stop).await {
            Ok(Some((run, handler))) => {
                self.rotation.begun(tenant);
                let halt = halt.subscribe();
                jobs.spawn(async move {
                    carry(run, handler, halt).await;
                    tenant
                });
            }
            Ok(None) => {
                self.rotation.empty(tenant);
                if let Err(error) = self.later(tenant).await {
                    self.again(tenant, &error);
                }
            }
            Err(error) => {
                self.rotation.empty(tenant);
                self.again(tenant, &error);
            }
        }
    }

    /// Something did not answer: the tenant is looked at again soon, unless it is gone.
    fn again(&mut self, tenant: TenantId, error: &StoreError) {
        if !matches!(error, StoreError::NoTenant) {
            tracing::debug!(%tenant, %error, "a job could not be taken");
            self.timed.insert(tenant, Instant::now() + HINTS_EVERY);
        }
    }

    /// The business time of a tenant, where its clock runs.
    async fn time(&self, tenant: TenantId) -> Result<Option<DateTime>, StoreError> {
        self.parts.identity.running_time(tenant).await.map_err(|error| match error {
            IdentityError::Unrecognized => StoreError::NoTenant,
            other => StoreError::Unavailable(other.to_string()),
        })
    }

    async fn claim(&self, tenant: TenantId, stop: &watch::Receiver<bool>) -> Result<Option<(JobRun, Arc<dyn JobHandler>)>, StoreError> {
        let RunnerParts { store, identity, handlers, lease } = &self.parts;
        let now = self.time(tenant).await?;
        let millis = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let kinds: Vec<&'static str> = handlers.keys().copied().collect();
        let Some(job) = store.job_claim(tenant, &self.owner, (now, &kinds), millis).await? else { return Ok(None) };
        let Some(handler) = handlers.get(job.kind.as_str()).cloned() else { return Ok(None) };
        let lease = JobLease { job: job.id, fence: job.fence, millis };
        let run = JobRun { store: store.clone(), tenant, job, lease, identity: identity.clone(), stop: stop.clone() };
        Ok(Some((run, handler)))
    }

    /// Nothing can be taken now: when to look again, here and for all nodes.
    async fn later(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        self.timed.remove(&tenant);
        let now = self.time(tenant).await?;
        let store = &self.parts.store;
        let next = store.jobs_next(tenant, now).await?;
        if let Some(millis) = next {
            let wait = Duration::from_millis(u64::try_from(millis).unwrap_or_default()).max(LEAST_WAIT);
            self.timed.insert(tenant, Instant::now() + wait);
        }
        store.job_hint(tenant, next).await
    }

    /// Looks who is due: by this node's own knowledge, and by what any node has hinted.
    async fn look(&mut self) {
        let now = Instant::now();
        let due: Vec<TenantId> = self.timed.iter().filter(|(_, at)| **at <= now).map(|(tenant, _)| *tenant).collect();
        for tenant in due {
            self.timed.remove(&tenant);
            self.rotation.add(tenant);
        }
        match self.parts.store.jobs_hinted().await {
            Ok(hinted) => hinted.into_iter().for_each(|tenant| self.rotation.add(tenant)),
            Err(error) => tracing::debug!(%error, "the hints at jobs could not be read"),
        }
    }
}

/// Waits until a flag is raised, or nobody is left to raise it.
pub(crate) async fn raised(mut flag: watch::Receiver<bool>) {
    drop(flag.wait_for(|raised| *raised).await);
}

/// Makes the hints anew, and removes jobs that ended long ago and stored answers whose time is over: at start, and again and again.
async fn walk(store: Store, identity: Identity, stop: watch::Receiver<bool>) {
    loop {
        for tenant in store.tenants().await.unwrap_or_default() {
            if let Ok(now) = identity.running_time(tenant.id).await
                && let Ok(Some(_)) = store.jobs_next(tenant.id, now).await
            {
                store.job_tell(tenant.id).await;
            }
            if let Ok(now) = identity.now(tenant.id).await
                && let Err(error) = store.idempotency_expire(tenant.id, now).await
            {
                tracing::debug!(tenant = %tenant.id, %error, "old answers could not be removed");
            }
            if let Err(error) = store.jobs_expire(tenant.id, JOB_DAYS).await {
                tracing::debug!(tenant = %tenant.id, %error, "old jobs could not be removed");
            }
            if tokio::time::timeout(STEP, raised(stop.clone())).await.is_ok() {
                return;
            }
        }
        if tokio::time::timeout(WALK, raised(stop.clone())).await.is_ok() {
            return;
        }
    }
}
