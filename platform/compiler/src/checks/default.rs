//! `metadata/default`: the value a new record gets is none that the field could have.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/default";

pub(crate) fn unfit(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("the default {reason}"))
}

pub(crate) fn refused(kind: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("a field of type {kind} has no default"))
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_default_fits_its_field() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: integer, max: 3, default: 4 }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: integer, max: 3, default: 3 }\n").is_empty());
    }
}
