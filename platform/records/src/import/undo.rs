//! Taking back what an import wrote: new records go into the recycle bin, changed ones get back what they had.
//!
//! A record that was changed since is left alone and told of: the import's own versions must be its last ones. Everything
//! goes through the pipeline with the rights of who asks, and each chunk is one transaction with its account.

use std::collections::{HashMap, HashSet};

use tenon_access::Place;
use tenon_context::OpContext;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldKind, Object, RelationShape};
use tenon_query::{Action, Batch, BatchMode, Deleted, OneWrite, Record, RecordInput, RecordKey, Write as Plan};
use tenon_store::{JobAsk, JobProgress, Lock};
use tenon_value::{RecordId, Uuid, Value};

use super::errors::{error_header, error_line};
use super::run::{Hand, ImportError};
use super::settle::ERRORS;
use super::source::Cell;
use super::state::ImportState;
use crate::{BatchRow, Mutation, RecordsError, Status, Step, StepOutcome};

/// Records taken back in one transaction.
pub const UNDO_ROWS: usize = 500;
/// The version of a record that has just been made.
const FIRST_VERSION: i64 = 1;

/// Which records a piece names, and what the import did to them.
pub struct Undone<'u> {
    /// Their object, by API name.
    pub object: &'u str,
    /// The request of the import, by which history knows its versions.
    pub request: &'u str,
    /// It made them; else it changed them.
    pub made: bool,
    /// The records.
    pub ids: &'u [Uuid],
}

/// Takes back some records; how far the undoing is then is in `state`, whose `rows` counts pieces by the caller's own account.
///
/// # Errors
/// Where the object is gone or out of sight; what the pipeline says. Records that fail alone are told of in the error file.
pub async fn undo(hand: &Hand<'_>, undone: &Undone<'_>, state: &mut ImportState) -> Result<Option<JobAsk>, ImportError> {
    let (cx, policy) = (hand.cx, hand.policy);
    let gone =
        || ImportError::Mapping(Problem::invalid("import/object", "the object is gone or out of sight", "对象不存在或不可见").into());
    let object = cx.model.object_named(undone.object).filter(|object| policy.may(object.ix, Action::Read)).ok_or_else(gone)?;
    let ids: Vec<RecordId> = undone.ids.iter().map(|id| RecordId(*id)).collect();
    let (then, touched) = look(hand, object, undone, &ids).await?;
    let mut rows: Vec<(RecordId, RecordInput)> = Vec::new();
    for (id, before) in &then {
        rows.push((*id, before.as_ref().map(|before| input(object, before)).unwrap_or_default()));
    }
    let batch = if undone.made {
        Batch::Delete(rows.iter().map(|(id, _)| (*id, InputPath::default())).collect())
    } else {
        Batch::UpdateEach(rows.iter().map(|(id, input)| (*id, None, input.clone())).collect())
    };
    let steps =
        if rows.is_empty() { Vec::new() } else { vec![Step { write: Plan::Batch(object.ix, batch, BatchMode::Partial), answer: None }] };
    let mutation = Mutation { steps, idempotency: None };
    let account = |outcomes: &[StepOutcome]| account(cx, state, (&rows, outcomes), &touched);
    let settle = |outcomes: &[StepOutcome]| account(outcomes).1;
    let (outcomes, asked) = hand.pipeline.write_for_job(cx, policy, &mutation, (hand.lease, &settle)).await?;
    let (next, _) = account(&outcomes);
    *state = next;
    Ok(asked)
}

