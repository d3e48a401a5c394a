//! One chunk of rows through the pipeline: read, keyed, sent in waves, counted.
//!
//! A key that repeats within a chunk waits for the wave after its first row, so that rows work in the file's order and
//! find what an earlier row of the same file has made.

use std::collections::{BTreeMap, HashMap, HashSet};

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, UniquePart};
use tenon_query::{Batch, BatchMode, OnMatch, OneWrite, RecordInput, RecordKey, Target, Write};
use tenon_value::Value;

use super::bind::{Bound, By, Finding, Sink, ToOne};
use super::error::ImportError;
use super::mapping::Missing;
use super::reader::{Cells, Raw};
use super::report::{ErrorFile, ImportReport, MissingCount, Replaced};
use super::row::{self, Read};
use super::run::Import;
use crate::resolve::spelling;
use crate::{BatchRow, Mutation, Status, Step, StepOutcome};

/// A row on its way, with what its failure would show.
struct Row {
    raw: Raw,
    input: RecordInput,
    key: Option<String>,
    /// Relations emptied because nobody has the key; by place of the column.
    emptied: Vec<usize>,
}

/// Sends chunks, and keeps count.
pub(crate) struct Chunks<'a, 'w> {
    pub(crate) import: &'a Import<'a>,
    pub(crate) bound: &'a Bound,
    pub(crate) object: &'a Object,
    /// Place in a CSV record of each column of the mapping.
    pub(crate) order: Vec<Option<usize>>,
    pub(crate) report: ImportReport,
    pub(crate) errors: ErrorFile<'w>,
    swaps: HashMap<(usize, String), (String, u64)>,
    missing: BTreeMap<usize, u64>,
    /// A dry run writes nothing; these are the keys that the file itself would have made by now.
    would_be: HashSet<String>,
}

impl<'a, 'w> Chunks<'a, 'w> {
    pub(crate) fn new(import: &'a Import<'a>, bound: &'a Bound, object: &'a Object, order: Vec<Option<usize>>, errors: ErrorFile<'w>) -> Self {
        let (swaps, missing, would_be) = (HashMap::new(), BTreeMap::new(), HashSet::new());
        Self { import, bound, object, order, report: ImportReport::default(), errors, swaps, missing, would_be }
    }

    /// Works a chunk.
    pub(crate) async fn work(&mut self, chunk: Vec<Raw>) -> Result<(), ImportError> {
        let mut waves: Vec<Vec<Row>> = Vec::new();
        let mut met: HashMap<String, usize> = HashMap::new();
        for raw in chunk {
            let Some(row) = self.read(raw)? else { continue };
            let wave = match &row.key {
                Some(key) => {
                    let wave = met.entry(key.clone()).or_default();
                    *wave += 1;
                    *wave - 1
                }
                None => 0,
            };
            if waves.len() <= wave {
                waves.resize_with(wave + 1, Vec::new);
            }
            if let Some(rows) = waves.get_mut(wave) {
                rows.push(row);
            }
        }
        let mut done: HashSet<String> = HashSet::new();
        for rows in waves {
            let (mut known, mut open) = (Vec::new(), Vec::new());
            for row in rows {
                let settled = row.key.as_ref().is_some_and(|key| {
                    self.would_be.contains(key) || (self.bound.on_match == OnMatch::Skip && done.contains(key))
                });
                if settled { known.push(row) } else { open.push(row) }
            }
            let count = u64::try_from(known.len()).unwrap_or_default();
            match self.bound.on_match {
                OnMatch::Skip => self.report.skipped += count,
                OnMatch::Update => self.report.updated += count,
            }
            self.send(open, &mut done).await?;
        }
        Ok(())
    }

    /// A row as an input, or its failure.
    fn read(&mut self, raw: Raw) -> Result<Option<Row>, ImportError> {
        let Read { input, mut problems, swaps } = row::read(self.bound, &self.import.cx.model, self.object, &raw.cells, &self.order);
        let key = key_of(&self.bound.finding, &input);
        if problems.is_empty() && key.is_none() && self.bound.finding != Finding::Never {
            problems.push(row::key_empty(self.object));
        }
        for (place, from, to) in swaps {
            self.swaps.entry((place, from)).or_insert((to, 0)).1 += 1;
        }
        if problems.is_empty() {
            return Ok(Some(Row { raw, input, key, emptied: Vec::new() }));
        }
        self.fail(&raw, &problems)?;
        Ok(None)
    }

