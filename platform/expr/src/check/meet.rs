//! Two sides meet: comparisons, `in`, and values read as what the other side is.

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr};
use tenon_model::{Choice, Comparison, Expression};
use tenon_value::{Date, DateTime, Duration, Uuid, Value};

use super::Checker;
use super::kind::Kind;
use super::operand::{Operand, What};
use super::path::meant;
use crate::Fault;
use crate::fault::{TYPE, UNKNOWN_NAME};

/// Both sides, something known on the left.
struct Sides<'a> {
    left: Expression,
    kind: Kind<'a>,
    right: Operand<'a>,
    how: Comparison,
}

impl<'a> Checker<'_, 'a> {
    /// `a == b` and its like.
    pub(crate) fn compared(&mut self, tree: &IdedExpr, call: &CallExpr, how: Comparison) -> Option<Expression> {
        let (left, right) = self.both(call)?;
        let whole = left.at.start.min(right.at.start)..left.at.end.max(right.at.end);
        let left_at = left.at.clone();
        let Some(Sides { left, kind, right, how }) = sides(left, right, how) else {
            let token = self.token(tree);
            self.unsupported(token, "values are compared with each other, and nothing of the record", None);
            return None;
        };
        if let What::Null = right.what {
            return self.empty(left, &kind, how, whole);
        }
        if let Kind::Whole(instead) = kind {
            let message = format!("`{}` is more than one value", self.words(&left_at));
            self.faults.push(Fault::new(TYPE, left_at, message).help(instead));
            return None;
        }
        if let Kind::Ids(_) | Kind::Codes(_) = kind {
            self.faults.push(Fault::new(TYPE, left_at, format!("this is {}", kind.word())).help("use `in`"));
            return None;
        }
        let other = match &right.what {
            What::Known(_, other @ (Kind::Ids(_) | Kind::Codes(_))) => {
                self.faults.push(Fault::new(TYPE, right.at.clone(), format!("this is {}", other.word())).help("use `in`"));
                return None;
            }
            What::Known(expression, other) if other.meets(&kind) => expression.clone(),
            What::Known(_, other) => {
                self.mismatch(&right.at, other.word(), kind.word());
                return None;
            }
            What::Written(value) => Expression::Literal(self.read(value, &kind, &right.at)?),
            What::Null => return None,
        };
        if left.has_path() && other.has_path() {
            self.unsupported(whole, "two fields are not compared with each other", Some("compare with a value, `me` or `my`"));
            return None;
        }
        if !matches!(how, Comparison::Equal | Comparison::NotEqual) && !kind.is_ordered() {
            self.faults.push(Fault::new(TYPE, self.token(tree), format!("{} is not more or less than another", kind.word())));
            return None;
        }
        Some(Expression::Compare(how, Box::new(left), Box::new(other)))
    }

    fn both(&mut self, call: &CallExpr) -> Option<(Operand<'a>, Operand<'a>)> {
        let [left, right] = call.args.as_slice() else { return None };
        // Both are looked at, so that mistakes on both sides are told.
        let (left, right) = (self.operand(left), self.operand(right));
        Some((left?, right?))
    }

    fn empty(&mut self, left: Expression, kind: &Kind<'_>, how: Comparison, at: Range<usize>) -> Option<Expression> {
        let never = match kind {
            Kind::Ids(_) => Some("a list is never null"),
            Kind::Bool if matches!(&left, Expression::Path(path) if path.hops.is_empty()) => Some("a boolean is never null"),
            _ => None,
        };
        if let Some(never) = never {
            self.faults.push(Fault::new(TYPE, at, never));
            return None;
        }
        let empty = Expression::IsNull(Box::new(left));
        match how {
            Comparison::Equal => Some(empty),
            Comparison::NotEqual => Some(Expression::Not(Box::new(empty))),
            _ => {
                self.faults.push(Fault::new(TYPE, at, "nothing is more or less than null").help("use `==` or `!=`"));
                None
            }
        }
    }

    /// `a in b`.
    pub(crate) fn among(&mut self, tree: &IdedExpr, call: &CallExpr) -> Option<Expression> {
        let [item, set] = call.args.as_slice() else { return None };
        if let Expr::List(list) = &set.expr {
            return self.listed(tree, item, &list.elements);
        }
        let (item, set) = (self.operand(item), self.operand(set));
        let (item, set) = (item?, set?);
        let (set_at, item_at) = (set.at.clone(), item.at.clone());
        let Some((set, kind)) = set.known().filter(|(_, kind)| matches!(kind, Kind::Ids(_) | Kind::Codes(_))) else {
            let fault = Fault::new(TYPE, set_at.clone(), format!("`{}` is no list", self.words(&set_at)));
            self.faults.push(fault.help("behind `in` stands a list, one of `my` lists or a field of type `choices`"));
            return None;
        };
        let item = match (item.what, &kind) {
            (What::Known(item, Kind::Id(targets)), Kind::Ids(object)) if targets.contains(object) => item,
            (What::Known(item, Kind::Choice(_) | Kind::Text), Kind::Codes(_)) => item,
            (What::Written(value), Kind::Codes(options)) => Expression::Literal(self.read(&value, &Kind::Choice(options), &item_at)?),
            (What::Known(_, item), _) => {
                self.mismatch(&item_at, item.word(), kind.word());
                return None;
            }
            _ => {
                self.unsupported(item_at, "in front of `in` stands something of the record or of who asks", None);
                return None;
            }
        };
        if item.has_path() && set.has_path() {
            let token = self.token(tree);
            self.unsupported(token, "two fields are not compared with each other", Some("compare with a value, `me` or `my`"));
            return None;
        }
        Some(Expression::In(Box::new(item), Box::new(set)))
    }

    /// `a in [b, c]`.
    fn listed(&mut self, tree: &IdedExpr, item: &IdedExpr, elements: &[IdedExpr]) -> Option<Expression> {
        let item = self.operand(item);
        let elements: Vec<Option<Operand<'a>>> = elements.iter().map(|element| self.operand(element)).collect();
        let (item, elements) = (item?, elements.into_iter().collect::<Option<Vec<_>>>()?);
        let item_at = item.at.clone();
        let Some((item, kind)) = item.known() else {
            self.unsupported(item_at, "in front of `in` stands something of the record or of who asks", None);
            return None;
        };
        if let Kind::Ids(_) | Kind::Codes(_) | Kind::Whole(_) = kind {
            self.faults.push(Fault::new(TYPE, item_at, format!("this is {}", kind.word())).help("write `'x' in …` for each"));
            return None;
        }
        let mut parts = Vec::with_capacity(elements.len());
        for Operand { what, at } in elements {
            parts.push(match what {
                What::Written(value) => Expression::Literal(self.read(&value, &kind, &at)?),
                What::Known(part, other) if other.meets(&kind) => part,
                What::Known(_, other) => {
                    self.mismatch(&at, other.word(), kind.word());
                    return None;
                }
                What::Null => {
                    self.faults.push(Fault::new(TYPE, at, "null stands in no list").help("write `|| … == null`"));
                    return None;
                }
            });
        }
        if item.has_path() && parts.iter().any(Expression::has_path) {
            let token = self.token(tree);
            self.unsupported(token, "two fields are not compared with each other", Some("compare with a value, `me` or `my`"));
            return None;
        }
        Some(Expression::In(Box::new(item), Box::new(list(parts))))
    }

    fn mismatch(&mut self, at: &Range<usize>, one: &str, other: &str) {
        let message = format!("`{}` is {one}, the other side {other}", self.words(at));
        self.faults.push(Fault::new(TYPE, at.clone(), message));
    }

    /// A written value as what the other side is.
    fn read(&mut self, value: &Value, kind: &Kind<'_>, at: &Range<usize>) -> Option<Value> {
        let text = value.as_text();
        let read = match (kind, value) {
            (Kind::Bool, Value::Bool(_))
            | (Kind::Number, Value::Decimal(_))
            | (Kind::Text, Value::Text(_))
            | (Kind::Date, Value::Date(_))
            | (Kind::DateTime, Value::DateTime(_))
            | (Kind::Duration, Value::Duration(_)) => Some(value.clone()),
            (Kind::Choice(options), Value::Text(code)) => {
                self.code(options, code, at)?;
                Some(value.clone())
            }
            (Kind::Date, _) => text.and_then(|text| text.parse::<Date>().ok()).map(Value::Date),
            (Kind::DateTime, _) => text.and_then(|text| text.parse::<DateTime>().ok()).map(Value::DateTime),
            (Kind::Duration, _) => text.and_then(|text| text.parse::<Duration>().ok()).map(Value::Duration),
            (Kind::Id(_), _) => text.and_then(|text| text.parse::<Uuid>().ok()).map(Value::Id),
            _ => None,
        };
        if read.is_none() {
            let fault = Fault::new(TYPE, at.clone(), format!("`{}` is not {}", self.words(at), kind.word()));
            self.faults.push(match kind {
                Kind::Date => fault.help("write `date(\"2026-01-31\")`"),
                Kind::DateTime => fault.help("write `timestamp(\"2026-01-31T08:00:00Z\")`"),
                Kind::Duration => fault.help("write `duration(\"PT1H30M\")`"),
                Kind::Choice(_) | Kind::Text => fault.help("write it in quotes"),
                Kind::Id(_) => fault.help("compare with `me`, `me.<relation>`, or an id in quotes"),
                _ => fault,
            });
        }
        read
    }

    fn code(&mut self, options: &[Choice], code: &str, at: &Range<usize>) -> Option<()> {
        if options.iter().any(|option| option.name.as_str() == code) {
            return Some(());
        }
        let fault = Fault::new(UNKNOWN_NAME, at.clone(), format!("there is no option `{code}`"));
        self.faults.push(meant(fault, code, options.iter().map(|option| option.name.as_str())));
        None
    }
}

/// Something of the record on the left, else something of who asks; none where both are written.
fn sides<'a>(left: Operand<'a>, right: Operand<'a>, how: Comparison) -> Option<Sides<'a>> {
    let is_path = |operand: &Operand<'_>| matches!(&operand.what, What::Known(expression, _) if expression.has_path());
    let is_known = |operand: &Operand<'_>| matches!(operand.what, What::Known(..));
    let turn = !is_path(&left) && (is_path(&right) || (!is_known(&left) && is_known(&right)));
    let (left, right, how) = if turn { (right, left, turned(how)) } else { (left, right, how) };
    let (left, kind) = left.known()?;
    Some(Sides { left, kind, right, how })
}

const fn turned(how: Comparison) -> Comparison {
    match how {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// A list of written values is one value.
fn list(parts: Vec<Expression>) -> Expression {
    let values: Option<Vec<Value>> = parts
        .iter()
        .map(|part| match part {
            Expression::Literal(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    values.map_or(Expression::List(parts), |values| Expression::Literal(Value::List(values)))
}