/// Records that are as the import left them, with what they were before; and those that are not.
async fn look(
    hand: &Hand<'_>,
    object: &Object,
    undone: &Undone<'_>,
    ids: &[RecordId],
) -> Result<(Vec<(RecordId, Option<Record>)>, Vec<RecordId>), ImportError> {
    let (cx, policy, store) = (hand.cx, hand.policy, &hand.pipeline.store);
    let action = if undone.made { Action::Delete } else { Action::Update };
    let table = policy
        .table(&cx.model, object.ix, action, Place::Import)
        .map_err(|denied| ImportError::Mapping(tenon_diagnostics::Classify::problem(&denied).object(object.name.as_str()).into()))?;
    let mut tx = store.begin(cx).await.map_err(RecordsError::from)?;
    let versions = tx.versions_of(&table, ids, undone.request).await.map_err(RecordsError::from)?;
    let behind = tx.versions_of(&table, ids, cx.request.as_str()).await.map_err(RecordsError::from)?;
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let seen = tx.load(&table, &sorted, Deleted::Exclude, Lock::None).await.map_err(RecordsError::from)?;
    tx.rollback().await.map_err(RecordsError::from)?;
    let seen: HashMap<RecordId, Record> = seen.into_iter().map(|record| (record.id, record)).collect();
    let own = |record: &Record| {
        let (first, count) = versions.get(&record.id).copied().unwrap_or((i64::MAX, 0));
        (count > 0 && record.version() == first + count - 1).then_some(first)
    };
    let mut wanted = Vec::new();
    let (mut then, mut touched) = (Vec::new(), Vec::new());
    let mut known = HashSet::new();
    // A file may name a record in several rows. One that it made as well is taken back as a new record; one that an earlier
    // piece named has been taken back already.
    let elsewhere = |id: &RecordId| {
        let made = versions.get(id).is_some_and(|(first, _)| *first == FIRST_VERSION);
        behind.contains_key(id) || (made && !undone.made)
    };
    for id in ids.iter().filter(|id| known.insert(**id) && !elsewhere(id)) {
        match seen.get(id).and_then(own) {
            Some(_) if undone.made => then.push((*id, None)),
            Some(first) => wanted.push((*id, first - 1)),
            None => touched.push(*id),
        }
    }
    let before = store.records_at(&cx.model, object, &wanted).await.map_err(RecordsError::from)?;
    for ((id, _), before) in wanted.into_iter().zip(before) {
        match before {
            Some(before) => then.push((id, Some(before))),
            None => touched.push(id),
        }
    }
    Ok((then, touched))
}

/// What a record was, as an input: everything a client may set.
fn input(object: &Object, before: &Record) -> RecordInput {
    let mut input = RecordInput::default();
    for field in object.active_fields() {
        let kept = field.system || field.read_only || matches!(field.kind, FieldKind::AutoNumber { .. } | FieldKind::Secret);
        if !kept {
            input.fields.push((field.ix, before.field(field.ix).clone()));
        }
    }
    for relation in object.active_relations().filter(|relation| !relation.system && !relation.read_only) {
        let write = match (relation.shape, before.relation(relation.ix)) {
            (RelationShape::One, Value::Id(id)) => relation.target().map(|target| OneWrite::Connect(target, RecordKey::Id(RecordId(*id)))),
            (RelationShape::One, _) => Some(OneWrite::Disconnect),
            _ => None,
        };
        input.ones.extend(write.map(|write| (relation.ix, write)));
    }
    input
}

/// What is known after a chunk.
fn account(
    cx: &OpContext,
    before: &ImportState,
    (rows, outcomes): (&[(RecordId, RecordInput)], &[StepOutcome]),
    touched: &[RecordId],
) -> (ImportState, JobProgress) {
    let mut state = before.clone();
    let results: &[BatchRow] = match outcomes.first() {
        Some(StepOutcome::Batch { rows, .. }) => rows,
        _ => &[],
    };
    let mut errors = if state.pieces == 0 { error_header(&["id".to_owned()]) } else { String::new() };
    let mut tell = |state: &mut ImportState, id: RecordId, problem: &Problem| {
        errors += &error_line(state.total(), problem, &[Cell::Text(id.to_string())], cx.locale);
    };
    for id in touched {
        state.count(Status::Skipped);
        let since = Problem::conflict("version", "it was changed or deleted since, or is out of sight", "此后已被修改、删除或不可见");
        tell(&mut state, *id, &since);
    }
    for ((id, _), result) in rows.iter().zip(results) {
        match result.status {
            Status::Failed => {
                state.count(Status::Failed);
                result.problems.iter().for_each(|problem| tell(&mut state, *id, problem));
            }
            // What was taken back counts as changed, whichever way.
            Status::Unchanged => state.count(Status::Unchanged),
            _ => state.count(Status::Updated),
        }
    }
    state.rows += 1;
    let mut parts = Vec::new();
    if !errors.is_empty() {
        parts.push((ERRORS, state.pieces, errors));
        state.pieces += 1;
    }
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let progress = JobProgress {
        progress: state.to_json(),
        total: None,
        done: number(state.total()),
        failed: number(state.failed + state.skipped),
        parts,
    };
    (state, progress)
}
