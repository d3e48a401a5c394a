//! Carries out batches of mode JOB: the document is planned again with the rights its author has now, its rows are written in
//! chunks like PARTIAL batches. What a filter selects is listed first, so that the work has an end.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tenon_access::{Place, Policy};
use tenon_automation::{JobDone, JobFault, JobHandler, JobRun};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{InputPath, Kind, Problem, Problems};
use tenon_model::{ObjectIx, Part, system};
use tenon_query::{Action, Batch, BatchMode, ColumnRef, CompareOp, Deleted, Params, Predicate, Write};
use tenon_records::import::{Cell, ERRORS, error_header, error_line};
use tenon_records::{BatchRow, Mutation, RecordsError, Status, Step, StepOutcome};
use tenon_store::{JobProgress, StoreError};
use tenon_value::{Json, RecordId, Value};

use crate::api::operation;
use crate::collect::Collector;
use crate::cursor::Signer;
use crate::execute::Reader;
use crate::lower::Shared;
use crate::prepare::coerce_variables;
use crate::stack::{deep, levels};
use crate::{DataApi, mutate};

/// Rows of one transaction.
const CHUNK: usize = 500;
/// Ids listed in one transaction.
const LISTED: u32 = 5_000;
/// The pieces that list what a filter selects.
const IDS: &str = "ids";
/// Times in a row that the model may move.
const MOVED_MAX: usize = 20;

/// Carries out batches.
pub struct BatchHandler {
    /// The data API.
    pub api: DataApi,
}

/// How far a batch is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    affected: u64,
    failed: u64,
    unchanged: u64,
    /// Rows that are behind.
    next: u64,
    /// Ids listed so far, the last of them, and their pieces.
    listed: u64,
    after: Option<String>,
    pieces: i64,
    /// Everything is listed.
    whole: bool,
    /// Pieces of the error file.
    told: i64,
}

