//! Keys that name one record: id, unique key, id in another system.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, Part, UniquePart};
use tenon_query::{ColumnRef, CompareOp, ExternalId, Predicate, RecordKey, RefOp, Target};
use tenon_value::{RecordId, Value, clean_line, fold};

use super::{Lower, null_operand, scalars};
use crate::schema::is_composite;
use crate::syntax::ast::Value as Input;

impl<'a> Lower<'a> {
    /// The record a `…Key` input names.
    pub(super) fn key(&mut self, object: &'a Object, input: &Input, path: &InputPath) -> Option<RecordKey> {
        let (key, value) = input.members().first()?;
        let path = path.key(key.text.to_string());
        match self.key_of(object, &key.text, value, &path) {
            Ok(key) => Some(key),
            Err(problem) => {
                self.wrong(&path, problem);
                None
            }
        }
    }

    fn key_of(&mut self, object: &'a Object, word: &str, value: &Input, path: &InputPath) -> Result<RecordKey, Problem> {
        if value.is_null() {
            return Err(null_operand());
        }
        match word {
            "id" => return scalars::id(value).map(|id| RecordKey::Id(RecordId(id))),
            "externalId" => {
                let part = |name: &str| value.get(name).and_then(Input::as_text).filter(|text| !text.is_empty()).map(str::to_owned);
                let (Some(system), Some(key)) = (part("system"), part("id")) else { return Err(null_operand()) };
                return Ok(RecordKey::External(ExternalId { system, key: Some(key) }));
            }
            _ => {}
        }
        let found = object.unique.iter().enumerate().find(|(_, key)| key_name(object, key) == Some(word));
        let (at, key) = found.ok_or_else(|| Problem::invalid("type", "no such key", "没有这个键"))?;
        let composite = is_composite(object, key);
        let mut values = Vec::with_capacity(key.parts.len());
        for part in &key.parts {
            let name = part_name(object, *part).unwrap_or_default();
            let operand = if composite { value.get(name) } else { Some(value) };
            let operand = operand.filter(|operand| !operand.is_null()).ok_or_else(null_operand)?;
            match self.key_part(object, *part, operand) {
                Ok(value) => values.push(value),
                Err(problem) => return Err(problem.at(path.key(name.to_owned()))),
            }
        }
        Ok(RecordKey::Unique(at, values))
    }

    fn key_part(&self, object: &'a Object, part: UniquePart, operand: &Input) -> Result<Value, Problem> {
        match part {
            UniquePart::Relation(_) => scalars::id(operand).map(Value::Id),
            UniquePart::Field(ix) => {
                let field = object.field(ix).ok_or_else(null_operand)?;
                let value = scalars::operand(field, operand)?;
                Ok(match value {
                    Value::Text(text) => clean_line(&text).ok().flatten().map_or(Value::Text(String::new()), Value::Text),
                    other => other,
                })
            }
        }
    }

    /// The rows a key names: one at most.
    pub(super) fn key_predicate(&mut self, object: &'a Object, key: &RecordKey) -> Predicate {
        match key {
            RecordKey::Id(id) => {
                let id = self.param(Value::Id(id.0));
                Predicate::equals(tenon_model::system::ID, Part::Whole, id)
            }
            RecordKey::External(external) => {
                let system = self.param(Value::Text(external.system.clone()));
                let keys = self.param(Value::List(external.key.iter().map(Value::text).collect()));
                Predicate::ExternalId { system, keys: Some(keys) }
            }
            RecordKey::Unique(at, values) => {
                let parts = object.unique.get(*at).map(|key| key.parts.as_slice()).unwrap_or_default();
                let all = parts.iter().zip(values).map(|(part, value)| match part {
                    UniquePart::Relation(relation) => {
                        let refers = Predicate::Ref { relation: *relation, op: RefOp::Eq(self.param(value.clone())) };
                        match object.relation(*relation).and_then(|relation| self.seen(relation)) {
                            Some(seen) => Predicate::All(vec![refers, seen]),
                            None => refers,
                        }
                    }
                    UniquePart::Field(ix) => {
                        let folded = object.field(*ix).is_some_and(|field| field.column(Part::Fold).is_some());
                        let value = match value {
                            Value::Text(text) if folded => Value::Text(fold(text)),
                            other => other.clone(),
                        };
                        let part = if folded { Part::Fold } else { Part::Whole };
                        Predicate::Compare { column: ColumnRef { field: *ix, part }, op: CompareOp::Eq, with: self.param(value) }
                    }
                });
                Predicate::All(all.collect())
            }
        }
    }
}

/// The input field of a unique key in `…Key`.
fn key_name<'a>(object: &'a Object, key: &'a tenon_model::UniqueKey) -> Option<&'a str> {
    if is_composite(object, key) { Some(&key.graphql) } else { key.parts.first().and_then(|part| part_name(object, *part)) }
}

fn part_name(object: &Object, part: UniquePart) -> Option<&str> {
    match part {
        UniquePart::Field(field) => object.field(field).map(|field| field.graphql.as_str()),
        UniquePart::Relation(relation) => object.relation(relation).map(|relation| relation.graphql.as_str()),
    }
}

/// The target a value of `…Unique` names.
pub(super) fn target(object: &Object, word: &str) -> Option<Target> {
    if word == "EXTERNAL_ID" {
        return Some(Target::External);
    }
    object.unique.iter().position(|key| key.graphql_value == word).map(Target::Unique)
}
