//! `metadata/auto-number`: a number format from which no series of numbers can be made.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/auto-number";

pub(crate) fn broken(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned()).help("for example `OPP-{yyyy}-{0000}`: text, then `{yyyy}` `{yy}` `{mm}` `{dd}`, and one `{0000}` for the digits")
}