    fn fail(&mut self, raw: &Raw, problems: &[Problem]) -> Result<(), ImportError> {
        self.report.failed += 1;
        let cells: Vec<String> = match &raw.cells {
            Cells::Csv(record) => record.iter().map(str::to_owned).collect(),
            Cells::Json(members) => vec![serde_json::Value::Object(members.clone()).to_string()],
            Cells::Broken(_, text) => vec![text.clone()],
        };
        Ok(self.errors.add(raw.line, problems, &cells)?)
    }

    /// Sends rows; those that fail only for a relation that may stay empty are sent once more without it.
    async fn send(&mut self, rows: Vec<Row>, done: &mut HashSet<String>) -> Result<(), ImportError> {
        let mut rows = rows;
        while !rows.is_empty() {
            let outcomes = self.pass(&mut rows).await?;
            let mut again = Vec::new();
            for (mut row, outcome) in rows.into_iter().zip(outcomes) {
                if outcome.status == Status::Failed && self.forgive(&mut row, &outcome.problems) {
                    again.push(row);
                    continue;
                }
                self.count(&row, &outcome, done)?;
            }
            rows = again;
        }
        Ok(())
    }

    fn count(&mut self, row: &Row, outcome: &BatchRow, done: &mut HashSet<String>) -> Result<(), ImportError> {
        match outcome.status {
            Status::Created => self.report.created += 1,
            Status::Updated | Status::Restored => self.report.updated += 1,
            Status::Skipped => self.report.skipped += 1,
            Status::Failed => return self.fail(&row.raw, &outcome.problems),
            _ => self.report.unchanged += 1,
        }
        for place in &row.emptied {
            *self.missing.entry(*place).or_default() += 1;
        }
        if let Some(key) = &row.key {
            done.insert(key.clone());
            if self.import.cx.dry_run && outcome.status == Status::Created {
                self.would_be.insert(key.clone());
            }
        }
        Ok(())
    }

    /// Takes relations out of a row whose targets are not there, where the mapping allows it, or where this dry run
    /// would have made them. False where something else is wrong too.
    fn forgive(&self, row: &mut Row, problems: &[Problem]) -> bool {
        let mut dropped = Vec::new();
        for problem in problems {
            let named = problem.field.as_deref().filter(|_| problem.rule.as_deref() == Some("reference"));
            let relation = named.and_then(|name| self.object.relation_named(name));
            let Some((place, to_one)) = relation.and_then(|relation| self.column_of(relation.ix)) else { return false };
            if to_one.missing == Missing::Empty {
                dropped.push((to_one.relation, Some(place)));
            } else if self.import.cx.dry_run && self.would_find(row, to_one) {
                dropped.push((to_one.relation, None));
            } else {
                return false;
            }
        }
        let before = row.input.ones.len();
        row.input.ones.retain(|(relation, _)| !dropped.iter().any(|(gone, _)| gone == relation));
        row.emptied.extend(dropped.into_iter().filter_map(|(_, place)| place));
        row.input.ones.len() < before
    }

    fn column_of(&self, relation: tenon_model::RelationIx) -> Option<(usize, &ToOne)> {
        self.bound.columns.iter().enumerate().find_map(|(place, column)| {
            column.ways.iter().find_map(|way| match &way.sink {
                Sink::One(to_one) if to_one.relation == relation => Some((place, to_one)),
                _ => None,
            })
        })
    }

