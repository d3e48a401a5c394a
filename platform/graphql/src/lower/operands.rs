//! Operators of filters on one column: `eq ne in notIn isNull lt lte gt gte between`, and those of text and time.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field, FieldKind, Part};
use tenon_query::{ColumnRef, CompareOp, Match, Predicate};
use tenon_value::{Value, fold, sort_key};

use super::{Lower, null_operand, scalars};
use crate::calendar::is_zone;
use crate::limits;
use crate::range::{self, Range};
use crate::syntax::ast::Value as Input;

/// How an operand is read.
type Read<'r> = &'r dyn Fn(&Input) -> Result<Value, Problem>;

impl Lower<'_> {
    /// Filters of a field that is one column.
    pub(super) fn column(&mut self, field: &Field, input: &Input, path: &InputPath) -> Predicate {
        let whole = ColumnRef::whole(field.ix);
        if field.kind.is_text() {
            return self.text(field, whole, input, path);
        }
        let read: Read<'_> = &|input| scalars::operand(field, input);
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let path = path.key(key.text.to_string());
            let time = matches!(field.kind, FieldKind::Date | FieldKind::DateTime);
            match &*key.text {
                "zone" if time => {}
                "during" if time => all.push(self.during(field, input, &path)),
                word => all.push(self.operator(whole, word, operand, (&path, read))),
            }
        }
        one_or_all(all)
    }

    /// One common operator on a column.
    pub(super) fn operator(&mut self, column: ColumnRef, word: &str, operand: &Input, (path, read): (&InputPath, Read<'_>)) -> Predicate {
        self.count_node();
        if operand.is_null() {
            self.wrong(path, null_operand());
            return Predicate::no();
        }
        let op = match word {
            "eq" => CompareOp::Eq,
            "ne" => CompareOp::Ne,
            "lt" => CompareOp::Lt,
            "lte" => CompareOp::Lte,
            "gt" => CompareOp::Gt,
            "gte" => CompareOp::Gte,
            "isNull" => return negated_unless(operand.as_bool().unwrap_or(true), Predicate::IsNull(column)),
            "in" => return self.list(column, operand, (path, read)),
            "notIn" => return Predicate::Not(Box::new(self.list(column, operand, (path, read)))),
            "between" => {
                let mut bounds = Vec::new();
                for (name, op) in [("from", CompareOp::Gte), ("to", CompareOp::Lte)] {
                    if let Some(bound) = operand.get(name) {
                        bounds.push(self.compare(column, op, bound, (&path.key(name), read)));
                    }
                }
                return Predicate::All(bounds);
            }
            other => {
                self.wrong(path, unsupported(other));
                return Predicate::no();
            }
        };
        self.compare(column, op, operand, (path, read))
    }

    fn compare(&mut self, column: ColumnRef, op: CompareOp, operand: &Input, (path, read): (&InputPath, Read<'_>)) -> Predicate {
        let problem = if operand.is_null() { Err(null_operand()) } else { read(operand) };
        match problem {
            Ok(value) => Predicate::Compare { column, op, with: self.param(value) },
            Err(problem) => {
                self.wrong(path, problem);
                Predicate::no()
            }
        }
    }

    fn list(&mut self, column: ColumnRef, operand: &Input, (path, read): (&InputPath, Read<'_>)) -> Predicate {
        match self.values(operand, path, read) {
            Some(values) => Predicate::In { column, list: self.param(Value::List(values)) },
            None => Predicate::no(),
        }
    }

    /// The elements of a list operand.
    pub(super) fn values(&mut self, operand: &Input, path: &InputPath, read: Read<'_>) -> Option<Vec<Value>> {
        let elements = operand.elements();
        let count = elements.len() as u64;
        if count > limits::IN_VALUES {
            self.wrong(path, Problem::exhausted("in_values", limits::IN_VALUES, count));
            return None;
        }
        let mut values = Vec::with_capacity(elements.len());
        let mut complete = true;
        for (at, element) in elements.iter().enumerate() {
            match if element.is_null() { Err(null_operand()) } else { read(element) } {
                Ok(value) => values.push(value),
                Err(problem) => {
                    complete = false;
                    self.wrong(&path.index(at), problem);
                }
            }
        }
        complete.then_some(values)
    }

    /// Filters of a text column. Order is that of the field; equality is exact; `i…` ignores case and width.
    pub(super) fn text(&mut self, field: &Field, column: ColumnRef, input: &Input, path: &InputPath) -> Predicate {
        let folded = match column.part {
            Part::Whole if field.column(Part::Fold).is_some() => Some(ColumnRef { part: Part::Fold, ..column }),
            Part::FileName => Some(ColumnRef { part: Part::FileNameFold, ..column }),
            _ => None,
        };
        let ordered = if column.part == Part::Whole { ColumnRef { part: field.order_part(), ..column } } else { column };
        let read_folded: Read<'_> = &|input| scalars::text(input).map(|value| Value::Text(fold(value.as_text().unwrap_or_default())));
        let read_ordered: Read<'_> = &|input| {
            let value = scalars::text(input)?;
            let text = value.as_text().unwrap_or_default();
            Ok(match ordered.part {
                Part::Fold => Value::Text(fold(text)),
                Part::SortKey => Value::Text(sort_key(text)),
                _ => value,
            })
        };
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let path = path.key(key.text.to_string());
            let word = &*key.text;
            all.push(match (word, folded) {
                ("contains", _) => self.matching(column, Match::Contains, operand, (&path, &scalars::text)),
                ("startsWith", _) => self.matching(column, Match::StartsWith, operand, (&path, &scalars::text)),
                ("endsWith", _) => self.matching(column, Match::EndsWith, operand, (&path, &scalars::text)),
                ("like", _) => self.matching(column, Match::Like, operand, (&path, &scalars::text)),
                ("iContains", Some(folded)) => self.matching(folded, Match::Contains, operand, (&path, read_folded)),
                ("iEq", Some(folded)) => self.operator(folded, "eq", operand, (&path, read_folded)),
                ("lt" | "lte" | "gt" | "gte" | "between", _) => self.operator(ordered, word, operand, (&path, read_ordered)),
                _ => self.operator(column, word, operand, (&path, &scalars::text)),
            });
        }
        one_or_all(all)
    }

    fn matching(&mut self, column: ColumnRef, how: Match, operand: &Input, (path, read): (&InputPath, Read<'_>)) -> Predicate {
        self.count_node();
        match if operand.is_null() { Err(null_operand()) } else { read(operand) } {
            Ok(value) => Predicate::Match { column, how, text: self.param(value) },
            Err(problem) => {
                self.wrong(path, problem);
                Predicate::no()
            }
        }
    }

    /// `during`: a range in the tenant's calendar, or in the zone named beside it.
    fn during(&mut self, field: &Field, input: &Input, path: &InputPath) -> Predicate {
        match self.bounds(input, field.kind == FieldKind::DateTime) {
            Ok(bounds) => {
                let column = ColumnRef::whole(field.ix);
                self.count_node();
                Predicate::All(bounds.into_iter().map(|(op, value)| Predicate::Compare { column, op, with: self.param(value) }).collect())
            }
            Err(problem) => {
                self.wrong(path, problem);
                Predicate::no()
            }
        }
    }

    /// The bounds of a `during` among the members of a filter of time.
    pub(super) fn bounds(&self, input: &Input, moments: bool) -> Result<[(CompareOp, Value); 2], Problem> {
        let during = input.get("during").filter(|during| !during.is_null()).ok_or_else(null_operand)?;
        let mut calendar = self.calendar.clone();
        if let Some(zone) = input.get("zone").and_then(Input::as_text) {
            if !is_zone(zone) {
                return Err(Problem::invalid("zone", format!("`{zone}` is no time zone"), format!("`{zone}` 不是时区")));
            }
            zone.clone_into(&mut calendar.zone);
        }
        let wrong = || Problem::invalid("type", "no such range of dates", "无法识别的日期范围");
        let range = during.as_text().and_then(|text| range::resolve(text, self.cx.now, &calendar)).ok_or_else(wrong)?;
        match (range, moments) {
            (Range::Days(from, to), false) => Ok([(CompareOp::Gte, Value::Date(from)), (CompareOp::Lte, Value::Date(to))]),
            (Range::Days(from, to), true) => {
                let after = calendar.step(tenon_query::BucketUnit::Day, to, 1);
                Ok([(CompareOp::Gte, Value::DateTime(calendar.moment(from))), (CompareOp::Lt, Value::DateTime(calendar.moment(after)))])
            }
            (Range::Moments(from, to), true) => Ok([(CompareOp::Gte, Value::DateTime(from)), (CompareOp::Lte, Value::DateTime(to))]),
            (Range::Moments(..), false) => Err(Problem::invalid("type", "a date has no hours", "日期没有小时")),
        }
    }
}

pub(super) fn unsupported(word: &str) -> Problem {
    Problem::invalid("operator", format!("`{word}` does not work on this field"), format!("该字段不支持 `{word}`"))
}

pub(super) fn negated_unless(yes: bool, predicate: Predicate) -> Predicate {
    if yes { predicate } else { Predicate::Not(Box::new(predicate)) }
}

/// Sibling conditions are joined by "and".
pub(super) fn one_or_all(mut all: Vec<Predicate>) -> Predicate {
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            all.push(last);
            Predicate::All(all)
        }
        (_, None) => Predicate::yes(),
    }
}
