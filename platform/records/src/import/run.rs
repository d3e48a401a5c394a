//! The run of an import: chunks of rows become PARTIAL batches; each is written together with how far the import is then.
//!
//! So a crash repeats no row: what the next try reads as done is done. A chunk takes more than one transaction where rows
//! repeat a key, or where a relation that points nowhere is left out on a second try; between them the state names the rows
//! of the chunk that are still to be done.

use std::collections::HashSet;
use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_model::{ModelVersion, Special};
use tenon_query::{Action, Batch, BatchMode, OnMatch, RecordInput, Write as Plan};
use tenon_store::{JobAsk, JobLease};
use tokio::sync::mpsc;

use super::bind::Bound;
use super::format::Format;
use super::mapping::Mapping;
use super::reading::{Chunk, OpenSource, Piece, ToRead, read_ahead};
use super::row::Shaped;
use super::settle::{Pending, Round, settled};
use super::source::SourceError;
use super::state::ImportState;
use crate::{Mutation, Pipeline, RecordsError, Step, StepOutcome};

/// A file to be imported.
pub struct ImportJob {
    /// How its columns are mapped.
    pub mapping: Mapping,
    /// Its bytes.
    pub open: OpenSource,
    /// Its format.
    pub format: Format,
    /// From where it goes on.
    pub state: ImportState,
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
    /// The pipeline could not go on; the rows before it are written.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl Classify for ImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Mapping(problems) => problems.as_slice().first().map_or(Kind::Invalid, |problem| problem.kind),
            Self::Source(SourceError::Io(_)) => Kind::Unavailable,
            Self::Source(SourceError::RowTooLong { .. } | SourceError::Bomb { .. } | SourceError::Columns { .. }) => Kind::Exhausted,
            Self::Source(_) => Kind::Invalid,
            Self::Records(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Mapping(problems) => problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)),
            Self::Source(SourceError::RowTooLong { line }) => {
                Problem::exhausted("line_bytes", super::RECORD_BYTES_MAX, super::RECORD_BYTES_MAX + 1).with("line", *line)
            }
            Self::Source(SourceError::QuoteOpen { line }) => {
                let (en, zh) = (format!("the quote opened on line {line} is never closed"), format!("第 {line} 行的引号没有闭合"));
                Problem::invalid("import/quote", en, zh).with("line", *line)
            }
            Self::Source(SourceError::Header) => {
                Problem::invalid("import/header", "the header of the file cannot be read", "无法读取文件表头")
            }
            Self::Source(SourceError::Workbook) => {
                Problem::invalid("import/workbook", "this is no workbook that can be read", "无法读取该工作簿")
            }
            Self::Source(SourceError::Parquet) => {
                Problem::invalid("import/parquet", "this is no Parquet file that can be read", "无法读取该 Parquet 文件")
            }
            Self::Source(SourceError::Column { column, why }) => {
                let (en, zh) = (format!("column `{column}` cannot be read: {why}"), format!("无法读取列 `{column}`:{why}"));
                Problem::invalid("import/parquet_column", en, zh)
            }
            Self::Source(SourceError::Columns { count }) => {
                Problem::exhausted("import_columns", super::IMPORT_COLUMNS_MAX, *count).with("line", 1)
            }
            Self::Source(SourceError::Binary(binary)) => binary.problem(),
            Self::Source(SourceError::Failed) => {
                Problem::invalid("import/file", "the file cannot be read: reading it failed", "无法读取文件:读取过程失败")
            }
            Self::Source(SourceError::Bomb { limit, max }) => Problem::exhausted(limit, *max, *max + 1),
            Self::Source(SourceError::Io(_)) => Problem::of_kind(Kind::Unavailable),
            Self::Records(error) => error.problem(),
        }
    }
}

/// An import under way, with the rights and the model of one moment.
pub struct Importer {
    bound: Arc<Bound>,
    columns: Vec<String>,
    on_match: OnMatch,
    pieces: mpsc::Receiver<Piece>,
    state: ImportState,
    /// Dry runs only: keys that earlier rows would have made.
    made: HashSet<String>,
    version: ModelVersion,
}

