//! The root fields of a mutation.

mod batches;
mod inputs;
mod merges;
mod relations;

use std::collections::HashMap;

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_model::{Object, ObjectIx};
use tenon_query::{CallKind, Deleted, Predicate, Sharing, Target, Write};
use tenon_value::{RecordId, Uuid};

use inputs::New;

use super::roots::Planned;
use super::{Lower, Shared, functions, keys, scalars};
use crate::collect::Collected;
use crate::schema::{Verb, mutation_named};
use crate::shape::{BatchPart, MutationShape, ResultPart};
use crate::syntax::ast::{Operation, Value as Input};

/// A root field of a mutation, planned.
pub(crate) struct MutationRoot<'a> {
    pub(crate) key: &'a str,
    pub(crate) location: (u32, u32),
    /// What is written and read back; none of `__typename`.
    pub(crate) step: Option<(Write, Option<Planned>)>,
    pub(crate) shape: MutationShape<'a>,
}

/// References to records of one of several objects: which of them each id is.
pub(crate) type Located = HashMap<Uuid, ObjectIx>;

/// What planning a mutation gave.
pub(crate) struct MutationPlan<'a> {
    pub(crate) roots: Vec<MutationRoot<'a>>,
    /// Ids of which the object must be found before planning again.
    pub(crate) unlocated: Vec<(Vec<ObjectIx>, Uuid)>,
}

/// Where the ids of an answer go: the first parameter of its plan.
pub(crate) const IDS: u16 = 0;

/// A problem's root field: key and place.
pub(crate) type Failed<'a> = (&'a str, (u32, u32), Problems);

/// What a share may give.
const SHARED: [tenon_model::Verb; 4] =
    [tenon_model::Verb::Read, tenon_model::Verb::Update, tenon_model::Verb::Delete, tenon_model::Verb::Share];

/// Whether required values that are missing are told while planning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Told,
    /// The pipeline will tell.
    Left,
}

/// Plans every root field of a mutation.
///
/// # Errors
/// The problems of each field that has some.
pub(crate) fn mutation<'a>(shared: Shared<'a>, operation: &'a Operation, located: &Located) -> Result<MutationPlan<'a>, Vec<Failed<'a>>> {
    // All problems are told at once: where there is one, planning is repeated to hear what is missing too.
    plan(shared, operation, located, Missing::Left).or_else(|_| plan(shared, operation, located, Missing::Told))
}

fn plan<'a>(
    shared: Shared<'a>,
    operation: &'a Operation,
    located: &Located,
    missing: Missing,
) -> Result<MutationPlan<'a>, Vec<Failed<'a>>> {
    let view = shared.schema.view();
    let mut plan = MutationPlan { roots: Vec::new(), unlocated: Vec::new() };
    let mut failed = Vec::new();
    for collected in shared.collector.collect(&operation.selection, |condition| condition == "Mutation") {
        let Some(field) = collected.first() else { continue };
        let location = (field.pos().line, field.pos().column);
        if &*field.name.text == "undoMerge" {
            match merges::undone(shared, &collected) {
                Ok(root) => plan.roots.push(root),
                Err(problems) => failed.push((collected.key, location, problems)),
            }
            continue;
        }
        let known = mutation_named(&view, &field.name.text);
        if known.is_none()
            && let Some(action) = view.offers.action_of(&field.name.text)
        {
            match functions::called(shared, (CallKind::Action, action), &collected) {
                Ok((call, shape)) => {
                    let (step, shape) = (Some((Write::Call(call), None)), MutationShape::Called(shape));
                    plan.roots.push(MutationRoot { key: collected.key, location, step, shape });
                }
                Err(problems) => failed.push((collected.key, location, problems)),
            }
            continue;
        }
        let Some((object, verb)) = known else {
            plan.roots.push(MutationRoot { key: collected.key, location, step: None, shape: MutationShape::TypeName });
            continue;
        };
        let mut writer =
            Writer { lower: Lower::new(shared), located, unlocated: Vec::new(), tell_missing: missing == Missing::Told, any_size: false };
        let made = writer.root(object, verb, &collected);
        plan.unlocated.append(&mut writer.unlocated);
        match (writer.lower.problems.into_result(), made) {
            (Ok(()), Some((write, answer, shape))) => {
                plan.roots.push(MutationRoot { key: collected.key, location, step: Some((write, answer)), shape });
            }
            (Ok(()), None) => failed.push((collected.key, location, Problem::of_kind(tenon_diagnostics::Kind::Invalid).into())),
            (Err(problems), _) => failed.push((collected.key, location, problems)),
        }
    }
    if failed.is_empty() { Ok(plan) } else { Err(failed) }
}

