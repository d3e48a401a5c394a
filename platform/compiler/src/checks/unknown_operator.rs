//! `metadata/unknown-operator`: a view's filter compares a field in a way that its type does not know.

use tenon_diagnostics::{nearest, Diagnostic};

pub(crate) const CODE: &str = "metadata/unknown-operator";

/// `what` is compared: `text field \`name\``.
pub(crate) fn unknown_operator(what: &str, operator: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("{what} has no operator `{operator}`"));
    match nearest(operator, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("it has `{}`", known.join("`, `"))),
    }
}
