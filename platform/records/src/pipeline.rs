//! The journey of a mutation, from top to bottom: one try inside one transaction, and another where the database is in the way.
//!
//! ```text
//! begin ─ model lock, version of the model
//!   idempotency   a stored answer? give it back
//!   per step      authorize → load and lock → apply and defaults → hooks' verdicts → rules → write → history, outbox → answer
//!   respond       the caller makes its bytes of the answers
//! commit
//! ```
//! Hooks speak where they stand, on the locked records, and are bounded by fuel (decision 0021). A conflict inside the
//! database starts anew; so does a plugin that calls a host outside, which is done between two tries.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_hooks::{Given, Hooks, Offers, Tree};
use tenon_outbound::Client;
use tenon_store::{JobAsk, JobLease, Store, StoreError};
use tenon_value::{Json, TenantId};

use crate::attempt::{Attempt, Ended, Memory};
use crate::calling;
use crate::calling_out::{self, Calls};
use crate::ending::{Ending, JobEnding, Settle};
use crate::halt::Halt;
use crate::idempotency::Running;
use crate::limits::RETRIES_MAX;
use crate::queries::{Place, Queries};
use crate::reading;
use crate::{Done, Mutation, RecordsError, StepOutcome};

/// Makes the caller's bytes of what became of the steps; its problem rolls everything back.
pub type Respond<'r> = dyn Fn(&[StepOutcome]) -> Result<Vec<u8>, Problem> + Sync + 'r;

/// The record pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    pub(crate) store: Store,
    pub(crate) hooks: Arc<dyn Hooks>,
    pub(crate) running: Arc<Mutex<HashSet<String>>>,
    /// How plugins read; brought by the data API once it is there.
    pub(crate) queries: Arc<OnceLock<Arc<dyn Queries>>>,
    /// How plugins call hosts outside; without it they do not.
    pub(crate) outbound: Option<Client>,
}

impl Pipeline {
    /// A pipeline over a store, with whoever runs the plugins.
    #[must_use]
    pub fn new(store: Store, hooks: Arc<dyn Hooks>) -> Self {
        Self { store, hooks, running: Arc::default(), queries: Arc::default(), outbound: None }
    }

    /// The same, with a way out for the plugins that were granted hosts.
    #[must_use]
    pub fn with_outbound(self, client: Client) -> Self {
        Self { outbound: Some(client), ..self }
    }

    /// Brings the data API, by which plugins read. The first one stays.
    pub fn read_by(&self, queries: Arc<dyn Queries>) {
        if self.queries.set(queries).is_err() {
            tracing::debug!("plugins already read through a data API");
        }
    }

