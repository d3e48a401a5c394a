//! Text → checked expression: every name leads somewhere, both sides of a comparison are of one kind.
//!
//! What a rule can say:
//! - `==` `!=` `<` `<=` `>` `>=` between something of the record and a value or something of who asks; `in` with a list,
//!   with one of `my` lists, or with a field of type `choices`; `&&` `||` `!`; `== null`;
//! - paths over up to [`HOPS_MAX`] to-one relations: `account.owner.team`; parts of money and addresses: `amount.amount`;
//! - days and moments as `date("2026-01-31")`, `timestamp("2026-01-31T08:00:00Z")`, `duration("PT1H")`, or as the plain
//!   text where a field of that type stands on the other side; choices as their codes; records as their ids in quotes.
//!
//! Text compares exactly, by code points. Two columns are never compared with each other.

mod kind;
mod meet;
mod mine;
mod operand;
mod path;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use tenon_model::{Comparison, Expression, Object, ObjectIx, Rule};
use tenon_value::{Name, Value};

use crate::Fault;
use crate::fault::{TOO_LARGE, TYPE, UNSUPPORTED};
use crate::parse::{parse, with_room};
use kind::Kind;

/// Relations of a path.
pub(crate) const HOPS_MAX: usize = 4;
/// Nested parts of what is kept: everything that walks it later recurses this deep.
pub(crate) const DEPTH_MAX: usize = 64;

/// What a rule may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// All objects of the model, fields and relations in place.
    pub objects: &'a [Arc<Object>],
    /// Active ones by name.
    pub by_name: &'a HashMap<Name, ObjectIx>,
    /// The object whose records the rule is about.
    pub object: ObjectIx,
    /// The object `user`, of which `me` is a record.
    pub user: Option<ObjectIx>,
}

impl<'a> Scope<'a> {
    fn at(&self, ix: ObjectIx) -> Option<&'a Object> {
        self.objects.get(usize::from(ix.0)).map(Arc::as_ref)
    }
}

/// Checks the text of a rule.
///
/// # Errors
/// All mistakes found, each with its place in the text.
pub fn check(source: &str, scope: &Scope<'_>) -> Result<Rule, Vec<Fault>> {
    let parsed = parse(source)?;
    let walk = || {
        let mut checker = Checker { scope: *scope, source, places: &parsed.places, faults: Vec::new() };
        let truth = checker.truth(&parsed.tree);
        match (truth, checker.faults.is_empty()) {
            (Some(truth), true) if depth(&truth) <= DEPTH_MAX => Ok(truth),
            (_, true) => Err(vec![Fault::new(TOO_LARGE, 0..source.len(), format!("the rule nests deeper than {DEPTH_MAX} parts"))]),
            _ => Err(checker.faults),
        }
    };
    let expression = if parsed.is_shallow { walk() } else { with_room(walk) }?;
    Ok(Rule { source: source.to_owned(), expression })
}

fn depth(expression: &Expression) -> usize {
    match expression {
        Expression::All(parts) | Expression::Any(parts) => parts.iter().map(depth).max().unwrap_or_default() + 1,
        Expression::Not(inner) => depth(inner) + 1,
        _ => 1,
    }
}

pub(crate) struct Checker<'s, 'a> {
    scope: Scope<'a>,
    source: &'s str,
    places: &'s SourceInfo,
    faults: Vec<Fault>,
}

impl<'a> Checker<'_, 'a> {
    /// Something that is true or false.
    fn truth(&mut self, tree: &IdedExpr) -> Option<Expression> {
        if let Expr::Call(call) = &tree.expr
            && call.target.is_none()
        {
            return match call.func_name.as_str() {
                operators::LOGICAL_AND => self.joined(tree, operators::LOGICAL_AND).map(Expression::All),
                operators::LOGICAL_OR => self.joined(tree, operators::LOGICAL_OR).map(Expression::Any),
                operators::LOGICAL_NOT => Some(match self.truth(call.args.first()?)? {
                    Expression::Not(inner) => *inner,
                    other => Expression::Not(Box::new(other)),
                }),
                operators::IN => self.among(tree, call),
                _ => match comparison(&call.func_name) {
                    Some(how) => self.compared(tree, call, how),
                    None => self.alone(tree),
                },
            };
        }
        match &tree.expr {
            Expr::Literal(LiteralValue::Boolean(yes)) => Some(Expression::Literal(Value::Bool(*yes.inner()))),
            _ => self.alone(tree),
        }
    }

    /// The parts of a chain of one operator: the parser makes a balanced tree of it.
    fn joined(&mut self, tree: &IdedExpr, operator: &str) -> Option<Vec<Expression>> {
        let mut parts = Some(Vec::new());
        self.join(tree, operator, &mut parts);
        parts
    }

    fn join(&mut self, tree: &IdedExpr, operator: &str, parts: &mut Option<Vec<Expression>>) {
        match &tree.expr {
            Expr::Call(CallExpr { func_name, target: None, args }) if func_name == operator => {
                args.iter().for_each(|part| self.join(part, operator, parts));
            }
            // All parts are looked at, so that all mistakes are told at once.
            _ => match (self.truth(tree), parts.as_mut()) {
                (Some(part), Some(known)) => known.push(part),
                _ => *parts = None,
            },
        }
    }

    /// A field that is itself yes or no.
    fn alone(&mut self, tree: &IdedExpr) -> Option<Expression> {
        let operand = self.operand(tree)?;
        let at = operand.at.clone();
        match operand.known() {
            Some((expression, Kind::Bool)) => Some(is_true(expression)),
            _ => {
                let fault = Fault::new(TYPE, at.clone(), format!("`{}` is neither true nor false", self.words(&at)));
                self.faults.push(fault.help("compare it with something"));
                None
            }
        }
    }

    fn unsupported(&mut self, at: Range<usize>, what: impl Into<String>, help: Option<&str>) {
        let fault = Fault::new(UNSUPPORTED, at, what);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    /// Where a part of the tree stands: its own token.
    fn token(&self, tree: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.places.offset_for(tree.id).unwrap_or_default();
        let (start, stop) = (usize::try_from(start).unwrap_or_default(), usize::try_from(stop).unwrap_or_default());
        start.min(self.source.len())..(stop + 1).min(self.source.len())
    }

    fn words(&self, at: &Range<usize>) -> &str {
        self.source.get(at.clone()).unwrap_or_default()
    }
}

fn is_true(expression: Expression) -> Expression {
    Expression::Compare(Comparison::Equal, Box::new(expression), Box::new(Expression::Literal(Value::Bool(true))))
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
