//! Whether a rule holds for one record and one principal.
//!
//! Invariant: says the same as the lowered predicate on a database. Null compares with nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use tenon_context::Standing;
use tenon_model::{Comparison, Expression, Leaf, Part, Path};
use tenon_value::Value;

use crate::settle::resolves;

/// Whether the expression holds. `record` gives what a path ends at: `Null` where a reference on the way is empty or
/// leads to a record that is gone. A fact that does not resolve denies all of it.
#[must_use]
pub fn evaluate(expression: &Expression, record: &dyn Fn(&Path) -> Value, mine: &Standing) -> bool {
    resolves(expression, mine) && holds(expression, record, mine)
}

fn holds(expression: &Expression, record: &dyn Fn(&Path) -> Value, mine: &Standing) -> bool {
    let value = |part| value(part, record, mine);
    match expression {
        Expression::Literal(value) => *value == Value::Bool(true),
        Expression::All(parts) => parts.iter().all(|part| holds(part, record, mine)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, record, mine)),
        Expression::Not(inner) => !holds(inner, record, mine),
        Expression::IsNull(inner) => is_empty(&value(inner)),
        Expression::Compare(how, left, right) => compare(*how, &value(left), &value(right)),
        Expression::In(item, set) => {
            let (item, set) = (value(item), value(set));
            set.elements().iter().any(|one| equal(&item, one))
        }
        Expression::List(_) | Expression::Path(_) | Expression::Mine(_) => false,
    }
}

fn value<'v>(expression: &'v Expression, record: &dyn Fn(&Path) -> Value, mine: &'v Standing) -> Cow<'v, Value> {
    match expression {
        Expression::Literal(value) => Cow::Borrowed(value),
        Expression::Mine(fact) => mine.get(*fact).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        Expression::Path(path) => Cow::Owned(part(record(path), path)),
        Expression::List(parts) => Cow::Owned(Value::List(parts.iter().map(|part| value(part, record, mine).into_owned()).collect())),
        _ => Cow::Owned(Value::Null),
    }
}

/// The part a path asks for, of a value that may be whole.
fn part(value: Value, path: &Path) -> Value {
    let Leaf::Field(_, part) = path.leaf else { return value };
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    match (value, part) {
        (Value::Money(money), Part::Amount) => Value::Decimal(money.amount),
        (Value::Money(money), Part::Currency) => Value::Text(money.currency),
        (Value::Money(money), Part::Base) => money.base.map_or(Value::Null, Value::Decimal),
        (Value::Address(address), Part::Country) => text(address.country),
        (Value::Address(address), Part::Region) => text(address.region),
        (Value::Address(address), Part::City) => text(address.city),
        (Value::Address(address), Part::District) => text(address.district),
        (Value::Address(address), Part::Street) => text(address.street),
        (Value::Address(address), Part::PostalCode) => text(address.postal_code),
        (value, _) => value,
    }
}

/// Nothing; a set without choices and an address without parts are nothing as well.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(elements) => elements.is_empty(),
        Value::Address(address) => **address == tenon_value::Address::default(),
        _ => false,
    }
}

fn compare(how: Comparison, left: &Value, right: &Value) -> bool {
    let order = |wanted: fn(Ordering) -> bool| order(left, right).is_some_and(wanted);
    match how {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => order(Ordering::is_lt),
        Comparison::LessOrEqual => order(Ordering::is_le),
        Comparison::Greater => order(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(Ordering::is_ge),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Id(_) | Value::Ref(..), Value::Id(_) | Value::Ref(..)) => left.as_id() == right.as_id(),
        (Value::Bool(left), Value::Bool(right)) => left == right,
        _ => order(left, right).is_some_and(Ordering::is_eq),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        _ => Some(left.as_decimal()?.cmp(&right.as_decimal()?)),
    }
}
