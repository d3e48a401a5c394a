//! Events for plugins: what was committed is told to the packages that listen, in the order of the outbox, at least once.
//!
//! Each package that listens has one job in each tenant, whose progress is its place in the outbox; commits wake it. What a
//! plugin does on hearing of an event and that it has heard of it are one transaction. An event that it cannot digest becomes a
//! job of its own, tried again as any other, so that it holds up none behind it. Invariant: a package does not hear of what it
//! wrote itself as an answer to an event or to the calendar.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tenon_access::Policy;
use tenon_context::{ActorKind, Via};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_hooks::{Listener, Operation};
use tenon_model::Model;
use tenon_query::{Call, CallKind, Write};
use tenon_records::{Mutation, PLUGIN_JOB, Pipeline, RecordsError, Step};
use tenon_store::{Change, ChangeWord, JobBy, JobProgress, NewJob, Position, Store, StoreError, Tail};
use tenon_value::{ElementId, Json, Locale, RequestId, TenantId, Uuid};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::jobs::{JobDone, JobFault, JobHandler, JobRun, raised};

/// The kind of the jobs that listen.
pub const EVENTS_JOB: &str = "plugin_events";
/// Records told of in one call.
const RECORDS_PER_EVENT: usize = 200;
/// A burst of commits wakes its listeners once; one that is at work is asked again after this.
const REST: Duration = Duration::from_millis(50);

/// Listens for one package in one tenant.
pub struct EventsHandler {
    /// The pipeline.
    pub pipeline: Pipeline,
}

/// Successive changes of one save, and the place after them.
struct Heard {
    input: Json,
    object: String,
    place: Position,
    /// Whether the package listens to it.
    is_wanted: bool,
}

#[async_trait]
impl JobHandler for EventsHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let package = run.job.payload.get("package").and_then(Json::as_str).unwrap_or_default();
        let mut done = run.job.done;
        let mut place = run.job.progress.get("place").and_then(Json::as_str).and_then(Position::parse);
        loop {
            // What a tenant's packages listen to is known with its model.
            let cx = run.context(Via::Job).await?;
            let listeners: Vec<Listener> =
                self.pipeline.offers(run.tenant).listeners().iter().filter(|one| one.package == package).cloned().collect();
            let Some(tail) = run.store.outbox_tail(run.tenant, place.as_ref()).await? else {
                // It slept for longer than the outbox is kept.
                tracing::warn!(tenant = %run.tenant, package, "events were missed: they are kept for a day");
                place = Some(run.store.outbox_end(run.tenant).await?);
                continue;
            };
            // A place in a home that the tenant has left is the one in this home that the tail begins at.
            let stood = place.clone().filter(|place| place.is_of_home_of(&tail.from)).unwrap_or_else(|| tail.from.clone());
            for heard in heard((&cx.model, package), &listeners, &tail, &stood) {
                if heard.is_wanted {
                    done += 1;
                    if let Some(stop) = self.tell(run, package, &heard, done).await? {
                        return Ok(stop);
                    }
                }
            }
            let next = stood.reaching(&tail.next);
            if place.as_ref().map(Position::text) != Some(next.text()) {
                let progress = progress(&next, done);
                if let Some(stop) = run.checkpoint(&progress).await? {
                    return Ok(stop);
                }
            }
            place = Some(next);
            if !tail.more && tail.changes.is_empty() {
                return Ok(JobDone::Finished(Json::Null));
            }
        }
    }
}

impl EventsHandler {
    /// Tells of one event; how to stop, if somebody asked.
    async fn tell(&self, run: &JobRun, package: &str, heard: &Heard, done: i64) -> Result<Option<JobDone>, JobFault> {
        let cx = run.context(Via::Job).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let (name, input) = (heard.object.clone(), heard.input.clone());
        let call = Call { kind: CallKind::Event, package: package.to_owned(), name, input, cursor: None };
        let mutation = Mutation { steps: vec![Step { write: Write::Call(call), answer: None }], idempotency: None };
        let settle = |_: &[tenon_records::StepOutcome]| progress(&heard.place, done);
        match Box::pin(self.pipeline.write_for_job(&cx, &policy, &mutation, (run.lease, &settle))).await {
            Ok((_, asked)) => Ok(run.border(asked)),
            Err(RecordsError::StaleModel) => Err(JobFault { problem: Problem::of_kind(Kind::Unavailable), may_pass: true }),
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Internal) => Err(error.into()),
            Err(error) => {
                tracing::warn!(tenant = %run.tenant, package, %error, "an event is left for later");
                // Under a key of its own, so that a second look after a crash leaves no second job.
                let payload = json!({ "package": package, "event": heard.input, "object": heard.object });
                let key = format!("event/{package}/{}", heard.place.text());
                run.store.job_put(run.tenant, &new_job(PLUGIN_JOB, package, payload, key)).await?;
                run.checkpoint(&progress(&heard.place, done)).await
            }
        }
    }
}

