//! One record as an input says it: fields coerced by the pipeline's one coercion, relations, external ids.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field, FieldKind, Object, RelationIx};
use tenon_query::{ExternalId, RecordInput};
use tenon_records::coerce::{coerce, option_by_graphql};
use tenon_value::{Json, RecordId, Value};

use super::Writer;
use crate::limits;
use crate::lower::{null_operand, scalars};
use crate::members;
use crate::syntax::ast::Value as Input;

/// Whether an input makes a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum New {
    /// It changes one, or perhaps makes one.
    No,
    Yes,
    /// In a list behind the other end of this relation, which is thereby given.
    Below(RelationIx),
}

impl<'a> Writer<'a, '_> {
    /// What a record is to become. All problems of the input are noted, not only the first: those of relations to one
    /// record before its own, those of lists after.
    pub(super) fn record_input(
        &mut self,
        object: &'a Object,
        input: &Input,
        (path, depth): (&InputPath, usize),
        new: New,
    ) -> Option<RecordInput> {
        if depth > limits::NESTED_WRITES {
            return self.wrong(path, Problem::exhausted("nested_writes", limits::NESTED_WRITES as u64, depth as u64));
        }
        let before = self.lower.problems.as_slice().len();
        let mut record = RecordInput { path: path.clone(), ..RecordInput::default() };
        let is_relation = |word: &str| members::field(object, word).is_none() && members::relation(object, word).is_some();
        let is_edge = |word: &str| members::field(object, word).is_none() && members::edge(object, word).is_some();
        for (key, value) in input.members().iter().filter(|(key, _)| is_relation(&key.text)) {
            self.member(object, (&key.text, value), (&path.key(key.text.to_string()), depth), &mut record);
        }
        if self.tell_missing && new != New::No {
            self.missing(object, input, path, new);
        }
        for (key, value) in input.members().iter().filter(|(key, _)| !is_relation(&key.text) && !is_edge(&key.text)) {
            self.member(object, (&key.text, value), (&path.key(key.text.to_string()), depth), &mut record);
        }
        for (key, value) in input.members().iter().filter(|(key, _)| is_edge(&key.text)) {
            self.member(object, (&key.text, value), (&path.key(key.text.to_string()), depth), &mut record);
        }
        (self.lower.problems.as_slice().len() == before).then_some(record)
    }

    /// What a new record lacks: told here only beside other problems, the pipeline tells it otherwise.
    fn missing(&mut self, object: &'a Object, input: &Input, path: &InputPath, new: New) {
        let is_given = |name: &str| input.get(name).is_some_and(|value| !value.is_null());
        let problem = |name: &str| {
            Problem::invalid("required", format!("`{name}` is required"), format!("`{name}` 为必填项"))
                .object(object.name.as_str())
                .field(name)
        };
        for field in object.active_fields().filter(|field| field.required && !field.system && !field.read_only && field.default.is_null()) {
            let automatic = matches!(field.kind, FieldKind::AutoNumber { .. } | FieldKind::Boolean);
            if !automatic && !is_given(&field.graphql) {
                self.lower.wrong(&path.key(field.graphql.clone()), problem(field.name.as_str()));
            }
        }
        for relation in object.active_relations().filter(|relation| relation.required && !relation.system) {
            if new != New::Below(relation.ix) && !is_given(&relation.graphql) {
                self.lower.wrong(&path.key(relation.graphql.clone()), problem(relation.name.as_str()));
            }
        }
    }

    fn member(&mut self, object: &'a Object, (word, value): (&str, &Input), (path, depth): (&InputPath, usize), record: &mut RecordInput) {
        match word {
            "id" => match scalars::id(value) {
                _ if value.is_null() => {}
                Ok(id) => record.id = Some(RecordId(id)),
                Err(problem) => self.lower.wrong(path, problem),
            },
            "externalIds" => self.external_ids(value, path, record),
            _ => {
                if let Some(field) = members::field(object, word) {
                    match self.field_value(field, value) {
                        Ok(value) => record.fields.push((field.ix, value)),
                        // It may name a part of the value.
                        Err(problem) => self.lower.wrong(&path.join(&problem.input_path), problem.object(object.name.as_str())),
                    }
                } else if let Some(relation) = members::relation(object, word) {
                    if let Some(write) = self.one(relation, value, (path, depth)) {
                        record.ones.push((relation.ix, write));
                    }
                } else if let Some(edge) = members::edge(object, word)
                    && let Some(write) = self.many(edge, value, (path, depth))
                {
                    record.manys.push((edge.kind, write));
                }
            }
        }
    }

    /// A value of a field, or of a link's attribute.
    pub(super) fn field_value(&mut self, field: &Field, value: &Input) -> Result<Value, Problem> {
        let json = field_json(field, value)?;
        coerce(field, &json, &self.lower.view.model.settings).map_err(|misfit| *misfit)
    }

    fn external_ids(&mut self, value: &Input, path: &InputPath, record: &mut RecordInput) {
        for (at, element) in value.elements().iter().enumerate() {
            let part = |name: &str| {
                element.get(name).and_then(Input::as_text).map(str::trim).filter(|text| !text.is_empty() && !text.contains('\0'))
            };
            match part("system") {
                Some(system) => record.external_ids.push(ExternalId { system: system.to_owned(), key: part("id").map(str::to_owned) }),
                None => self.lower.wrong(&path.index(at).key("system"), null_operand()),
            }
        }
    }
}

fn choice(field: &Field, value: &Input) -> Result<Json, Problem> {
    let found = value.as_text().and_then(|word| option_by_graphql(field, word));
    let option = found.ok_or_else(|| {
        Problem::invalid("choice", format!("no such option of `{}`", field.name), format!("`{}` 没有这个选项", field.name))
            .field(field.name.as_str())
    })?;
    Ok(Json::from(option.name.as_str()))
}

/// An input in the form the pipeline's coercion reads: choices by code, numbers with all their digits.
fn field_json(field: &Field, value: &Input) -> Result<Json, Problem> {
    if value.is_null() {
        return Ok(Json::Null);
    }
    match &field.kind {
        FieldKind::Choice(_) => choice(field, value),
        FieldKind::Choices(_) => value.elements().iter().map(|element| choice(field, element)).collect(),
        _ => Ok(value.to_json()),
    }
}
