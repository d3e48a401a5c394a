//! `metadata/unknown-operator`: a view's filter compares a field in a way that its type does not know.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "metadata/unknown-operator";

/// `what` is compared: a text field, a list.
pub(crate) fn unknown_operator(what: &str, operator: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("{what} has no operator `{}`", super::wrong_type::shorten(operator)));
    match nearest(operator, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("it has `{}`", known.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_view;

    #[test]
    fn an_operator_is_one_of_its_type() {
        assert_eq!(codes_of_view("type: table, filter: { name: { startswith: a } }"), [super::CODE]);
        assert!(codes_of_view("type: table, filter: { name: { starts_with: a }, children: { some: { size: { gt: 1 } } } }").is_empty());
    }
}
