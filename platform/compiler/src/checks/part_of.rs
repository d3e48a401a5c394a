//! `metadata/part-of`: a relation that cannot make its records part of another's.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/part-of";

pub(crate) fn part_of(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned()).help("`part_of: true` stands on one to-one relation to one other object; it is required and deleted with its whole")
}