fn progress(place: &Position, done: i64) -> JobProgress {
    JobProgress { progress: json!({ "place": place.text() }), total: None, done, failed: 0, parts: Vec::new() }
}

/// The changes of a piece, those of one save together.
fn heard((model, package): (&Model, &str), listeners: &[Listener], tail: &Tail, stood: &Position) -> Vec<Heard> {
    let own = own_id(package);
    let mut all: Vec<(Heard, &Change, Vec<Json>)> = Vec::new();
    for change in tail.changes.iter().filter(|change| !change.is_read_at(stood)) {
        let (Some(operation), Some(object)) = (operation(change.word()), model.active_objects().find(|object| change.is_of(object))) else {
            continue;
        };
        let place = change.place(stood, &tail.from);
        let record = json!({ "id": change.record().to_string(), "version": change.version() });
        let joins = all.last().is_some_and(|(_, first, records)| first.is_same_save(change) && records.len() < RECORDS_PER_EVENT);
        if joins && let Some((heard, _, records)) = all.last_mut() {
            heard.place = place;
            records.push(record);
            continue;
        }
        let name = object.name.as_str();
        let wanted = listeners.iter().any(|one| one.object == name && one.operations.contains(&operation));
        let is_own = change.by().0 == ActorKind::Plugin.word() && change.by().1 == own;
        let input = json!({
            "operation": operation.word(), "changed": change.changed(), "at": change.at().millis(), "by": change.by().1.to_string(),
        });
        all.push((Heard { input, object: name.to_owned(), place, is_wanted: wanted && !is_own }, change, vec![record]));
    }
    let whole = |(mut heard, _, records): (Heard, &Change, Vec<Json>)| {
        if let Json::Object(members) = &mut heard.input {
            members.insert("records".to_owned(), Json::Array(records));
        }
        heard
    };
    all.into_iter().map(whole).collect()
}

const fn operation(word: ChangeWord) -> Option<Operation> {
    match word {
        ChangeWord::Created => Some(Operation::Create),
        ChangeWord::Updated => Some(Operation::Update),
        ChangeWord::Deleted => Some(Operation::Delete),
        ChangeWord::Restored => Some(Operation::Restore),
        ChangeWord::Destroyed | ChangeWord::Shared => None,
    }
}

fn own_id(package: &str) -> Uuid {
    ElementId::derive(package, "package").0
}

fn new_job(kind: &'static str, package: &str, payload: Json, key: String) -> NewJob {
    NewJob {
        id: Uuid::now_v7(),
        kind,
        payload,
        total: None,
        due: None,
        key: Some(key),
        receiving: false,
        by: JobBy {
            kind: ActorKind::Plugin,
            id: own_id(package),
            display: package.to_owned(),
            locale: Locale::En,
            request: RequestId::generate(),
        },
    }
}

/// Wakes those who listen, as tenants commit.
pub struct Listening {
    store: Store,
    pipeline: Pipeline,
}

impl Listening {
    /// Over a store, for what its pipeline's plugins listen to.
    #[must_use]
    pub const fn new(store: Store, pipeline: Pipeline) -> Self {
        Self { store, pipeline }
    }

    /// Wakes listeners until the server stops. At its start all are woken: what others committed meanwhile is heard then. Of tenants
    /// whose packages are not known yet, [`Calendar`](crate::Calendar) tells when they are.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut commits = self.store.commits();
        let mut waiting: HashSet<TenantId> = self.everybody().await;
        loop {
            let mut still = HashSet::new();
            for tenant in waiting.drain() {
                match self.wake(tenant).await {
                    Ok(true) => {}
                    // At work just now: it may have looked a moment too early.
                    Ok(false) => {
                        still.insert(tenant);
                    }
                    Err(error) => tracing::debug!(%tenant, %error, "listeners could not be woken"),
                }
            }
            waiting = still;
            let rest = if waiting.is_empty() { Duration::MAX } else { REST };
            tokio::select! {
                () = raised(stop.clone()) => return,
                () = tokio::time::sleep(rest.min(Duration::from_secs(3_600))) => {}
                told = commits.recv() => match told {
                    Ok(committed) => {
                        waiting.insert(committed.tenant);
                    }
                    Err(RecvError::Lagged(_)) => waiting = self.everybody().await,
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    async fn everybody(&self) -> HashSet<TenantId> {
        let tenants = self.store.tenants().await.unwrap_or_default();
        tenants.into_iter().map(|tenant| tenant.id).filter(|tenant| !self.pipeline.offers(*tenant).listeners().is_empty()).collect()
    }

    /// Wakes the listeners of a tenant; false where one is at work.
    pub(crate) async fn wake(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let offers = self.pipeline.offers(tenant);
        let packages: HashSet<&str> = offers.listeners().iter().map(|one| one.package.as_str()).collect();
        let mut all = true;
        for package in packages {
            let job = new_job(EVENTS_JOB, package, json!({ "package": package }), format!("{EVENTS_JOB}/{package}"));
            all &= self.store.job_wake(tenant, &job).await?;
        }
        Ok(all)
    }
}
