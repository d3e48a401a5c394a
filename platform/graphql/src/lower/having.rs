//! Conditions on groups, and their order; measures they need are added where the selection has none.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldKind, Object, Part};
use tenon_query::{AggregateOrder, ColumnRef, CompareOp, Func, Having, Measure};
use tenon_value::Value;

use super::aggregate::{Measures, money_part};
use super::operands::unsupported;
use super::{Lower, null_operand, order, scalars};
use crate::members;
use crate::shape::{KeyTerm, SpecOf};
use crate::syntax::ast::Value as Input;

/// How an operand is read.
type Read<'r> = &'r dyn Fn(&Input) -> Result<Value, Problem>;

fn function(word: &str) -> Option<Func> {
    Some(match word {
        "sum" => Func::Sum,
        "avg" => Func::Avg,
        "min" => Func::Min,
        "max" => Func::Max,
        "median" => Func::Median,
        _ => return None,
    })
}

/// The measure of a function over a number.
fn over(object: &Object, func: Func, name: &str, specs: &[SpecOf<'_>]) -> Option<Measure> {
    let field = members::field(object, name)?;
    let part = if matches!(field.kind, FieldKind::Money { .. }) { money_part(field, specs).1 } else { Part::Whole };
    Some(Measure { func, column: Some(ColumnRef { field: field.ix, part }), relation: None, filter: None })
}

impl<'a> Lower<'a> {
    pub(super) fn having(
        &mut self,
        object: &'a Object,
        (input, path): (&Input, &InputPath),
        specs: &[SpecOf<'a>],
        measures: &mut Measures,
    ) -> Having {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let (word, path) = (&*key.text, path.key(key.text.to_string()));
            self.count_node();
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            match word {
                "and" | "or" => {
                    let parts = operand
                        .elements()
                        .iter()
                        .enumerate()
                        .map(|(at, part)| self.having(object, (part, &path.index(at)), specs, measures))
                        .collect();
                    all.push(if word == "and" { Having::All(parts) } else { Having::Any(parts) });
                }
                "not" => all.push(Having::Not(Box::new(self.having(object, (operand, &path), specs, measures)))),
                "count" => {
                    let measure = measures.place(Measure::count());
                    let read: Read<'_> = &|input| {
                        input.as_int().map(Value::Int).ok_or_else(|| Problem::invalid("type", "expected a whole number", "应为整数"))
                    };
                    all.push(self.having_ops(measure, operand, &path, read));
                }
                word => {
                    for (name, operand) in operand.members() {
                        let path = path.key(name.text.to_string());
                        let Some(measure) = function(word).and_then(|func| over(object, func, &name.text, specs)) else { continue };
                        let measure = measures.place(measure);
                        all.push(self.having_ops(measure, operand, &path, &|input| scalars::decimal(input).map(Value::Decimal)));
                    }
                }
            }
        }
        Having::All(all)
    }

    fn having_ops(&mut self, measure: usize, input: &Input, path: &InputPath, read: Read<'_>) -> Having {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            let (word, path) = (&*key.text, path.key(key.text.to_string()));
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            let op = match word {
                "eq" => CompareOp::Eq,
                "ne" => CompareOp::Ne,
                "lt" => CompareOp::Lt,
                "lte" => CompareOp::Lte,
                "gt" => CompareOp::Gt,
                "gte" => CompareOp::Gte,
                "isNull" => {
                    let is_null = Having::IsNull(measure);
                    all.push(if operand.as_bool() == Some(false) { Having::Not(Box::new(is_null)) } else { is_null });
                    continue;
                }
                "in" | "notIn" => {
                    let values = self.values(operand, &path, read).unwrap_or_default();
                    let found = Having::In { measure, list: self.param(Value::List(values)) };
                    all.push(if word == "in" { found } else { Having::Not(Box::new(found)) });
                    continue;
                }
                "between" => {
                    for (name, op) in [("from", CompareOp::Gte), ("to", CompareOp::Lte)] {
                        if let Some(bound) = operand.get(name) {
                            all.extend(self.having_compare(measure, op, bound, (&path.key(name), read)));
                        }
                    }
                    continue;
                }
                other => {
                    self.wrong(&path, unsupported(other));
                    continue;
                }
            };
            all.extend(self.having_compare(measure, op, operand, (&path, read)));
        }
        Having::All(all)
    }

    fn having_compare(&mut self, measure: usize, op: CompareOp, operand: &Input, (path, read): (&InputPath, Read<'_>)) -> Option<Having> {
        match if operand.is_null() { Err(null_operand()) } else { read(operand) } {
            Ok(value) => Some(Having::Compare { measure, op, with: self.param(value) }),
            Err(problem) => {
                self.wrong(path, problem);
                None
            }
        }
    }

    /// One term of the order of groups: by a key that is grouped by, by the count, by a function of a number.
    pub(super) fn group_order(
        &mut self,
        object: &'a Object,
        input: &Input,
        (specs, measures): (&[SpecOf<'a>], &mut Measures),
    ) -> Option<AggregateOrder> {
        let (key, value) = input.members().first()?;
        match &*key.text {
            "count" => {
                let measure = measures.place(Measure::count());
                Some(AggregateOrder::Measure(measure, order::sorting(value.as_text()?)))
            }
            "key" => {
                let mut path = Vec::new();
                let mut here = value;
                let sorting = loop {
                    let (name, inner) = here.members().first()?;
                    path.push(name.text.to_string());
                    if let Some(word) = inner.as_text() {
                        break order::sorting(word);
                    }
                    here = inner;
                };
                let place = specs.iter().position(|spec| match spec.term {
                    // A record is ordered by its id.
                    KeyTerm::Record(_) => path
                        .split_last()
                        .is_some_and(|(last, way)| last == "id" && spec.path.split_last().is_some_and(|(_, known)| known == way)),
                    _ => spec.path == path,
                })?;
                Some(AggregateOrder::Key(place, sorting))
            }
            word => {
                let (name, sorting) = value.members().first()?;
                let measure = measures.place(over(object, function(word)?, &name.text, specs)?);
                Some(AggregateOrder::Measure(measure, order::sorting(sorting.as_text()?)))
            }
        }
    }
}
