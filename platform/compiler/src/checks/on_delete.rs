//! `metadata/on-delete`: what a deletion would do here contradicts the rest of the relation.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/on-delete";

pub(crate) fn clear_required() -> Diagnostic {
    Diagnostic::error(CODE, "a required relation cannot be cleared").help("write `on_delete: restrict` or `on_delete: cascade`")
}

pub(crate) fn of_many() -> Diagnostic {
    Diagnostic::error(CODE, "links of a many-to-many relation are removed with either end").help("leave `on_delete` out")
}

pub(crate) fn of_part() -> Diagnostic {
    Diagnostic::error(CODE, "a part is deleted and restored with its whole").help("leave `on_delete` out")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn what_is_required_is_not_cleared() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, many: true, on_delete: clear }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal, on_delete: clear }\n").is_empty());
    }
}
