//! `metadata/duplicate-option`: a choice offers one code twice.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/duplicate-option";

pub(crate) fn duplicate_option(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("option `{name}` is offered twice")).help("keep one of them")
}
