//! The run of an import: chunks of rows become PARTIAL batches; what fails goes into the error file.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_model::{Model, Special};
use tenon_query::{Action, Batch, BatchMode, OnMatch, RecordInput, Write as Plan};
use tenon_store::{AuditKind, AuditNote};
use tokio::sync::mpsc;

use super::bind::{Bound, Goal, bind};
use super::errors::Errors;
use super::mapping::{Mapping, Missing};
use super::progress::{Progress, Report};
use super::row::{Shaped, Shaper};
use super::source::{Cell, Format, Source, SourceError};
use crate::{BatchRow, Mutation, Pipeline, RecordsError, Status, Step, StepOutcome};

/// Rows of one transaction.
pub const CHUNK_ROWS: usize = 1_000;
/// Chunks read ahead of the database.
const CHUNKS_AHEAD: usize = 2;

/// A file to be imported.
pub struct Job {
    /// How its columns are mapped.
    pub mapping: Mapping,
    /// Its bytes.
    pub source: Box<dyn Read + Send>,
    /// Its format.
    pub format: Format,
    /// Where rows that fail are written.
    pub errors: Box<dyn Write + Send>,
}

/// Why an import ended before its file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping does not fit, or the caller may not import; nothing was written.
    #[error("{0}")]
    Mapping(Problems),
    /// The file cannot be read further; the rows before it are written.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The error file cannot be written.
    #[error("the error file cannot be written")]
    Errors(#[source] std::io::Error),
    /// The pipeline could not go on; the rows before it are written.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl Classify for ImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Mapping(problems) => problems.as_slice().first().map_or(Kind::Invalid, |problem| problem.kind),
            Self::Source(SourceError::Io(_)) | Self::Errors(_) => Kind::Unavailable,
            Self::Source(_) => Kind::Invalid,
            Self::Records(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Mapping(problems) => problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)),
            Self::Source(SourceError::RowTooLong) => Problem::exhausted("line_bytes", super::RECORD_BYTES_MAX, super::RECORD_BYTES_MAX + 1),
            Self::Source(SourceError::Header) => {
                Problem::invalid("import/header", "the header of the file cannot be read", "无法读取文件表头")
            }
            Self::Source(SourceError::Io(_)) | Self::Errors(_) => Problem::of_kind(Kind::Unavailable),
            Self::Records(error) => error.problem(),
        }
    }
}

impl From<csv::Error> for ImportError {
    fn from(error: csv::Error) -> Self {
        Self::Errors(std::io::Error::other(error))
    }
}

/// What the reading thread sends: chunks, and at the end what `replace` changed.
enum Piece {
    Chunk(Vec<Shaped>, u64),
    Broken(SourceError),
    End(Vec<(String, String, String, u64)>),
}

/// Imports a file. With `cx.dry_run` every chunk is rolled back. The audit trail says who brought in how much, besides
/// each save.
///
/// # Errors
/// See [`ImportError`]; rows that fail alone are no error, they are counted and written to the error file.
pub async fn import(pipeline: &Pipeline, cx: &OpContext, policy: &Policy, job: Job, progress: &Progress) -> Result<Report, ImportError> {
    let object = job.mapping.object.clone();
    let done = carry_out(pipeline, cx, policy, job, progress).await;
    // Nothing was written where the mapping does not fit.
    if !matches!(done, Err(ImportError::Mapping(_))) {
        let report = progress.report();
        let facts = serde_json::json!({
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "skipped": report.skipped,
            "failed": report.failed,
            "dry_run": cx.dry_run,
            "whole": done.is_ok(),
        });
        let note = AuditNote::new(AuditKind::Imported).about(&object, None).facts(facts);
        pipeline.store.audit_note(cx, note).await.map_err(RecordsError::from)?;
    }
    done
}

