//! Many at once: which records, and what becomes of them.

use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_model::Object;
use tenon_query::{Batch, BatchMode, Later, OnMatch, Params, Predicate, RecordInput, Write};
use tenon_value::RecordId;

use super::inputs::New;
use super::{Made, Writer, is_unbounded};
use crate::collect::Collected;
use crate::limits;
use crate::lower::scalars;
use crate::schema::Verb;
use crate::syntax::ast::Value as Input;

/// Which records a batch names.
enum Which {
    Ids(Vec<(RecordId, InputPath)>),
    Where(Box<(Predicate, Params)>),
}

/// Rows of a batch that names them.
fn size(batch: &Batch) -> Option<i64> {
    let count = match batch {
        Batch::Create(inputs) | Batch::Upsert(_, inputs, _) => inputs.len(),
        Batch::UpdateEach(updates) => updates.len(),
        Batch::UpdateIds(ids, _) | Batch::Delete(ids) | Batch::Restore(ids) | Batch::Destroy(ids) => ids.len(),
        _ => return None,
    };
    i64::try_from(count).ok()
}

impl<'a> Writer<'a, '_> {
    pub(super) fn batch(&mut self, object: &'a Object, verb: Verb, collected: &Collected<'a>) -> Made<'a> {
        let word = self.argument(collected, "mode").as_deref().and_then(Input::as_text).map(str::to_owned);
        let (mode, later) = match word.as_deref() {
            Some("PARTIAL") => (BatchMode::Partial, false),
            Some("JOB") => (BatchMode::Partial, !self.lower.in_job),
            _ => (BatchMode::Atomic, false),
        };
        // What a job carries out has any size; its document is bounded by its bytes.
        self.any_size = later || self.lower.in_job;
        let batch = match verb {
            Verb::CreateMany => Batch::Create(self.inputs(object, collected, (New::Yes, mode))?),
            Verb::UpsertMany => {
                let target = self.target(object, collected)?;
                let on_match = match self.argument(collected, "onMatch").as_deref().and_then(Input::as_text) {
                    Some("SKIP") => OnMatch::Skip,
                    _ => OnMatch::Update,
                };
                Batch::Upsert(target, self.inputs(object, collected, (New::No, mode))?, on_match)
            }
            Verb::UpdateMany => self.updates(object, collected, mode)?,
            verb => match (verb, self.which(object, collected)?) {
                (Verb::DeleteMany, Which::Ids(ids)) => Batch::Delete(ids),
                (Verb::DeleteMany, Which::Where(filter)) => Batch::DeleteWhere(filter),
                (Verb::RestoreMany, Which::Ids(ids)) => Batch::Restore(ids),
                (Verb::RestoreMany, Which::Where(filter)) => Batch::RestoreWhere(filter),
                (_, Which::Ids(ids)) => Batch::Destroy(ids),
                (_, Which::Where(filter)) => Batch::DestroyWhere(filter),
            },
        };
        let (planned, shape) = self.batch_shape(object, verb, collected)?;
        if later {
            let later = Later { kind: crate::jobs::BATCH, payload: tenon_value::Json::Null, total: size(&batch) };
            return Some((Write::Later(later), None, shape));
        }
        Some((Write::Batch(object.ix, batch, mode), planned, shape))
    }

    fn bounded(&mut self, count: usize, path: &InputPath) -> Option<()> {
        let count = count as u64;
        if count > limits::BATCH_SIZE && !self.any_size {
            return self.wrong(path, Problem::exhausted("batch_size", limits::BATCH_SIZE, count).with("help", "mode: JOB"));
        }
        Some(())
    }

    fn inputs(&mut self, object: &'a Object, collected: &Collected<'a>, (new, mode): (New, BatchMode)) -> Option<Vec<RecordInput>> {
        let inputs = self.argument(collected, "inputs")?;
        let path = InputPath::default().key("inputs");
        self.bounded(inputs.elements().len(), &path)?;
        let rows = inputs.elements().iter().enumerate();
        let made: Vec<_> = rows.map(|(at, input)| self.row(object, input, &path.index(at), (new, mode))).collect();
        made.into_iter().collect()
    }

    /// One row of a batch. What is wrong with its values is the row's own affair: the row carries it, so that the others are looked
    /// at as well. Unless the document fails here anyway: then all that is known here is told here.
    fn row(&mut self, object: &'a Object, input: &Input, path: &InputPath, (new, mode): (New, BatchMode)) -> Option<RecordInput> {
        if mode == BatchMode::Atomic && self.tell_missing {
            return self.record_input(object, input, (path, 1), new);
        }
        let others = std::mem::take(&mut self.lower.problems);
        let mut made = self.record_input(object, input, (path, 1), new);
        if made.is_none() {
            // Once more, to hear what is missing too.
            self.lower.problems = Problems::default();
            let told = std::mem::replace(&mut self.tell_missing, true);
            made = self.record_input(object, input, (path, 1), new);
            self.tell_missing = told;
        }
        let problems = std::mem::replace(&mut self.lower.problems, others);
        Some(made.unwrap_or_else(|| RecordInput { path: path.clone(), problems: problems.as_slice().to_vec(), ..RecordInput::default() }))
    }

    fn which(&mut self, object: &'a Object, collected: &Collected<'a>) -> Option<Which> {
        let root = InputPath::default();
        match (self.argument(collected, "ids"), self.argument(collected, "filter")) {
            (Some(ids), None) => {
                let path = root.key("ids");
                self.bounded(ids.elements().len(), &path)?;
                let mut found = Vec::with_capacity(ids.elements().len());
                for (at, id) in ids.elements().iter().enumerate() {
                    match scalars::id(id) {
                        Ok(id) => found.push((RecordId(id), path.index(at))),
                        Err(problem) => self.lower.wrong(&path.index(at), problem),
                    }
                }
                Some(Which::Ids(found))
            }
            (None, Some(filter)) => {
                let path = root.key("filter");
                if !self.lower.view.policy.may_mass_update() {
                    let problem = Problem::forbidden(
                        "mass_update",
                        "the role may change records by their ids, not by a filter",
                        "当前角色只能按标识修改记录，不能按筛选条件批量修改",
                    );
                    return self.wrong(&path, problem);
                }
                let predicate = self.lower.filter(object, &filter, &path);
                if is_unbounded(&predicate) {
                    let problem = Problem::invalid(
                        "unbounded_filter",
                        "this filter selects every record; if that is meant, write `{ id: { isNull: false } }`",
                        "该筛选会选中全部记录；若确有此意，请写 `{ id: { isNull: false } }`",
                    );
                    return self.wrong(&path, problem);
                }
                Some(Which::Where(Box::new((predicate, std::mem::take(&mut self.lower.params)))))
            }
            _ => self
                .wrong(&root, Problem::invalid("required", "give exactly one of `ids` and `filter`", "`ids` 和 `filter` 必须且只能给一个")),
        }
    }

    fn updates(&mut self, object: &'a Object, collected: &Collected<'a>, mode: BatchMode) -> Option<Batch> {
        let root = InputPath::default();
        let (input, updates) = (self.argument(collected, "input"), self.argument(collected, "updates"));
        match (input, updates) {
            (Some(input), None) => {
                let which = self.which(object, collected);
                let input = Box::new(self.record_input(object, &input, (&root.key("input"), 1), New::No)?);
                Some(match which? {
                    Which::Ids(ids) => Batch::UpdateIds(ids, input),
                    Which::Where(filter) => Batch::UpdateWhere(filter, input),
                })
            }
            (None, Some(updates)) if self.argument(collected, "ids").is_none() && self.argument(collected, "filter").is_none() => {
                let path = root.key("updates");
                self.bounded(updates.elements().len(), &path)?;
                let rows = updates.elements().iter().enumerate();
                let each: Vec<_> = rows.map(|(at, update)| self.update(object, update, (&path.index(at), 1), mode)).collect();
                Some(Batch::UpdateEach(each.into_iter().collect::<Option<_>>()?))
            }
            _ => self.wrong(
                &root,
                Problem::invalid(
                    "required",
                    "give `ids` and `input`, or `filter` and `input`, or `updates`",
                    "请给出 `ids` 和 `input`，或 `filter` 和 `input`，或 `updates`",
                ),
            ),
        }
    }

    /// `{ id expectedVersion input }`.
    pub(super) fn update(
        &mut self,
        object: &'a Object,
        update: &Input,
        (path, depth): (&InputPath, usize),
        mode: BatchMode,
    ) -> Option<(RecordId, Option<i64>, RecordInput)> {
        let id = match update.get("id").map(scalars::id) {
            Some(Ok(id)) => Some(RecordId(id)),
            Some(Err(problem)) => self.wrong(&path.key("id"), problem),
            None => None,
        };
        let (input, path) = (update.get("input")?, path.key("input"));
        let input = match depth {
            1 => self.row(object, input, &path, (New::No, mode)),
            _ => self.record_input(object, input, (&path, depth), New::No),
        };
        Some((id?, update.get("expectedVersion").and_then(Input::as_int), input?))
    }
}
