//! Rules → predicates, which the store makes SQL of.
//!
//! Invariants: true for exactly the records for which [`crate::evaluate`] is true; what cannot be lowered makes the
//! whole predicate false, never a part of it: below a `!` that would open what it should close.

use tenon_model::{Comparison, Expression, FieldKind, Leaf, Model, ObjectIx, Path};
use tenon_query::{AuthorizedTable, ColumnRef, CompareOp, Param, Predicate, RefOp, SetOp};
use tenon_value::Value;

/// Gives the table of an object that a path passes through.
type Tables<'a> = &'a dyn Fn(ObjectIx) -> AuthorizedTable;

/// The predicate of a checked expression whose conditions on who asks are settled.
///
/// `table` gives the objects that paths pass through: with all of their rows, since a rule looks at the record as it is, not as the principal may see it.
#[must_use]
pub fn lower(expression: &Expression, model: &Model, table: &dyn Fn(ObjectIx) -> AuthorizedTable) -> Predicate {
    Lower { model, table }.truth(expression).unwrap_or_else(Predicate::no)
}

struct Lower<'a> {
    model: &'a Model,
    table: Tables<'a>,
}

impl Lower<'_> {
    fn truth(&self, expression: &Expression) -> Option<Predicate> {
        Some(match expression {
            Expression::Literal(Value::Bool(true)) => Predicate::yes(),
            Expression::Literal(Value::Bool(false)) => Predicate::no(),
            Expression::All(parts) => Predicate::All(parts.iter().map(|part| self.truth(part)).collect::<Option<_>>()?),
            Expression::Any(parts) => Predicate::Any(parts.iter().map(|part| self.truth(part)).collect::<Option<_>>()?),
            Expression::Not(inner) => not(self.truth(inner)?),
            Expression::IsNull(inner) => match inner.as_ref() {
                Expression::Path(path) => self.empty(path)?,
                _ => return None,
            },
            Expression::Compare(how, left, right) => match left.as_ref() {
                Expression::Path(path) => self.compare(path, *how, right)?,
                _ => return None,
            },
            Expression::In(item, set) => match (item.as_ref(), set.as_ref()) {
                (Expression::Path(path), Expression::List(parts)) => {
                    let equal = parts.iter().map(|part| self.compare(path, Comparison::Equal, part));
                    Predicate::Any(equal.collect::<Option<_>>()?)
                }
                (Expression::Path(path), set) => self.among(path, self.param(set)?)?,
                (item, Expression::Path(path)) => self.holds_code(path, self.param(item)?)?,
                _ => return None,
            },
            Expression::Literal(_) | Expression::List(_) | Expression::Path(_) | Expression::Mine(_) => return None,
        })
    }

    fn param(&self, expression: &Expression) -> Option<Param> {
        match expression {
            Expression::Literal(value) => self.model.literal(value).map(Param::Literal),
            Expression::Mine(fact) => Some(Param::Mine(*fact)),
            _ => None,
        }
    }

    fn compare(&self, path: &Path, how: Comparison, with: &Expression) -> Option<Predicate> {
        let param = self.param(with)?;
        let op = match how {
            Comparison::Equal => CompareOp::Eq,
            // Null on either side is unequal, as it is where the way there ends early.
            Comparison::NotEqual => return Some(not(self.compare(path, Comparison::Equal, with)?)),
            Comparison::Less => CompareOp::Lt,
            Comparison::LessOrEqual => CompareOp::Lte,
            Comparison::Greater => CompareOp::Gt,
            Comparison::GreaterOrEqual => CompareOp::Gte,
        };
        let leaf = match path.leaf {
            Leaf::Relation(relation) if op == CompareOp::Eq => Predicate::Ref { relation, op: RefOp::Eq(param) },
            Leaf::Relation(_) => return None,
            Leaf::Field(field, part) => Predicate::Compare { column: ColumnRef { field, part }, op, with: param },
        };
        self.through(path, leaf)
    }

    fn among(&self, path: &Path, list: Param) -> Option<Predicate> {
        let leaf = match path.leaf {
            Leaf::Relation(relation) => Predicate::Ref { relation, op: RefOp::In(list) },
            Leaf::Field(field, part) => Predicate::In { column: ColumnRef { field, part }, list },
        };
        self.through(path, leaf)
    }

    fn holds_code(&self, path: &Path, code: Param) -> Option<Predicate> {
        match path.leaf {
            Leaf::Field(field, _) => self.through(path, Predicate::Set { field, op: SetOp::HasAny, codes: code }),
            Leaf::Relation(_) => None,
        }
    }

    fn empty(&self, path: &Path) -> Option<Predicate> {
        let leaf = match path.leaf {
            Leaf::Relation(relation) => Predicate::Ref { relation, op: RefOp::IsNull },
            Leaf::Field(field, part) => {
                let kind = &self.model.object(path.object)?.field(field)?.kind;
                if matches!(kind, FieldKind::Choices(_)) {
                    Predicate::SetIsEmpty(field)
                } else {
                    Predicate::IsNull(ColumnRef { field, part })
                }
            }
        };
        // A way that ends early ends in null as well.
        Some(if path.hops.is_empty() { leaf } else { not(self.through(path, not(leaf))?) })
    }

    /// What must hold at the end of a way, told from its beginning.
    fn through(&self, path: &Path, leaf: Predicate) -> Option<Predicate> {
        let mut target = path.object;
        let mut holds = leaf;
        for (object, relation) in path.hops.iter().rev() {
            holds = Predicate::ToOne { relation: *relation, table: (self.table)(target), holds: Box::new(holds) };
            target = *object;
        }
        Some(holds)
    }
}

fn not(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::Not(inner) => *inner,
        other => Predicate::Not(Box::new(other)),
    }
}