/// What a chunk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunked {
    /// It is written; what somebody wants of the import.
    Written(Option<JobAsk>),
    /// The file is at its end.
    End,
}

/// With what rights, and under which lease, a chunk is written.
pub struct Hand<'h> {
    /// The pipeline.
    pub pipeline: &'h Pipeline,
    /// Who imports.
    pub cx: &'h OpContext,
    /// What he may.
    pub policy: &'h Policy,
    /// The right to go on.
    pub lease: JobLease,
}

impl Importer {
    /// Opens the file and binds the mapping.
    ///
    /// # Errors
    /// Where the mapping does not fit, or the file cannot be read.
    pub async fn open(cx: &OpContext, policy: &Policy, job: ImportJob) -> Result<Self, ImportError> {
        let ImportJob { mapping, open, format, state } = job;
        let object = cx.model.object_named(&mapping.object).map(|object| object.ix);
        // An object that is not seen is not there: the mapping says so.
        if object.is_some_and(|object| policy.may(object, Action::Read) && !policy.may_import(object))
            || !policy.may_special(Special::Import)
        {
            return Err(ImportError::Mapping(Problem::of_kind(Kind::Forbidden).into()));
        }
        let on_match = mapping.on_match;
        let mut pieces = read_ahead(ToRead { open, format, mapping, behind: state.rows }, Arc::clone(&cx.model), policy.clone());
        match pieces.recv().await {
            Some(Piece::Bound(bound, columns)) => {
                Ok(Self { bound, columns, on_match, pieces, state, made: HashSet::new(), version: cx.model.version })
            }
            Some(Piece::Broken(error)) => Err(error),
            _ => Err(SourceError::Failed.into()),
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> &ImportState {
        &self.state
    }

    /// The version of the model it was bound to.
    #[must_use]
    pub const fn model_version(&self) -> ModelVersion {
        self.version
    }

    /// The first line of its error file.
    #[must_use]
    pub fn error_header(&self) -> String {
        super::errors::error_header(&self.columns)
    }

    /// Writes the next chunk.
    ///
    /// # Errors
    /// See [`ImportError`]; what was written before stands. Rows that fail alone are no error.
    pub async fn chunk(&mut self, hand: &Hand<'_>) -> Result<Chunked, ImportError> {
        match self.pieces.recv().await {
            Some(Piece::Chunk(chunk)) => self.carry(hand, chunk).await.map(Chunked::Written),
            Some(Piece::Broken(error)) => Err(error),
            Some(Piece::End) => Ok(Chunked::End),
            // Silence is no end: whoever reads has died of the file.
            Some(Piece::Bound(..)) | None => Err(SourceError::Failed.into()),
        }
    }

    /// Rows that repeat a key wait for the next round, where they meet what the first one made.
    async fn carry(&mut self, hand: &Hand<'_>, chunk: Chunk) -> Result<Option<JobAsk>, ImportError> {
        let Chunk { rows, bytes, replaced } = chunk;
        let whole = u64::try_from(rows.len()).unwrap_or_default();
        if self.state.todo.is_none() {
            self.state.add_replaced(&replaced);
        }
        let mut rounds = self.rounds(rows, hand.cx.dry_run);
        // What each round leaves for those after it.
        let mut left: Vec<Vec<u32>> = Vec::with_capacity(rounds.len());
        let mut after = Vec::new();
        for round in rounds.iter().rev() {
            left.push(after.clone());
            after.extend(round.ready.iter().map(|row| row.place));
        }
        let mut asked = None;
        for round in rounds.drain(..) {
            let left = left.pop().unwrap_or_default();
            let round = Round { left, whole, bytes, may_try_again: true, ..round };
            let (again, wanted) = self.write(hand, round).await?;
            asked = wanted.or(asked);
            if let Some(again) = again {
                let (_, wanted) = self.write(hand, again).await?;
                asked = wanted.or(asked);
            }
        }
        Ok(asked)
    }

    /// Rows sorted into rounds; of a chunk that was begun, only those still to be done.
    fn rounds(&mut self, rows: Vec<Shaped>, dry_run: bool) -> Vec<Round> {
        let todo: Option<HashSet<u32>> = self.state.todo.as_ref().map(|todo| todo.iter().copied().collect());
        let mut rounds = vec![Round::default()];
        // Told with the first round: what is still to be done after a round names only rows that can be written.
        let mut unfit = Vec::new();
        let mut keys: HashSet<String> = HashSet::new();
        for (place, shaped) in (0_u32..).zip(rows) {
            if todo.as_ref().is_some_and(|todo| !todo.contains(&place)) {
                continue;
            }
            let Shaped { line, cells, input, key } = shaped;
            let empty = self.bound.key.is_some() && key.as_deref().is_none_or(str::is_empty);
            let known = dry_run && key.as_ref().is_some_and(|key| self.made.contains(key));
            let repeats = key.as_ref().is_some_and(|key| input.is_ok() && !empty && !known && !keys.insert(key.clone()));
            if repeats {
                keys.clear();
                keys.extend(key.clone());
                rounds.push(Round::default());
            }
            let Some(round) = rounds.last_mut() else { continue };
            match input {
                Err(problems) => unfit.push((line, cells, problems)),
                Ok(_) if empty => {
                    let problem = Problem::invalid("import/key_empty", "the cell of the match key is empty", "匹配键的单元格为空");
                    unfit.push((line, cells, vec![problem]));
                }
                Ok(_) if known => round.known += 1,
                Ok(input) => round.ready.push(Pending { place, line, cells, key, input, let_go: Vec::new() }),
            }
        }
        if let Some(first) = rounds.first_mut() {
            first.unfit = unfit;
        }
        rounds
    }

    /// Writes a round and what is known after it, in one transaction; gives back the rows worth another try.
    async fn write(&mut self, hand: &Hand<'_>, mut round: Round) -> Result<(Option<Round>, Option<JobAsk>), ImportError> {
        let (before, header) = (self.state.clone(), self.error_header());
        let ground = super::settle::Ground { cx: hand.cx, bound: &self.bound, on_match: self.on_match, header: &header };
        let mutation = Mutation { steps: self.step(&round).into_iter().collect(), idempotency: None };
        let settle = |outcomes: &[StepOutcome]| settled(&ground, &before, &round, rows_of(outcomes)).progress;
        let (outcomes, mut asked) = hand.pipeline.write_for_job(hand.cx, hand.policy, &mutation, (hand.lease, &settle)).await?;
        let done = settled(&ground, &before, &round, rows_of(&outcomes));
        if hand.cx.dry_run {
            let written = hand.pipeline.store.job_checkpoint(hand.cx.model.tenant, hand.lease, &done.progress).await;
            asked = written.map_err(RecordsError::from)?;
            self.made.extend(done.made);
        }
        self.state = done.state;
        let again: Vec<Pending> = round
            .ready
            .drain(..)
            .enumerate()
            .filter_map(|(at, mut row)| {
                let (_, let_go) = done.again.iter().find(|(again, _)| *again == at)?;
                for (relation, column) in let_go {
                    row.input.ones.retain(|(known, _)| known != relation);
                    row.let_go.push(column.clone());
                }
                Some(row)
            })
            .collect();
        let again = (!again.is_empty()).then(|| Round { ready: again, unfit: Vec::new(), known: 0, may_try_again: false, ..round });
        Ok((again, asked))
    }

    /// The batch of a round; none where no row of it can be written.
    fn step(&self, round: &Round) -> Option<Step> {
        let inputs: Vec<RecordInput> = round.ready.iter().map(|row| row.input.clone()).collect();
        if inputs.is_empty() {
            return None;
        }
        let batch = match self.bound.key {
            Some(key) => Batch::Upsert(key, inputs, self.on_match),
            None => Batch::Create(inputs),
        };
        Some(Step { write: Plan::Batch(self.bound.object, batch, BatchMode::Partial), answer: None })
    }
}

fn rows_of(outcomes: &[StepOutcome]) -> &[crate::BatchRow] {
    match outcomes.first() {
        Some(StepOutcome::Batch { rows, .. }) => rows,
        _ => &[],
    }
}