impl State {
    fn progress(&self, total: Option<u64>, parts: Vec<(&'static str, i64, String)>) -> JobProgress {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = serde_json::to_value(self).unwrap_or_default();
        JobProgress { progress, total: total.map(number), done: number(self.next), failed: number(self.failed), parts }
    }
}

/// A batch, planned with the rights of one moment.
struct Planned {
    cx: OpContext,
    policy: Policy,
    object: ObjectIx,
    batch: Batch,
}

#[async_trait]
impl JobHandler for BatchHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let mut state: State = serde_json::from_value(run.job.progress.clone()).unwrap_or_default();
        let mut moved = 0;
        loop {
            let before = (state.next, state.listed);
            match self.opening(run, &mut state).await? {
                Some(done) => return Ok(done),
                None if moved >= MOVED_MAX => {
                    return Err(JobFault { may_pass: true, ..JobFault::lasting(Problem::of_kind(Kind::Unavailable)) });
                }
                None => {
                    moved = if (state.next, state.listed) == before { moved + 1 } else { 0 };
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl BatchHandler {
    /// Goes on with one plan; none where rights or model moved.
    async fn opening(&self, run: &JobRun, state: &mut State) -> Result<Option<JobDone>, JobFault> {
        let planned = Box::pin(self.plan(run)).await?;
        let rights = Policy::key_of(&planned.cx.model, &planned.cx.principal);
        loop {
            let asked = match Box::pin(self.chunk(run, &planned, state)).await {
                Ok(Some(asked)) => asked,
                Ok(None) => return Ok(Some(JobDone::Finished(serde_json::to_value(&*state).unwrap_or_default()))),
                Err(RecordsError::StaleModel) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            if let Some(stop) = run.border(asked) {
                return Ok(Some(stop));
            }
            let fresh = run.context(Via::Job).await?;
            if fresh.model.version != planned.cx.model.version || Policy::key_of(&fresh.model, &fresh.principal) != rights {
                return Ok(None);
            }
        }
    }

    /// Plans the field of the document that the job is.
    async fn plan(&self, run: &JobRun) -> Result<Planned, JobFault> {
        let payload = &run.job.payload;
        let text = |name: &str| payload.get(name).and_then(Json::as_str);
        let (query, key) = (text("query").unwrap_or_default(), text("key").unwrap_or_default());
        let variables = payload.get("variables").and_then(Json::as_object).cloned().unwrap_or_default();
        let mut cx = run.context(Via::Job).await?;
        cx.reason = payload.pointer("/extensions/reason").and_then(Json::as_str).map(str::to_owned);
        let levels = levels(query, variables.values());
        let first =
            |problems: Problems| JobFault::lasting(problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)));
        let found = deep(levels, || self.api.documents.document(&cx, query)).map_err(JobFault::lasting)?;
        let (valid, _) = found.map_err(first)?;
        let operation = operation(&valid.document, text("operationName")).map_err(JobFault::lasting)?;
        let (variables, _) = coerce_variables(&valid.schema, operation, &variables).map_err(first)?;
        let signer = Signer::new(&self.api.store.cursor_secret(cx.model.tenant).await?, cx.model.tenant);
        let collector = Collector { document: &valid.document, variables: &variables };
        let shared = Shared { schema: &valid.schema, cx: &cx, collector: &collector, signer: &signer, in_job: true, exporting: false };
        let reader = Reader {
            store: &self.api.store,
            documents: &self.api.documents,
            valid: &valid,
            cx: &cx,
            identity: self.api.identity.as_ref(),
            files: self.api.files.of(&self.api.store, cx.model.tenant).await?,
            levels,
            elsewhere: None,
        };
        let plan = match mutate::plan(&reader, shared, operation).await? {
            Ok(plan) => plan,
            Err(failed) => {
                let own = failed.into_iter().find(|(of, _, _)| *of == key).map(|(_, _, problems)| problems);
                return Err(own.map_or_else(|| JobFault::lasting(Problem::of_kind(Kind::Invalid)), first));
            }
        };
        let step = plan.roots.into_iter().find(|root| root.key == key).and_then(|root| root.step);
        let Some((Write::Batch(object, batch, _), _)) = step else {
            return Err(JobFault::lasting(Problem::of_kind(Kind::Invalid)));
        };
        let policy = valid.schema.policy.clone();
        Ok(Planned { cx, policy, object, batch })
    }

    /// The next chunk, be it listed or written; none where nothing is left.
    async fn chunk(&self, run: &JobRun, planned: &Planned, state: &mut State) -> Result<Option<Option<tenon_store::JobAsk>>, RecordsError> {
        if let Some((filter, action, deleted)) = filter_of(&planned.batch)
            && !state.whole
        {
            return list(run, planned, (filter, action, deleted), state).await.map(Some);
        }
        let from = usize::try_from(state.next).unwrap_or(usize::MAX);
        let (batch, total) = match filter_of(&planned.batch) {
            None => slice(&planned.batch, from),
            Some(_) => (of_ids(&planned.batch, ids(run, state).await?), usize::try_from(state.listed).unwrap_or(usize::MAX)),
        };
        let Some(batch) = batch else { return Ok(None) };
        let step = Step { write: Write::Batch(planned.object, batch, BatchMode::Partial), answer: None };
        let mutation = Mutation { steps: vec![step], idempotency: None };
        let before = state.clone();
        let account = |outcomes: &[StepOutcome]| account(&planned.cx, &before, rows_of(outcomes), total);
        let settle = |outcomes: &[StepOutcome]| account(outcomes).1;
        let written = self.api.pipeline.write_for_job(&planned.cx, &planned.policy, &mutation, (run.lease, &settle)).await;
        let (outcomes, asked) = written?;
        *state = account(&outcomes).0;
        Ok(Some(asked))
    }
}

fn rows_of(outcomes: &[StepOutcome]) -> &[BatchRow] {
    match outcomes.first() {
        Some(StepOutcome::Batch { rows, .. }) => rows,
        _ => &[],
    }
}

/// What is known after a chunk.
fn account(cx: &OpContext, before: &State, rows: &[BatchRow], total: usize) -> (State, JobProgress) {
    let mut state = before.clone();
    let mut errors = if state.told == 0 { error_header(&[]) } else { String::new() };
    for (row, number) in rows.iter().zip(state.next..) {
        match row.status {
            Status::Failed => {
                state.failed += 1;
                row.problems.iter().for_each(|problem| errors += &error_line(number, problem, &[] as &[Cell], cx.locale));
            }
            Status::Unchanged | Status::Skipped => state.unchanged += 1,
            _ => state.affected += 1,
        }
    }
    state.next += u64::try_from(rows.len()).unwrap_or_default();
    let mut parts = Vec::new();
    if !errors.is_empty() {
        parts.push((ERRORS, state.told, errors));
        state.told += 1;
    }
    let progress = state.progress(u64::try_from(total).ok(), parts);
    (state, progress)
}

/// The filter of a batch, with what is to be done to what it selects.
fn filter_of(batch: &Batch) -> Option<(&(Predicate, Params), Action, Deleted)> {
    Some(match batch {
        Batch::UpdateWhere(filter, _) => (filter, Action::Update, Deleted::Exclude),
        Batch::DeleteWhere(filter) => (filter, Action::Delete, Deleted::Exclude),
        Batch::RestoreWhere(filter) => (filter, Action::Restore, Deleted::Only),
        Batch::DestroyWhere(filter) => (filter, Action::Destroy, Deleted::Include),
        _ => return None,
    })
}

/// The rows of a batch from one on, and how many it has in all; none where nothing is left.
fn slice(batch: &Batch, from: usize) -> (Option<Batch>, usize) {
    fn part<T: Clone>(rows: &[T], from: usize) -> Option<Vec<T>> {
        let until = from.saturating_add(CHUNK).min(rows.len());
        rows.get(from..until).filter(|rows| !rows.is_empty()).map(<[T]>::to_vec)
    }
    match batch {
        Batch::Create(rows) => (part(rows, from).map(Batch::Create), rows.len()),
        Batch::Upsert(target, rows, on_match) => (part(rows, from).map(|rows| Batch::Upsert(*target, rows, *on_match)), rows.len()),
        Batch::UpdateEach(rows) => (part(rows, from).map(Batch::UpdateEach), rows.len()),
        Batch::UpdateIds(ids, input) => (part(ids, from).map(|ids| Batch::UpdateIds(ids, input.clone())), ids.len()),
        Batch::Delete(ids) => (part(ids, from).map(Batch::Delete), ids.len()),
        Batch::Restore(ids) => (part(ids, from).map(Batch::Restore), ids.len()),
        Batch::Destroy(ids) => (part(ids, from).map(Batch::Destroy), ids.len()),
        _ => (None, 0),
    }
}

/// The same for records that were listed.
fn of_ids(batch: &Batch, ids: Vec<RecordId>) -> Option<Batch> {
    if ids.is_empty() {
        return None;
    }
    let path = InputPath::default().key("filter");
    let ids = ids.into_iter().map(|id| (id, path.clone())).collect();
    Some(match batch {
        Batch::UpdateWhere(_, input) => Batch::UpdateIds(ids, input.clone()),
        Batch::DeleteWhere(_) => Batch::Delete(ids),
        Batch::RestoreWhere(_) => Batch::Restore(ids),
        _ => Batch::Destroy(ids),
    })
}

/// The next records that were listed.
async fn ids(run: &JobRun, state: &State) -> Result<Vec<RecordId>, StoreError> {
    let (piece, within) = (state.next / u64::from(LISTED), state.next % u64::from(LISTED));
    let number = i64::try_from(piece).unwrap_or(i64::MAX);
    let pieces = run.store.job_parts(run.tenant, run.job.id, (IDS, number), 1).await?;
    let Some((_, names)) = pieces.into_iter().next().filter(|(found, _)| *found == number) else { return Ok(Vec::new()) };
    let names = names.split_whitespace().skip(usize::try_from(within).unwrap_or(usize::MAX)).take(CHUNK);
    Ok(names.filter_map(|name| name.parse().ok()).map(RecordId).collect())
}

/// Lists what a filter selects, a piece at a time, in the order of ids: each piece but the last is full.
async fn list(
    run: &JobRun,
    planned: &Planned,
    ((filter, params), action, deleted): (&(Predicate, Params), Action, Deleted),
    state: &mut State,
) -> Result<Option<tenon_store::JobAsk>, RecordsError> {
    let cx = &planned.cx;
    let denied = |denied: tenon_access::Denied| RecordsError::Problems {
        step: None,
        problems: tenon_diagnostics::Classify::problem(&denied).into(),
    };
    let table = planned.policy.table(&cx.model, planned.object, action, Place::Batch).map_err(denied)?;
    let (mut terms, mut params) = (vec![filter.clone()], params.clone());
    if let Some(after) = state.after.as_ref().and_then(|after| after.parse().ok()) {
        let with = params.push(Value::Id(after));
        terms.push(Predicate::Compare { column: ColumnRef { field: system::ID, part: Part::Whole }, op: CompareOp::Gt, with });
    }
    let mut tx = run.store.begin(cx).await?;
    let mut ids = tx.select_ids(&table, &Predicate::All(terms), &params, deleted, LISTED).await?;
    // One more is looked for than wanted.
    let limit = usize::try_from(LISTED).unwrap_or(usize::MAX);
    let mut next = state.clone();
    next.whole = ids.len() <= limit;
    ids.truncate(limit);
    next.listed += u64::try_from(ids.len()).unwrap_or_default();
    next.after = ids.last().map(|id| id.0.to_string()).or(next.after);
    let names: String = ids.iter().map(|id| format!("{} ", id.0)).collect();
    let parts = if ids.is_empty() { Vec::new() } else { vec![(IDS, next.pieces, names)] };
    next.pieces += 1;
    let asked = tx.job_checkpoint(run.lease, &next.progress(next.whole.then_some(next.listed), parts)).await?;
    tx.commit().await?;
    *state = next;
    Ok(asked)
}
