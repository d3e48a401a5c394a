//! What stands on a side of a comparison: a path, something of who asks, or a value.

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use tenon_model::Expression;
use tenon_value::{Date, DateTime, Decimal, Duration, Value};

use super::kind::Kind;
use super::{Checker, comparison};
use crate::Fault;
use crate::fault::{TYPE, UNSUPPORTED};

/// A side of a comparison, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Operand<'a> {
    pub(crate) what: What<'a>,
    pub(crate) at: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    /// Of the record, or of who asks.
    Known(Expression, Kind<'a>),
    /// In the text.
    Written(Value),
    /// `null`.
    Null,
}

impl<'a> Operand<'a> {
    pub(crate) fn known(self) -> Option<(Expression, Kind<'a>)> {
        match self.what {
            What::Known(expression, kind) => Some((expression, kind)),
            _ => None,
        }
    }
}

/// Names with their places: `account.owner`.
pub(crate) type Names = Vec<(String, Range<usize>)>;

impl<'a> Checker<'_, 'a> {
    pub(crate) fn operand(&mut self, tree: &IdedExpr) -> Option<Operand<'a>> {
        let at = self.token(tree);
        match &tree.expr {
            Expr::Literal(literal) => {
                let what = self.literal(literal, &at)?;
                Some(Operand { what, at })
            }
            Expr::Ident(_) | Expr::Select(_) => {
                let names = self.names(tree)?;
                self.named(&names)
            }
            Expr::Call(call) => self.call(call, at),
            Expr::List(_) => {
                self.unsupported(at, "a list stands behind `in` only", None);
                None
            }
            Expr::Comprehension(_) => {
                self.unsupported(at, "rules do not walk through lists", Some("use `in`"));
                None
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.unsupported(at, "rules have no maps and no messages", None);
                None
            }
        }
    }

    fn literal(&mut self, literal: &LiteralValue, at: &Range<usize>) -> Option<What<'a>> {
        Some(What::Written(match literal {
            LiteralValue::Null => return Some(What::Null),
            LiteralValue::Boolean(yes) => Value::Bool(*yes.inner()),
            LiteralValue::String(text) => Value::text(text.inner()),
            LiteralValue::Int(number) => Value::Decimal(Decimal::from(*number.inner())),
            // Read again from the text: what is written is exact, what the parser makes of it is not.
            LiteralValue::Double(number) => {
                let sign = if *number.inner() < 0.0 { "-" } else { "" };
                let digits = format!("{sign}{}", self.words(at).trim_start_matches('-'));
                let Ok(number) = digits.parse::<Decimal>() else {
                    self.faults.push(Fault::new(TYPE, at.clone(), format!("`{digits}` is no decimal")).help("write digits and a point"));
                    return None;
                };
                Value::Decimal(number)
            }
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
                self.unsupported(at.clone(), "rules have no unsigned numbers and no bytes", None);
                return None;
            }
        }))
    }

    /// The names of a path, from the first.
    fn names(&mut self, tree: &IdedExpr) -> Option<Names> {
        let (mut names, mut tree) = (Names::new(), tree);
        loop {
            let token = self.token(tree);
            match &tree.expr {
                Expr::Ident(name) => {
                    names.push((name.clone(), token));
                    names.reverse();
                    return Some(names);
                }
                Expr::Select(select) if !select.test => {
                    let start = self.source.get(token.end..).map_or(token.end, |rest| token.end + rest.len() - rest.trim_start().len());
                    names.push((select.field.clone(), start..start + select.field.len()));
                    tree = &select.operand;
                }
                Expr::Select(_) => {
                    self.unsupported(token, "rules have no `has`", Some("write `… != null`"));
                    return None;
                }
                _ => {
                    self.unsupported(token, "a path begins with a name", None);
                    return None;
                }
            }
        }
    }

    fn named(&mut self, names: &Names) -> Option<Operand<'a>> {
        match names.first()?.0.as_str() {
            "me" => self.me(names),
            "my" => self.my(names),
            _ => self.path(names),
        }
    }

    fn call(&mut self, call: &CallExpr, token: Range<usize>) -> Option<Operand<'a>> {
        if let (None, "date" | "timestamp" | "duration", [one]) = (&call.target, call.func_name.as_str(), call.args.as_slice())
            && let Expr::Literal(LiteralValue::String(text)) = &one.expr
        {
            let at = self.token(one);
            let read = match call.func_name.as_str() {
                "date" => text.inner().parse::<Date>().map(Value::Date).ok(),
                "timestamp" => text.inner().parse::<DateTime>().map(Value::DateTime).ok(),
                _ => text.inner().parse::<Duration>().map(Value::Duration).ok(),
            };
            let Some(value) = read else {
                let example = match call.func_name.as_str() {
                    "date" => "`date(\"2026-01-31\")`",
                    "timestamp" => "`timestamp(\"2026-01-31T08:00:00Z\")`",
                    _ => "`duration(\"PT1H30M\")`",
                };
                let fault = Fault::new(TYPE, at, format!("`{}` cannot be read", text.inner()));
                self.faults.push(fault.help(format!("write it as {example}")));
                return None;
            };
            return Some(Operand { what: What::Written(value), at });
        }
        let is_operator =
            call.func_name.contains('_') && call.func_name.contains(|letter: char| letter.is_ascii_punctuation() && letter != '_');
        let fault = match call.func_name.as_str() {
            cel::common::ast::operators::CONDITIONAL => {
                Fault::new(UNSUPPORTED, token, "rules do not choose with `?`").help("write it with `&&` and `||`")
            }
            name if comparison(name).is_some() || name == "@in" || name.contains("&&") || name.contains("||") || name.starts_with('!') => {
                Fault::new(TYPE, token, "what is true or false stands alone here, it is not compared").help("join it with `&&` or `||`")
            }
            _ if is_operator => {
                Fault::new(UNSUPPORTED, token, "rules do not calculate").help("keep the result in a field and compare that")
            }
            name => Fault::new(UNSUPPORTED, token, format!("rules have no function `{name}`"))
                .help("only `date`, `timestamp` and `duration`, of a text"),
        };
        self.faults.push(fault);
        None
    }
}