async fn carry_out(pipeline: &Pipeline, cx: &OpContext, policy: &Policy, job: Job, progress: &Progress) -> Result<Report, ImportError> {
    let object = cx.model.object_named(&job.mapping.object).map(|object| object.ix);
    // An object that is not seen is not there: the mapping says so.
    if object.is_some_and(|object| policy.may(object, Action::Read) && !policy.may_import(object)) || !policy.may_special(Special::Import) {
        return Err(ImportError::Mapping(Problem::of_kind(Kind::Forbidden).into()));
    }
    let mapped = job.mapping.columns.keys().cloned().collect();
    let source = Source::open(job.source, job.format, &job.mapping.reading, mapped)?;
    let bound = Arc::new(bind((&cx.model, policy), &job.mapping, &source.columns).map_err(ImportError::Mapping)?);
    let errors = Errors::begin(job.errors, &source.columns, cx.locale)?;
    let mut pieces = read_ahead(source, Arc::clone(&cx.model), Arc::clone(&bound));
    let mut run = Run {
        pipeline,
        cx,
        policy,
        bound: &bound,
        on_match: job.mapping.on_match,
        progress,
        errors,
        made: HashSet::new(),
        missing: HashMap::new(),
    };
    let mut replaced = Vec::new();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Chunk(rows, bytes) => {
                run.chunk(rows).await?;
                progress.reached(bytes);
            }
            Piece::Broken(error) => return Err(error.into()),
            Piece::End(counts) => replaced = counts,
        }
    }
    run.errors.finish().map_err(ImportError::Errors)?;
    let mut missing: Vec<(String, u64)> = run.missing.into_iter().collect();
    missing.sort();
    Ok(Report { replaced, missing, ..progress.report() })
}

/// Reads and shapes rows on a thread of its own, a few chunks ahead.
fn read_ahead(mut source: Source, model: Arc<Model>, bound: Arc<Bound>) -> mpsc::Receiver<Piece> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut shaper = Shaper { model: &model, bound: &bound, replaced: HashMap::new() };
        let mut rows = Vec::with_capacity(CHUNK_ROWS);
        loop {
            let ended = match source.next() {
                Ok(Some(row)) => {
                    rows.push(shaper.shape(row));
                    false
                }
                Ok(None) => true,
                Err(error) => {
                    // The receiver is gone only if the import has ended already.
                    drop(sender.blocking_send(Piece::Broken(error)));
                    return;
                }
            };
            if (ended || rows.len() == CHUNK_ROWS) && sender.blocking_send(Piece::Chunk(std::mem::take(&mut rows), source.bytes())).is_err()
            {
                return;
            }
            if ended {
                let mut replaced: Vec<_> =
                    shaper.replaced.into_iter().map(|((column, from, to), count)| (column, from, to, count)).collect();
                replaced.sort();
                drop(sender.blocking_send(Piece::End(replaced)));
                return;
            }
        }
    });
    receiver
}

struct Run<'r> {
    pipeline: &'r Pipeline,
    cx: &'r OpContext,
    policy: &'r Policy,
    bound: &'r Bound,
    on_match: OnMatch,
    progress: &'r Progress,
    errors: Errors,
    /// Dry runs only: keys that earlier rows would have made.
    made: HashSet<String>,
    /// Column → relations left empty.
    missing: HashMap<String, u64>,
}

/// A row on its way through one batch.
struct Pending {
    line: u64,
    cells: Vec<Cell>,
    key: Option<String>,
    input: RecordInput,
}

