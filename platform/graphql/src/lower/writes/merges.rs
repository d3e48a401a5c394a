//! Records that become one, and merges taken back.

use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_model::Object;
use tenon_query::{MergeOf, MergeRule, Merging, Write};
use tenon_value::RecordId;

use super::{Lower, Made, MutationRoot, Shared, Writer, scalars};
use crate::collect::Collected;
use crate::shape::{MergePart, MutationShape};
use crate::syntax::ast::Value as Input;

impl<'a> Writer<'a, '_> {
    pub(super) fn merge(&mut self, object: &'a Object, collected: &Collected<'a>) -> Made<'a> {
        let root = InputPath::default();
        let survivor = self.argument(collected, "survivor").and_then(|id| self.record_id(&id, &root.key("survivor")));
        let mut others = Vec::new();
        if let Some(ids) = self.argument(collected, "others") {
            for (at, id) in ids.elements().iter().enumerate() {
                let path = root.key("others").index(at);
                others.extend(self.record_id(id, &path).map(|id| (id, path)));
            }
        }
        let mut rules = Vec::new();
        if let Some(given) = self.argument(collected, "rules") {
            for (at, rule) in given.elements().iter().enumerate() {
                rules.extend(self.merge_rule(object, rule, root.key("rules").index(at)));
            }
        }
        let mut parts = Vec::new();
        let mut survivors = Vec::new();
        for part in self.lower.collector.collect_below(&collected.fields, |_| true) {
            let Some(field) = part.first() else { continue };
            let made = match &*field.name.text {
                "survivor" => {
                    survivors.push(part.fields.clone());
                    MergePart::Survivor(survivors.len() - 1)
                }
                "merge" => MergePart::Merge(self.lower.subs(&part.fields)),
                _ => MergePart::TypeName,
            };
            parts.push((part.key, made));
        }
        let (planned, shapes) = self.lower.by_ids_in_shapes(object, &survivors)?;
        let write = Write::Merge(object.ix, Merging { survivor: survivor?, others, rules });
        Some((write, Some(planned), MutationShape::Merge { object, parts, shapes }))
    }

    fn record_id(&mut self, id: &Input, path: &InputPath) -> Option<RecordId> {
        match scalars::id(id) {
            Ok(id) => Some(RecordId(id)),
            Err(problem) => self.wrong(path, problem),
        }
    }

    /// `field` is an API name, of a field or a reference.
    fn merge_rule(&mut self, object: &'a Object, rule: &Input, path: InputPath) -> Option<MergeRule> {
        let take = rule.get("take").and_then(|take| self.record_id(take, &path.key("take")));
        let name = rule.get("field").and_then(Input::as_text).unwrap_or_default();
        let policy = self.lower.view.policy;
        let field =
            object.field_named(name).filter(|field| policy.may_select_field(object.ix, field.ix)).map(|field| MergeOf::Field(field.ix));
        let relation = object.relation_named(name).filter(|relation| policy.may_select_relation(object.ix, relation.ix));
        let Some(of) = field.or_else(|| relation.map(|relation| MergeOf::Relation(relation.ix))) else {
            return self.wrong(
                &path.key("field"),
                Problem::invalid("type", "there is no such field", "没有这个字段").object(object.name.as_str()),
            );
        };
        Some(MergeRule { of, take: take?, path })
    }
}

/// `undoMerge`.
pub(super) fn undone<'a>(shared: Shared<'a>, collected: &Collected<'a>) -> Result<MutationRoot<'a>, Problems> {
    let lower = Lower::new(shared);
    let field = collected.first();
    let location = field.map(|field| (field.pos().line, field.pos().column)).unwrap_or_default();
    let given = field.and_then(|field| lower.collector.argument(field, "id"));
    let id = given.map_or_else(|| Err(super::super::null_operand()), scalars::id);
    match id {
        Ok(id) => Ok(MutationRoot { key: collected.key, location, step: Some((Write::UndoMerge(id), None)), shape: MutationShape::Undone }),
        Err(problem) => Err(problem.at(InputPath::default().key("id")).into()),
    }
}
