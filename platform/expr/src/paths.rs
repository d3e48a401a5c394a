//! What of a record a rule looks at.

use tenon_model::{Expression, Path};

/// Every path of the expression, once each, in the order of the text.
#[must_use]
pub fn paths(expression: &Expression) -> Vec<Path> {
    let mut found = Vec::new();
    gather(expression, &mut found);
    found
}

fn gather(expression: &Expression, found: &mut Vec<Path>) {
    match expression {
        Expression::Path(path) if !found.contains(path) => found.push(path.clone()),
        Expression::List(parts) | Expression::All(parts) | Expression::Any(parts) => parts.iter().for_each(|part| gather(part, found)),
        Expression::Compare(_, left, right) | Expression::In(left, right) => {
            gather(left, found);
            gather(right, found);
        }
        Expression::Not(inner) | Expression::IsNull(inner) => gather(inner, found),
        Expression::Literal(_) | Expression::Mine(_) | Expression::Path(_) => {}
    }
}