impl Run<'_> {
    /// Writes a chunk. Rows that repeat a key wait for the next batch, where they meet what the first one made.
    async fn chunk(&mut self, rows: Vec<Shaped>) -> Result<(), ImportError> {
        let mut batch: Vec<Pending> = Vec::with_capacity(rows.len());
        let mut keys: HashSet<String> = HashSet::new();
        for Shaped { line, cells, input, key } in rows {
            let input = match input {
                Ok(input) => input,
                Err(problems) => {
                    self.fail(line, &cells, &problems)?;
                    continue;
                }
            };
            if self.bound.key.is_some() && key.as_deref().is_none_or(str::is_empty) {
                self.fail(
                    line,
                    &cells,
                    &[Problem::invalid("import/key_empty", "the cell of the match key is empty", "匹配键的单元格为空")],
                )?;
                continue;
            }
            if let Some(key) = &key {
                if self.cx.dry_run && self.made.contains(key) {
                    self.progress.count(if self.on_match == OnMatch::Skip { Status::Skipped } else { Status::Updated });
                    continue;
                }
                if !keys.insert(key.clone()) {
                    self.batch(std::mem::take(&mut batch)).await?;
                    keys.clear();
                    keys.insert(key.clone());
                }
            }
            batch.push(Pending { line, cells, key, input });
        }
        self.batch(batch).await
    }

    /// Writes a batch; rows whose only fault is a relation that may stay empty are written again without it.
    async fn batch(&mut self, rows: Vec<Pending>) -> Result<(), ImportError> {
        let again = self.write(rows, true).await?;
        self.write(again, false).await.map(drop)
    }

    async fn write(&mut self, rows: Vec<Pending>, may_try_again: bool) -> Result<Vec<Pending>, ImportError> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let inputs: Vec<RecordInput> = rows.iter().map(|row| row.input.clone()).collect();
        let batch = match self.bound.key {
            Some(key) => Batch::Upsert(key, inputs, self.on_match),
            None => Batch::Create(inputs),
        };
        let step = Step { write: Plan::Batch(self.bound.object, batch, BatchMode::Partial), answer: None };
        let outcomes = self.pipeline.write(self.cx, self.policy, &Mutation { steps: vec![step], idempotency: None }).await?;
        let Some(StepOutcome::Batch { rows: results, .. }) = outcomes.into_iter().next() else { return Ok(Vec::new()) };
        let mut again = Vec::new();
        for (row, result) in rows.into_iter().zip(results) {
            if let Some(row) = self.settle(row, &result, may_try_again)? {
                again.push(row);
            }
        }
        Ok(again)
    }

    /// Counts a row, or gives it back for another try.
    fn settle(&mut self, mut row: Pending, result: &BatchRow, may_try_again: bool) -> Result<Option<Pending>, ImportError> {
        if result.status != Status::Failed {
            self.progress.count(result.status);
            if self.cx.dry_run && result.status == Status::Created {
                self.made.extend(row.key);
            }
            return Ok(None);
        }
        if may_try_again && self.let_go(&mut row.input, &result.problems) {
            return Ok(Some(row));
        }
        self.fail(row.line, &row.cells, &result.problems)?;
        Ok(None)
    }

    /// Takes relations out of an input that point nowhere and may stay empty; false if something else is wrong too.
    fn let_go(&mut self, input: &mut RecordInput, problems: &[Problem]) -> bool {
        let Some(object) = self.cx.model.object(self.bound.object) else { return false };
        let mut let_go = Vec::new();
        for problem in problems {
            let of_relation = |goal: &Goal| match goal {
                Goal::Relation { relation, missing: Missing::Empty, .. } => object
                    .relation(*relation)
                    .is_some_and(|known| problem.field.as_deref() == Some(known.name.as_str()))
                    .then_some(*relation),
                _ => None,
            };
            let found = self.bound.aims.iter().find_map(|aim| of_relation(&aim.goal).map(|relation| (relation, aim.name.clone())));
            match found {
                Some(found) if problem.rule.as_deref() == Some("reference") => let_go.push(found),
                _ => return false,
            }
        }
        for (relation, column) in &let_go {
            input.ones.retain(|(known, _)| known != relation);
            *self.missing.entry(column.clone()).or_default() += 1;
        }
        !let_go.is_empty()
    }

    fn fail(&mut self, line: u64, cells: &[Cell], problems: &[Problem]) -> Result<(), ImportError> {
        self.progress.count(Status::Failed);
        for problem in problems {
            self.errors.write(line, problem, cells)?;
        }
        Ok(())
    }
}
