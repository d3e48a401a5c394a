//! `metadata/missing-key`: something that has no meaning without this key.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/missing-key";

/// `owner` is what lacks it: `a choice field`.
pub(crate) fn missing_key(owner: &str, key: &str, example: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{owner} needs `{key}`")).help(format!("for example `{key}: {example}`"))
}
