//! What a rule says of who asks alone is settled before any record is looked at.

use tenon_context::Standing;
use tenon_model::Expression;
use tenon_value::Value;

use crate::evaluate::evaluate;

/// Whether everything it needs to know of who asks is known.
#[must_use]
pub fn resolves(expression: &Expression, mine: &Standing) -> bool {
    let mut known = true;
    expression.each_fact(&mut |fact| known = known && mine.get(fact).is_some());
    known
}

/// The expression with its conditions on who asks replaced by what they come to, and shortened by that.
#[must_use]
pub fn settle(expression: &Expression, mine: &Standing) -> Expression {
    match expression {
        Expression::Literal(_) => expression.clone(),
        whole if !whole.has_path() => truth(evaluate(whole, &|_| Value::Null, mine)),
        Expression::All(parts) => joined(parts, mine, false),
        Expression::Any(parts) => joined(parts, mine, true),
        Expression::Not(inner) => match settle(inner, mine) {
            Expression::Literal(Value::Bool(yes)) => truth(!yes),
            inner => Expression::Not(Box::new(inner)),
        },
        other => other.clone(),
    }
}

/// `decides` is the truth of one part that makes the truth of the whole.
fn joined(parts: &[Expression], mine: &Standing, decides: bool) -> Expression {
    let mut left = Vec::with_capacity(parts.len());
    for part in parts {
        match settle(part, mine) {
            Expression::Literal(Value::Bool(yes)) if yes == decides => return truth(decides),
            Expression::Literal(_) => {}
            part => left.push(part),
        }
    }
    match left.len() {
        0 => truth(!decides),
        1 => left.pop().unwrap_or_else(|| truth(!decides)),
        _ if decides => Expression::Any(left),
        _ => Expression::All(left),
    }
}

const fn truth(yes: bool) -> Expression {
    Expression::Literal(Value::Bool(yes))
}
