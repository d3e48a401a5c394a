//! Filters of fields that are several columns, sets, or JSON.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field, FieldKind, Part};
use tenon_query::{ColumnRef, Predicate, SetOp};
use tenon_value::Value;

use super::operands::{negated_unless, one_or_all, unsupported};
use super::{Lower, null_operand, scalars};
use crate::syntax::ast::Value as Input;

impl Lower<'_> {
    /// A filter on a field, whatever its type.
    pub(super) fn field_filter(&mut self, field: &Field, input: &Input, path: &InputPath) -> Predicate {
        if input.is_null() {
            self.wrong(path, null_operand());
            return Predicate::no();
        }
        match &field.kind {
            FieldKind::Money { .. } => {
                self.parts(field, input, path, &[("amount", Part::Amount), ("currency", Part::Currency), ("base", Part::Base)])
            }
            FieldKind::Address => self.parts(
                field,
                input,
                path,
                &[
                    ("country", Part::Country),
                    ("region", Part::Region),
                    ("city", Part::City),
                    ("district", Part::District),
                    ("street", Part::Street),
                    ("postalCode", Part::PostalCode),
                ],
            ),
            FieldKind::Geo => self.parts(field, input, path, &[]),
            FieldKind::File | FieldKind::Image => {
                self.parts(field, input, path, &[("name", Part::FileName), ("mimeType", Part::FileType), ("size", Part::FileSize)])
            }
            FieldKind::Choices(_) => self.set(field, input, path),
            FieldKind::Json => self.json(field, input, path),
            _ => self.column(field, input, path),
        }
    }

    fn parts(&mut self, field: &Field, input: &Input, path: &InputPath, parts: &[(&str, Part)]) -> Predicate {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let path = path.key(key.text.to_string());
            let word = &*key.text;
            self.count_node();
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            let part = parts.iter().find(|(name, _)| *name == word).map(|(_, part)| ColumnRef { field: field.ix, part: *part });
            all.push(match (word, part) {
                (_, Some(column)) if matches!(column.part, Part::Amount | Part::Base) => {
                    let operators = operand.members().iter();
                    let read: &dyn Fn(&Input) -> Result<Value, Problem> = &|input| scalars::decimal(input).map(Value::Decimal);
                    one_or_all(
                        operators
                            .map(|(key, value)| self.operator(column, &key.text, value, (&path.key(key.text.to_string()), read)))
                            .collect(),
                    )
                }
                (_, Some(column)) if column.part == Part::FileSize => {
                    let read: &dyn Fn(&Input) -> Result<Value, Problem> = &scalars::whole;
                    let operators = operand.members().iter();
                    one_or_all(
                        operators
                            .map(|(key, value)| self.operator(column, &key.text, value, (&path.key(key.text.to_string()), read)))
                            .collect(),
                    )
                }
                (_, Some(column)) => self.text(field, column, operand, &path),
                ("isNull", None) => negated_unless(operand.as_bool().unwrap_or(true), Predicate::IsNull(ColumnRef::whole(field.ix))),
                ("location", None) => self.parts(field, operand, &path, &[]),
                ("near" | "box", None) => match self.located(field, word, operand) {
                    Ok(predicate) => predicate,
                    Err(problem) => {
                        self.wrong(&path, problem);
                        Predicate::no()
                    }
                },
                (other, None) => {
                    self.wrong(&path, unsupported(other));
                    Predicate::no()
                }
            });
        }
        one_or_all(all)
    }

    fn located(&mut self, field: &Field, word: &str, operand: &Input) -> Result<Predicate, Problem> {
        let point = |name: &str| operand.get(name).ok_or_else(null_operand).and_then(scalars::geo).map(Value::Geo);
        if word == "near" {
            let meters = operand.get("meters").and_then(Input::as_int).filter(|meters| *meters >= 0);
            let meters = meters.ok_or_else(|| Problem::invalid("range", "`meters` cannot be negative", "`meters` 不能为负数"))?;
            let (center, meters) = (self.param(point("point")?), self.param(Value::Int(meters)));
            return Ok(Predicate::Near { field: field.ix, center, meters });
        }
        let (south_west, north_east) = (self.param(point("southWest")?), self.param(point("northEast")?));
        Ok(Predicate::InBox { field: field.ix, south_west, north_east })
    }

    fn set(&mut self, field: &Field, input: &Input, path: &InputPath) -> Predicate {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let path = path.key(key.text.to_string());
            self.count_node();
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            let op = match &*key.text {
                "hasAny" => SetOp::HasAny,
                "hasAll" => SetOp::HasAll,
                "hasNone" => SetOp::HasNone,
                _ => {
                    all.push(negated_unless(operand.as_bool().unwrap_or(true), Predicate::SetIsEmpty(field.ix)));
                    continue;
                }
            };
            if let Some(codes) = self.values(operand, &path, &|input| scalars::operand(field, input)) {
                all.push(Predicate::Set { field: field.ix, op, codes: self.param(Value::List(codes)) });
            }
        }
        one_or_all(all)
    }

    fn json(&mut self, field: &Field, input: &Input, path: &InputPath) -> Predicate {
        let steps = match input.get("at") {
            Some(at) => self.values(at, &path.key("at"), &scalars::text).unwrap_or_default(),
            None => Vec::new(),
        };
        let at = self.param(Value::List(steps.clone()));
        let mut all = Vec::new();
        if let Some(value) = input.get("eq") {
            self.count_node();
            if value.is_null() {
                self.wrong(&path.key("eq"), null_operand());
            }
            let value = self.param(Value::Json(value.to_json()));
            all.push(Predicate::JsonAt { field: field.ix, path: at, value: Some(value) });
        }
        if let Some(is_null) = input.get("isNull") {
            self.count_node();
            let absent = if steps.is_empty() {
                Predicate::IsNull(ColumnRef::whole(field.ix))
            } else {
                Predicate::JsonAt { field: field.ix, path: at, value: None }
            };
            all.push(negated_unless(is_null.as_bool().unwrap_or(true), absent));
        }
        one_or_all(all)
    }
}
