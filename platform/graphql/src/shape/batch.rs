//! What a mutation answers: the record itself, or what became of each row of a batch.

use std::collections::HashMap;

use tenon_hooks::{FunctionOffer, Param};
use tenon_model::Object;
use tenon_query::{Answer, Called, Row};
use tenon_records::{BatchRow, Merged, Status, StepOutcome};
use tenon_value::{Json, Locale, Uuid};

use super::{Out, RecordShape, Scene, Sub};

/// The selection on a root field of a mutation.
pub(crate) enum MutationShape<'a> {
    TypeName,
    Record(RecordShape<'a>),
    Destroyed(Vec<Sub<'a>>),
    /// A merge: response keys, and shapes over the one read that answers.
    Merge {
        object: &'a Object,
        parts: Vec<(&'a str, MergePart<'a>)>,
        shapes: Vec<RecordShape<'a>>,
    },
    /// A merge was taken back.
    Undone,
    /// An action of a plugin.
    Called(CalledShape<'a>),
    Batch {
        object: &'a Object,
        parts: Vec<(&'a str, BatchPart<'a>)>,
        /// Shapes over the one read that answers.
        shapes: Vec<RecordShape<'a>>,
    },
}

/// One response key of a batch.
pub(crate) enum BatchPart<'a> {
    TypeName,
    /// The job that carries it out, in mode JOB.
    Job(Vec<Sub<'a>>),
    /// `affected created updated unchanged failed`.
    Count(&'a str),
    /// By the place of its shape.
    Nodes(usize),
    Results(Vec<(&'a str, ResultPart<'a>)>),
}

/// The selection on the answer of a function of a plugin.
pub(crate) struct CalledShape<'a> {
    pub(crate) function: &'a FunctionOffer,
    pub(crate) parts: Vec<(&'a str, CalledPart<'a>)>,
}

/// One response key of a function.
pub(crate) enum CalledPart<'a> {
    TypeName,
    /// Of a function that gives nothing else.
    Done,
    Value(&'a Param),
}

/// One response key of a merge.
pub(crate) enum MergePart<'a> {
    TypeName,
    /// By the place of its shape.
    Survivor(usize),
    Merge(Vec<Sub<'a>>),
}

/// One response key of a row of a batch.
pub(crate) enum ResultPart<'a> {
    TypeName,
    Index,
    Status,
    Node(usize),
    Errors(Vec<Sub<'a>>),
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Created => "CREATED",
        Status::Updated => "UPDATED",
        Status::Unchanged => "UNCHANGED",
        Status::Deleted => "DELETED",
        Status::Restored => "RESTORED",
        Status::Destroyed => "DESTROYED",
        Status::Skipped => "SKIPPED",
        Status::Failed => "FAILED",
    }
}

fn rows(answer: Option<&Answer>) -> &[Row] {
    match answer {
        Some(Answer::Page(page)) => &page.rows,
        _ => &[],
    }
}

impl Out {
    /// The answer of one root field.
    pub(crate) fn outcome(&mut self, shape: &MutationShape<'_>, outcome: Option<&StepOutcome>, scene: &Scene<'_>) {
        match (shape, outcome) {
            (MutationShape::TypeName, _) => self.plain("Mutation"),
            (MutationShape::Undone, _) => self.number(true),
            (MutationShape::Called(shape), Some(StepOutcome::Called(Called::Done(json)))) => self.called(shape, json),
            (MutationShape::Merge { object, parts, shapes }, Some(StepOutcome::Merged { merged, answer })) => {
                let gone = Row { id: merged.survivor.0, ..Row::default() };
                let row = rows(answer.as_ref()).first().unwrap_or(&gone);
                self.merged((object, parts, shapes), (merged, row), scene);
            }
            (MutationShape::Destroyed(subs), Some(StepOutcome::One { id, .. })) => self.subs(subs, "Destroyed", |out, _| out.plain(id)),
            (MutationShape::Record(shape), Some(StepOutcome::One { id, answer, .. })) => {
                // What the write itself has put out of the caller's sight is answered with its id alone.
                let gone = Row { id: id.0, ..Row::default() };
                self.record(shape, Some(rows(answer.as_ref()).first().unwrap_or(&gone)), scene);
            }
            (MutationShape::Batch { object, parts, shapes }, Some(StepOutcome::Batch { rows: results, answer })) => {
                let found: HashMap<Uuid, &Row> = rows(answer.as_ref()).iter().map(|row| (row.id, row)).collect();
                self.batch((object, parts, shapes), (results, &found), None, scene);
            }
            (MutationShape::Batch { object, parts, shapes }, Some(StepOutcome::Later(job, total))) => {
                self.batch((object, parts, shapes), (&[], &HashMap::new()), Some((*job, *total)), scene);
            }
            _ => self.null(),
        }
    }

    /// What a plugin answered.
    pub(crate) fn called(&mut self, CalledShape { function, parts }: &CalledShape<'_>, json: &Json) {
        self.object(
            parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                CalledPart::TypeName => out.plain(function.result_type()),
                CalledPart::Done => out.number(true),
                CalledPart::Value(param) => match json.get(&param.name) {
                    Some(Json::Null) | None if param.many => out.raw("[]"),
                    Some(value) => out.json(value),
                    None => out.null(),
                },
            },
        );
    }

    fn merged(
        &mut self,
        (object, parts, shapes): (&Object, &[(&str, MergePart<'_>)], &[RecordShape<'_>]),
        (merged, row): (&Merged, &Row),
        scene: &Scene<'_>,
    ) {
        self.object(
            parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                MergePart::TypeName => out.plain(format_args!("{}Merge", object.graphql.type_name)),
                MergePart::Survivor(at) => match shapes.get(*at) {
                    Some(shape) => out.record(shape, Some(row), scene),
                    None => out.null(),
                },
                MergePart::Merge(subs) => out.subs(subs, "Merge", |out, sub| match sub.name {
                    "id" => out.plain(merged.id),
                    "undoUntil" => out.plain(merged.until),
                    _ => out.number(merged.moved),
                }),
            },
        );
    }

    fn batch(
        &mut self,
        (object, parts, shapes): (&Object, &[(&str, BatchPart<'_>)], &[RecordShape<'_>]),
        (results, found): (&[BatchRow], &HashMap<Uuid, &Row>),
        job: Option<(Uuid, Option<i64>)>,
        scene: &Scene<'_>,
    ) {
        let count = |wanted: &[Status]| results.iter().filter(|row| wanted.contains(&row.status)).count();
        self.object(
            parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                BatchPart::TypeName => out.plain(format_args!("{}Batch", object.graphql.type_name)),
                BatchPart::Count(name) => out.number(match *name {
                    "created" => count(&[Status::Created]),
                    "updated" => count(&[Status::Updated]),
                    "unchanged" => count(&[Status::Unchanged, Status::Skipped]),
                    "failed" => count(&[Status::Failed]),
                    _ => count(&[Status::Created, Status::Updated, Status::Deleted, Status::Restored, Status::Destroyed]),
                }),
                BatchPart::Job(subs) => out.json(&crate::jobs::made(job, subs)),
                BatchPart::Nodes(at) => {
                    let nodes = results.iter().filter_map(|row| found.get(&row.id?.0));
                    out.list(nodes, |out, row| match shapes.get(*at) {
                        Some(shape) => out.record(shape, Some(row), scene),
                        None => out.null(),
                    });
                }
                BatchPart::Results(parts) => out.list(results, |out, row| out.result((object, parts, shapes), (row, found), scene)),
            },
        );
    }

    fn result(
        &mut self,
        (object, parts, shapes): (&Object, &[(&str, ResultPart<'_>)], &[RecordShape<'_>]),
        (row, found): (&BatchRow, &HashMap<Uuid, &Row>),
        scene: &Scene<'_>,
    ) {
        self.object(
            parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                ResultPart::TypeName => out.plain(format_args!("{}Result", object.graphql.type_name)),
                ResultPart::Index => out.number(row.index),
                ResultPart::Status => out.plain(word(row.status)),
                ResultPart::Node(at) => match (shapes.get(*at), row.id.and_then(|id| found.get(&id.0))) {
                    (Some(shape), Some(row)) => out.record(shape, Some(row), scene),
                    _ => out.null(),
                },
                ResultPart::Errors(subs) => out.list(&row.problems, |out, problem| out.record_error(problem, subs, scene.locale)),
            },
        );
    }

    fn record_error(&mut self, problem: &tenon_diagnostics::Problem, subs: &[Sub<'_>], locale: Locale) {
        self.subs(subs, "RecordError", |out, sub| {
            let text = match sub.name {
                "code" => Some(problem.kind.code()),
                "message" => Some(problem.message.in_locale(locale)),
                "field" => problem.field.as_deref(),
                "rule" => problem.rule.as_deref(),
                "limit" => problem.limit,
                "package" => problem.package.as_deref(),
                _ => return out.json(&problem.input_path.to_json()),
            };
            match text {
                Some(text) => out.text(text),
                None => out.null(),
            }
        });
    }
}
