//! `metadata/duplicate-option`: a choice offers one code twice.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/duplicate-option";

pub(crate) fn duplicate_option(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("option `{name}` is offered twice")).help("keep one of them")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_code_is_offered_once() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: choice, options: [b, b] }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: choice, options: [b, c] }\n").is_empty());
    }
}