    fn would_find(&self, row: &Row, to_one: &ToOne) -> bool {
        let same = match (&to_one.by, &self.bound.finding) {
            (By::External(_), Finding::By(Target::External, _)) => true,
            (By::Unique(place, _), Finding::By(Target::Unique(key), _)) => place == key,
            _ => false,
        };
        let write = row.input.ones.iter().find(|(relation, _)| *relation == to_one.relation).map(|(_, write)| write);
        match write {
            Some(OneWrite::Connect(target, key)) => same && *target == self.object.ix && self.would_be.contains(&spelled(key)),
            _ => false,
        }
    }

    /// One batch through the pipeline; one outcome per row. The inputs are lent, not cloned.
    async fn pass(&mut self, rows: &mut [Row]) -> Result<Vec<BatchRow>, ImportError> {
        let mut inputs = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter_mut().enumerate() {
            let mut input = std::mem::take(&mut row.input);
            input.path = InputPath::default().key("rows").index(at);
            inputs.push(input);
        }
        if self.bound.finding == Finding::ById {
            let (outcomes, lent) = self.import.by_id(self.bound, inputs).await?;
            give_back(rows, lent);
            return Ok(outcomes);
        }
        let batch = match &self.bound.finding {
            Finding::By(target, _) => Batch::Upsert(*target, inputs, self.bound.on_match),
            _ => Batch::Create(inputs),
        };
        let step = Step { write: Write::Batch(self.object.ix, batch, BatchMode::Partial), answer: None };
        let mutation = Mutation { steps: vec![step], idempotency: None };
        let outcomes = self.import.pipeline.write(self.import.cx, self.import.policy, &mutation).await?;
        for step in mutation.steps {
            if let Write::Batch(_, Batch::Upsert(_, inputs, _) | Batch::Create(inputs), _) = step.write {
                give_back(rows, inputs);
            }
        }
        Ok(outcomes.into_iter().flat_map(|outcome| if let StepOutcome::Batch { rows, .. } = outcome { rows } else { Vec::new() }).collect())
    }

    /// The report so far.
    pub(crate) fn snapshot(&self) -> ImportReport {
        let header = |place: usize| self.bound.columns.get(place).map(|column| column.header.clone()).unwrap_or_default();
        let mut replaced: Vec<Replaced> = self
            .swaps
            .iter()
            .map(|((place, from), (to, count))| Replaced { column: header(*place), from: from.clone(), to: to.clone(), count: *count })
            .collect();
        replaced.sort_by(|left, right| (&left.column, &left.from).cmp(&(&right.column, &right.from)));
        let missing = self.missing.iter().map(|(place, count)| MissingCount { column: header(*place), count: *count }).collect();
        ImportReport { replaced, missing, ..self.report.clone() }
    }
}

fn give_back(rows: &mut [Row], inputs: Vec<RecordInput>) {
    for (row, input) in rows.iter_mut().zip(inputs) {
        row.input = input;
    }
}

fn spelled(key: &RecordKey) -> String {
    match key {
        RecordKey::Unique(_, values) => spelling(values),
        RecordKey::External(external) => external.key.clone().unwrap_or_default(),
        RecordKey::Id(id) => id.to_string(),
    }
}

/// What a row is matched by, in one spelling; none where a part is empty.
fn key_of(finding: &Finding, input: &RecordInput) -> Option<String> {
    match finding {
        Finding::Never => None,
        Finding::ById => input.id.map(|id| id.to_string()),
        Finding::By(Target::External, _) => input.external_ids.first().and_then(|external| external.key.clone()),
        Finding::By(Target::Unique(_), parts) => {
            let part = |part: &UniquePart| match part {
                UniquePart::Field(ix) => input.fields.iter().find(|(field, _)| field == ix).map(|(_, value)| value.clone()).filter(|value| !value.is_null()),
                UniquePart::Relation(ix) => match input.ones.iter().find(|(relation, _)| relation == ix) {
                    Some((_, OneWrite::Connect(_, key))) => Some(Value::text(spelled(key))),
                    Some((_, OneWrite::ConnectOrCreate(_, _, made))) => Some(Value::text(format!("{:?} {:?}", made.fields, made.external_ids))),
                    _ => None,
                },
            };
            parts.iter().map(part).collect::<Option<Vec<Value>>>().map(|values| spelling(&values))
        }
    }
}