    /// What the plugins of a tenant offer to be called.
    #[must_use]
    pub fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        self.hooks.offers(tenant)
    }

    /// Carries out a mutation, whole or not at all.
    ///
    /// # Errors
    /// See [`RecordsError`]; nothing was written then.
    #[tracing::instrument(name = "records.pipeline", skip_all)]
    pub async fn run(&self, cx: &OpContext, policy: &Policy, mutation: &Mutation, respond: &Respond<'_>) -> Result<Done, RecordsError> {
        let (_, done) = self.carry_out(cx, policy, mutation, &Ending { respond, job: None }).await?;
        Ok(done)
    }

    /// Carries out a mutation for a caller inside the house, who wants the outcomes and no bytes.
    ///
    /// # Errors
    /// See [`RecordsError`]; nothing was written then.
    pub async fn write(&self, cx: &OpContext, policy: &Policy, mutation: &Mutation) -> Result<Vec<StepOutcome>, RecordsError> {
        let (outcomes, _) = self.carry_out(cx, policy, mutation, &Ending { respond: &|_| Ok(Vec::new()), job: None }).await?;
        Ok(outcomes)
    }

    /// Carries out a chunk of a job: what it does and how far the job has come then are one transaction. With the outcomes
    /// comes what somebody wants of the job. A dry run writes neither.
    ///
    /// # Errors
    /// See [`RecordsError`]; nothing was written then. `LeaseLost` where another node has the job.
    pub async fn write_for_job(
        &self,
        cx: &OpContext,
        policy: &Policy,
        mutation: &Mutation,
        (lease, settle): (JobLease, &Settle<'_>),
    ) -> Result<(Vec<StepOutcome>, Option<JobAsk>), RecordsError> {
        let ending = Ending { respond: &|_| Ok(Vec::new()), job: Some(JobEnding::new(lease, settle)) };
        let (outcomes, _) = self.carry_out(cx, policy, mutation, &ending).await?;
        Ok((outcomes, ending.asked()))
    }

    /// Reads a document of the data API (a query) for a caller inside the house: its data, as JSON. None where nothing reads yet.
    ///
    /// # Errors
    /// The first problem of the document; what the store says.
    pub async fn read(&self, cx: &OpContext, policy: &Policy, (document, variables): (&str, &str)) -> Result<Json, RecordsError> {
        match reading::document((self, cx), policy, (document, variables), Place::Store(&self.store, cx)).await {
            Ok(Ok(Given::Data(data, _))) => Ok(data.parse().unwrap_or(Json::Null)),
            Ok(Err(problem)) => Err(RecordsError::problem(None, *problem)),
            Err(Halt::Store(error)) => Err(error.into()),
            Ok(Ok(_)) | Err(_) => Err(RecordsError::problem(None, Problem::of_kind(Kind::Internal))),
        }
    }

    async fn carry_out(
        &self,
        cx: &OpContext,
        policy: &Policy,
        mutation: &Mutation,
        ending: &Ending<'_>,
    ) -> Result<(Vec<StepOutcome>, Done), RecordsError> {
        let _running = Running::enter(self, cx, mutation.idempotency.as_ref())?;
        let room = self.store.room(&cx.model).await?;
        let mut memory = Memory::new(Arc::new(self.room(cx, mutation).await?), Calls::of(cx, mutation), room);
        let mut retries = 0;
        loop {
            memory.calls.begin();
            let ended = Attempt::run(self, cx, policy, mutation, &mut memory, ending).await;
            match ended {
                Ok(Ended::Committed(outcomes, done)) => return Ok((outcomes, done)),
                Ok(Ended::CallsOut(outgoing)) => {
                    // Who waits for a host outside holds neither a transaction nor room that others wait for.
                    memory.tree = Arc::default();
                    calling_out::send((self, cx), &mut memory.calls, *outgoing).await?;
                    memory.tree = Arc::new(self.room(cx, mutation).await?);
                }
                Err(RecordsError::Store(error)) if may_help(&error) && retries < RETRIES_MAX && in_time(cx) => {
                    tracing::debug!(%error, "the mutation runs again");
                    retries += 1;
                }
                Err(RecordsError::Store(error)) => return Err(told(cx, error)),
                Err(other) => return Err(other),
            }
        }
    }
}

impl Pipeline {
    /// Room for the plugins of a mutation, taken before a connection: who holds one must not wait for the other.
    async fn room(&self, cx: &OpContext, mutation: &Mutation) -> Result<Tree, RecordsError> {
        self.hooks.enter(cx, calling::pace(mutation)).await.map_err(|error| RecordsError::problem(None, error.problem()))
    }
}

/// Whether the caller still waits.
fn in_time(cx: &OpContext) -> bool {
    cx.deadline.is_none_or(|deadline| Instant::now() < deadline)
}

/// Whether another try may end otherwise. A key that somebody took meanwhile is found by the next try's own look, which
/// can say whose it is, or updates that record instead.
const fn may_help(error: &StoreError) -> bool {
    error.is_retryable()
        || matches!(
            error,
            StoreError::Unique { .. } | StoreError::DuplicateId { .. } | StoreError::ExternalIdTaken | StoreError::IdempotencyTaken
        )
}

/// A store error in words of the request where it is one.
fn told(cx: &OpContext, error: StoreError) -> RecordsError {
    let named = |object| cx.model.object(object).map(|object| object.name.as_str().to_owned());
    match &error {
        StoreError::Unique { object, key } => {
            let mut problem = error.problem();
            problem.object = named(*object);
            problem.field = cx.model.object(*object).and_then(|object| object.unique.get(*key)).map(|key| key.name.as_str().to_owned());
            RecordsError::problem(None, problem)
        }
        StoreError::DuplicateId { object } => {
            let mut problem = error.problem();
            problem.object = named(*object);
            RecordsError::problem(None, problem)
        }
        StoreError::ExternalIdTaken => RecordsError::problem(None, error.problem()),
        StoreError::IdempotencyTaken => RecordsError::problem(None, crate::idempotency::still_running()),
        // A database that stays busy is away for now: the caller is told so, and when to come back.
        StoreError::Serialization => RecordsError::problem(
            None,
            Problem::conflict("busy", "others are changing the same records, try again", "其他操作正在修改相同的记录,请稍后重试"),
        ),
        _ => RecordsError::Store(error),
    }
}

/// All problems of a step as one error.
pub(crate) fn refused(step: usize, problems: impl IntoIterator<Item = Problem>) -> RecordsError {
    let mut all = Problems::default();
    for problem in problems {
        all.push(problem);
    }
    RecordsError::Problems { step: Some(step), problems: all }
}
