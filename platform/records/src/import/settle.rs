//! What is known after a round: a pure account of the rows and what became of them, made within the round's transaction.

use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::RelationIx;
use tenon_query::{OnMatch, RecordInput};
use tenon_store::JobProgress;

use super::bind::{Bound, Goal};
use super::errors::error_line;
use super::mapping::Missing;
use super::source::Cell;
use super::state::ImportState;
use crate::{BatchRow, Status};

/// Rows kept in the error file (`import_errors`); what fails beyond is counted only.
pub const ERROR_ROWS_MAX: u64 = 100_000;
/// The pieces of the error file.
pub const ERRORS: &str = "errors";
/// The pieces that name new records.
pub const CREATED: &str = "created";
/// The pieces that name changed records.
pub const UPDATED: &str = "updated";

/// A row on its way.
pub(super) struct Pending {
    /// Its place in the chunk.
    pub(super) place: u32,
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
    pub(super) key: Option<String>,
    pub(super) input: RecordInput,
    /// Columns whose relations were left out: they point nowhere.
    pub(super) let_go: Vec<String>,
}

/// Rows written together.
#[derive(Default)]
pub(super) struct Round {
    pub(super) ready: Vec<Pending>,
    /// Rows that cannot be written, with what is wrong.
    pub(super) unfit: Vec<(u64, Vec<Cell>, Vec<Problem>)>,
    /// Rows of a dry run that meet what an earlier one would have made.
    pub(super) known: u64,
    /// Places of the rows that come after.
    pub(super) left: Vec<u32>,
    /// Rows of the whole chunk, and bytes of the file up to its end.
    pub(super) whole: u64,
    pub(super) bytes: u64,
    pub(super) may_try_again: bool,
}

/// What all rounds stand on.
pub(super) struct Ground<'g> {
    pub(super) cx: &'g OpContext,
    pub(super) bound: &'g Bound,
    pub(super) on_match: OnMatch,
    pub(super) header: &'g str,
}

/// What is known after a round.
pub(super) struct Settled {
    pub(super) state: ImportState,
    pub(super) progress: JobProgress,
    /// Rows worth another try: their place in the round, and the relations to be left out with their columns.
    pub(super) again: Vec<(usize, Vec<(RelationIx, String)>)>,
    /// Keys that a dry run would have made.
    pub(super) made: Vec<String>,
}

pub(super) fn settled(ground: &Ground<'_>, before: &ImportState, round: &Round, results: &[BatchRow]) -> Settled {
    let mut account = Account { ground, state: before.clone(), errors: String::new(), created: String::new(), updated: String::new() };
    for (line, cells, problems) in &round.unfit {
        account.fail(*line, cells, problems);
    }
    for _ in 0..round.known {
        account.state.count(if ground.on_match == OnMatch::Skip { Status::Skipped } else { Status::Updated });
    }
    let (mut again, mut made) = (Vec::new(), Vec::new());
    let mut todo = round.left.clone();
    for (at, (row, result)) in round.ready.iter().zip(results).enumerate() {
        if result.status != Status::Failed {
            account.done(row, result);
            made.extend((result.status == Status::Created).then(|| row.key.clone()).flatten());
            continue;
        }
        match Some(&result.problems).filter(|_| round.may_try_again).and_then(|problems| account.let_go(problems)) {
            Some(let_go) => {
                again.push((at, let_go));
                todo.push(row.place);
            }
            None => account.fail(row.line, &row.cells, &result.problems),
        }
    }
    let (state, progress) = account.close(todo, round);
    Settled { state, progress, again, made }
}

/// Counts and pieces under way.
struct Account<'g> {
    ground: &'g Ground<'g>,
    state: ImportState,
    errors: String,
    created: String,
    updated: String,
}

impl Account<'_> {
    fn done(&mut self, row: &Pending, result: &BatchRow) {
        self.state.count(result.status);
        for column in &row.let_go {
            *self.state.missing.entry(column.clone()).or_default() += 1;
        }
        let ids = match result.status {
            Status::Created => &mut self.created,
            Status::Updated | Status::Restored => &mut self.updated,
            _ => return,
        };
        if let Some(id) = result.id {
            *ids += &id.to_string();
            ids.push(' ');
        }
    }

    fn fail(&mut self, line: u64, cells: &[Cell], problems: &[Problem]) {
        self.state.count(Status::Failed);
        if self.state.told >= ERROR_ROWS_MAX {
            return;
        }
        self.state.told += 1;
        for problem in problems {
            self.errors += &error_line(line, problem, cells, self.ground.cx.locale);
        }
    }

    /// The relations of a row that point nowhere and may stay empty; none where something else is wrong too.
    fn let_go(&self, problems: &[Problem]) -> Option<Vec<(RelationIx, String)>> {
        let object = self.ground.cx.model.object(self.ground.bound.object)?;
        let mut let_go = Vec::new();
        for problem in problems {
            if problem.rule.as_deref() != Some("reference") {
                return None;
            }
            let of_relation = |goal: &Goal| match goal {
                Goal::Relation { relation, missing: Missing::Empty, .. } => object
                    .relation(*relation)
                    .is_some_and(|known| problem.field.as_deref() == Some(known.name.as_str()))
                    .then_some(*relation),
                _ => None,
            };
            let aims = &self.ground.bound.aims;
            let_go.push(aims.iter().find_map(|aim| of_relation(&aim.goal).map(|relation| (relation, aim.name.clone())))?);
        }
        (!let_go.is_empty()).then_some(let_go)
    }

    fn close(mut self, mut todo: Vec<u32>, round: &Round) -> (ImportState, JobProgress) {
        if todo.is_empty() {
            self.state.rows += round.whole;
            self.state.bytes = round.bytes;
            self.state.todo = None;
        } else {
            todo.sort_unstable();
            self.state.todo = Some(todo);
        }
        let mut parts = Vec::new();
        if self.state.pieces == 0 {
            self.errors.insert_str(0, self.ground.header);
        }
        if !self.errors.is_empty() {
            parts.push((ERRORS, self.state.pieces, self.errors));
            self.state.pieces += 1;
        }
        // What a dry run would have written is nowhere.
        let written = [(CREATED, self.created), (UPDATED, self.updated)];
        for (kind, ids) in written.into_iter().filter(|(_, ids)| !ids.is_empty() && !self.ground.cx.dry_run) {
            parts.push((kind, self.state.written, ids));
            self.state.written += 1;
        }
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = JobProgress {
            progress: self.state.to_json(),
            total: None,
            done: number(self.state.total()),
            failed: number(self.state.failed),
            parts,
        };
        (self.state, progress)
    }
}
