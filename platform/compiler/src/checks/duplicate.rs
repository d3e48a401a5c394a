//! `metadata/duplicate`: the same element is described twice in one package.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/duplicate";

pub(crate) fn duplicate(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is described twice")).help("keep one of the two places")
}
