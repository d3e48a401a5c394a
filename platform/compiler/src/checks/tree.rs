//! `metadata/tree`: a relation that cannot be the parent relation of a tree.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/tree";

pub(crate) fn tree(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned()).help("`tree: true` stands on one optional to-one relation of an object to itself")
}
