//! `metadata/pattern`: a pattern that is no regular expression of RE2 syntax.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/pattern";

pub(crate) fn broken(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("the pattern cannot be read: {reason}"))
        .help("patterns are RE2: no look-around, no back references; the whole text must match")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_pattern_is_a_regular_expression() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: text, pattern: \"[A-Z\" }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text, pattern: \"[A-Z]\" }\n").is_empty());
    }
}
