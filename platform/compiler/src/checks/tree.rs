//! `metadata/tree`: a relation that cannot be the parent relation of a tree.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/tree";

pub(crate) fn tree(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned()).help("`tree: true` stands on one optional to-one relation of an object to itself")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_tree_has_one_parent() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, tree: true, many: true }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal, tree: true }\n").is_empty());
    }
}