pub(super) struct Writer<'a, 'w> {
    pub(super) lower: Lower<'a>,
    located: &'w Located,
    unlocated: Vec<(Vec<ObjectIx>, Uuid)>,
    /// There are other problems, so what is missing is told as well.
    tell_missing: bool,
    /// The batch at hand may have any size: a job carries it out.
    any_size: bool,
}

type Made<'a> = Option<(Write, Option<Planned>, MutationShape<'a>)>;

impl<'a> Writer<'a, '_> {
    fn wrong<T>(&mut self, path: &InputPath, problem: Problem) -> Option<T> {
        self.lower.wrong(path, problem);
        None
    }

    fn argument(&self, collected: &Collected<'a>, name: &str) -> Option<std::borrow::Cow<'a, Input>> {
        self.lower.collector.input(collected.first()?, name).filter(|value| !value.is_null())
    }

    fn id_argument(&mut self, collected: &Collected<'a>) -> Option<RecordId> {
        let id = self.argument(collected, "id")?;
        match scalars::id(&id) {
            Ok(id) => Some(RecordId(id)),
            Err(problem) => self.wrong(&InputPath::default().key("id"), problem),
        }
    }

    fn root(&mut self, object: &'a Object, verb: Verb, collected: &Collected<'a>) -> Made<'a> {
        // Planning a write on what may not be written would be noticed by the pipeline too; here it costs nothing.
        self.lower.table(object.ix, verb.action(), Place::Write)?;
        let path = InputPath::default().key("input");
        let input = self.argument(collected, "input");
        let version = self.argument(collected, "expectedVersion").and_then(|version| version.as_int());
        let ix = object.ix;
        let write = match verb {
            Verb::Create => Write::Create(ix, self.record_input(object, &*input?, (&path, 1), New::Yes)?),
            Verb::Update => {
                let id = self.id_argument(collected);
                let input = self.record_input(object, &*input?, (&path, 1), New::No);
                Write::Update(ix, id?, version, input?)
            }
            Verb::Upsert => {
                let target = self.target(object, collected)?;
                Write::Upsert(ix, target, self.record_input(object, &*input?, (&path, 1), New::No)?)
            }
            Verb::Delete => Write::Delete(ix, self.id_argument(collected)?, version),
            Verb::Restore => Write::Restore(ix, self.id_argument(collected)?),
            Verb::Destroy => {
                let write = Write::Destroy(ix, self.id_argument(collected)?);
                return Some((write, None, MutationShape::Destroyed(self.lower.subs(&collected.fields))));
            }
            Verb::Share | Verb::Unshare => Write::Share(ix, self.id_argument(collected)?, self.sharing(verb, collected)?),
            Verb::Merge => return self.merge(object, collected),
            _ => return self.batch(object, verb, collected),
        };
        let (planned, shape) = self.lower.by_ids(object, &collected.fields, Vec::new(), (Deleted::Include, Place::Returning))?;
        Some((write, Some(planned), MutationShape::Record(shape)))
    }

    /// With whom, and what is given: `rights` are the words of roles, reading is always among them.
    fn sharing(&mut self, verb: Verb, collected: &Collected<'a>) -> Option<Sharing> {
        let root = InputPath::default();
        let with = match scalars::id(&*self.argument(collected, "with")?) {
            Ok(id) => RecordId(id),
            Err(problem) => return self.wrong(&root.key("with"), problem),
        };
        if verb == Verb::Unshare {
            return Some(Sharing { with, given: None });
        }
        let mut rights = Vec::new();
        for (at, word) in self.argument(collected, "rights")?.elements().iter().enumerate() {
            let verb = word.as_text().and_then(tenon_model::Verb::from_word).filter(|verb| SHARED.contains(verb));
            let Some(verb) = verb else {
                let problem = Problem::invalid(
                    "choice",
                    "a share gives read, update, delete or share",
                    "共享权限只能是 read、update、delete 或 share",
                );
                return self.wrong(&root.key("rights").index(at), problem);
            };
            if !rights.contains(&verb) {
                rights.push(verb);
            }
        }
        let until = match self.argument(collected, "until").map(|until| scalars::moment(&until)) {
            None => None,
            Some(Ok(until)) => Some(until),
            Some(Err(problem)) => return self.wrong(&root.key("until"), problem),
        };
        Some(Sharing { with, given: Some((rights, until)) })
    }

    fn target(&mut self, object: &'a Object, collected: &Collected<'a>) -> Option<Target> {
        let word = self.argument(collected, "by")?;
        keys::target(object, word.as_text()?)
    }

    /// The selection on a batch's answer.
    fn batch_shape(&mut self, object: &'a Object, verb: Verb, collected: &Collected<'a>) -> Option<(Option<Planned>, MutationShape<'a>)> {
        let mut record_fields = Vec::new();
        let mut parts = Vec::new();
        for part in self.lower.collector.collect_below(&collected.fields, |_| true) {
            let Some(field) = part.first() else { continue };
            let made = match &*field.name.text {
                "nodes" => {
                    record_fields.push(part.fields.clone());
                    BatchPart::Nodes(record_fields.len() - 1)
                }
                "results" => {
                    let mut results = Vec::new();
                    for result in self.lower.collector.collect_below(&part.fields, |_| true) {
                        let Some(field) = result.first() else { continue };
                        results.push((
                            result.key,
                            match &*field.name.text {
                                "node" => {
                                    record_fields.push(result.fields.clone());
                                    ResultPart::Node(record_fields.len() - 1)
                                }
                                "errors" => ResultPart::Errors(self.lower.subs(&result.fields)),
                                "index" => ResultPart::Index,
                                "status" => ResultPart::Status,
                                _ => ResultPart::TypeName,
                            },
                        ));
                    }
                    BatchPart::Results(results)
                }
                "job" => BatchPart::Job(self.lower.subs(&part.fields)),
                "__typename" => BatchPart::TypeName,
                name => BatchPart::Count(name),
            };
            parts.push((part.key, made));
        }
        // Several selections of the same records share one read; each has its own shape over it.
        let mut shapes = Vec::new();
        let mut planned = None;
        if !record_fields.is_empty() && verb != Verb::DestroyMany {
            let (plan, made) = self.lower.by_ids_in_shapes(object, &record_fields)?;
            planned = Some(plan);
            shapes = made;
        }
        Some((planned, MutationShape::Batch { object, parts, shapes }))
    }
}

/// Whether a predicate holds of every row, whatever the rows are.
pub(super) fn is_unbounded(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) => parts.iter().all(is_unbounded),
        Predicate::Any(parts) => parts.iter().any(is_unbounded),
        Predicate::Not(inner) => is_empty(inner),
        _ => false,
    }
}

fn is_empty(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) => parts.iter().any(is_empty),
        Predicate::Any(parts) => parts.iter().all(is_empty),
        Predicate::Not(inner) => is_unbounded(inner),
        _ => false,
    }
}
