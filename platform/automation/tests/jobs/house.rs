//! Tenants on a database, nodes that carry out jobs, and a handler whose effects can be counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tenon_automation::{JobDone, JobFault, JobHandler, JobRun, Runner, RunnerParts};
use tenon_catalog::Catalog;
use tenon_context::{ActorKind, Via};
use tenon_diagnostics::Problem;
use tenon_hooks::NoHooks;
use tenon_identity::{Identity, IdentityParts};
use tenon_model::Settings;
use tenon_records::Pipeline;
use tenon_store::{AuditKind, AuditNote, Database, JobBy, JobProgress, JobState, NewJob, NewTenant, Store, StoreConfig, StoredJob};
use tenon_value::{DateTime, Locale, RequestId, TenantId, Uuid};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Leases in these tests: short, so that a dead node's jobs are soon another's.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

pub(crate) fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

/// A database with tenants.
pub(crate) struct House {
    pub(crate) store: Store,
    config: StoreConfig,
    /// Ends the names of its kinds of jobs: nodes of other tests on the same cluster pass them over.
    mark: String,
    _data: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "a test asks which databases there are")]
pub(crate) async fn houses() -> Vec<House> {
    let url = std::env::var("TENON_TEST_POSTGRES").ok();
    let mut houses = Vec::new();
    for database in std::iter::once(Database::Sqlite).chain(url.map(|url| Database::Postgres { url })) {
        let data = tempfile::tempdir().unwrap();
        let config = StoreConfig::new(data.path(), database);
        houses.push(House {
            store: Store::open(config.clone()).await.unwrap(),
            config,
            mark: Uuid::now_v7().simple().to_string(),
            _data: data,
        });
    }
    houses
}

impl House {
    pub(crate) async fn tenant(&self) -> TenantId {
        let name = format!("j{}", Uuid::now_v7().simple());
        let new = NewTenant { name, sandbox: false, settings: Settings::default(), created_at: now() };
        self.store.tenant_create(&new).await.unwrap().id
    }

    /// Another node on the same database; on SQLite, which one process owns, the same store.
    pub(crate) async fn another(&self) -> Store {
        match self.config.database {
            Database::Sqlite => self.store.clone(),
            Database::Postgres { .. } => Store::open(self.config.clone()).await.unwrap(),
        }
    }

    fn kind(&self, name: &str) -> &'static str {
        format!("{name}_{}", self.mark).leak()
    }

    pub(crate) async fn job(&self, tenant: TenantId, kind: &str, steps: i64) -> Uuid {
        let kind = self.kind(kind);
        let by = JobBy {
            kind: ActorKind::System,
            id: Uuid::nil(),
            display: "Tenon".to_owned(),
            locale: Locale::En,
            request: RequestId::generate(),
        };
        let id = Uuid::now_v7();
        let job = NewJob { id, kind, payload: steps.into(), total: Some(steps), due: None, key: None, receiving: false, by };
        self.store.job_put(tenant, &job).await.unwrap()
    }

    /// The job once it is in one of these states.
    pub(crate) async fn until(&self, tenant: TenantId, id: Uuid, states: &[JobState]) -> StoredJob {
        for _ in 0..3_000 {
            let job = self.store.job(tenant, id).await.unwrap().unwrap();
            if states.contains(&job.state) {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("on {:?} the job stands at {:?}", self.config.database, self.store.job(tenant, id).await)
    }

    /// How many effects there are.
    pub(crate) async fn effects(&self, tenant: TenantId) -> usize {
        self.store.outbox_after(tenant, 0, 100_000).await.unwrap().len()
    }
}

/// What the test handlers share with the test.
#[derive(Default)]
pub(crate) struct Told {
    /// Steps that were begun.
    pub(crate) begun: AtomicUsize,
    /// The next runs of `faulty` fail.
    pub(crate) faults: AtomicUsize,
    /// `held` goes on only while this is set.
    pub(crate) open: AtomicBool,
}

/// Notes one thing a step, with its progress, in one transaction.
struct Steps {
    told: Arc<Told>,
    /// Waits for the test at each step.
    held: bool,
}

#[async_trait]
impl JobHandler for Steps {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        if self.told.faults.load(Ordering::SeqCst) > 0 {
            self.told.faults.fetch_sub(1, Ordering::SeqCst);
            return Err(JobFault { may_pass: true, ..JobFault::lasting(Problem::conflict("test", "not now", "稍后")) });
        }
        let steps = run.job.payload.as_i64().unwrap();
        let mut done = run.job.progress.as_i64().unwrap_or_default();
        while done < steps {
            self.told.begun.fetch_add(1, Ordering::SeqCst);
            while self.held && !self.told.open.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let cx = run.context(Via::Job).await?;
            let mut tx = run.store.begin(&cx).await?;
            tx.audit_note(AuditNote::new(AuditKind::Imported));
            done += 1;
            let progress = JobProgress { progress: done.into(), total: Some(steps), done, ..JobProgress::default() };
            let asked = tx.job_checkpoint(run.lease, &progress).await?;
            tx.commit().await?;
            if let Some(stop) = run.border(asked) {
                return Ok(stop);
            }
        }
        Ok(JobDone::Finished(serde_json::json!({ "steps": done })))
    }
}

/// Fails for good.
struct Refused;

#[async_trait]
impl JobHandler for Refused {
    async fn run(&self, _run: &JobRun) -> Result<JobDone, JobFault> {
        Err(JobFault::lasting(Problem::invalid("test", "never", "不行")))
    }
}

/// A node that carries out jobs.
pub(crate) struct Node {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Node {
    pub(crate) fn start(house: &House, store: Store, told: &Arc<Told>) -> Self {
        let catalog = Arc::new(Catalog::new(store.clone()));
        let identity = Identity::new(IdentityParts {
            pipeline: Pipeline::new(store.clone(), Arc::new(NoHooks)),
            catalog,
            store: store.clone(),
            clock: now,
            mailer: None,
            public_url: "http://localhost".to_owned(),
        });
        let steps = |held| -> Arc<dyn JobHandler> { Arc::new(Steps { told: Arc::clone(told), held }) };
        let handlers: HashMap<&'static str, Arc<dyn JobHandler>> = HashMap::from([
            (house.kind("steps"), steps(false)),
            (house.kind("held"), steps(true)),
            (house.kind("refused"), Arc::new(Refused) as Arc<dyn JobHandler>),
        ]);
        let (stop, stopped) = watch::channel(false);
        let runner = Runner::new(RunnerParts { store, identity, handlers, lease: LEASE });
        Self { task: tokio::spawn(runner.run(stopped)), stop }
    }

    /// Stops as a server does.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }

    /// Is gone from one moment to the next: nothing is handed back.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}
