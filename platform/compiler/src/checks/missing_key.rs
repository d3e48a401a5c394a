//! `metadata/missing-key`: something that has no meaning without this key.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/missing-key";

/// `owner` is what lacks it: `a choice field`.
pub(crate) fn missing_key(owner: &str, key: &str, example: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{owner} needs `{key}`")).help(format!("for example `{key}: {example}`"))
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::codes;

    #[test]
    fn what_has_no_meaning_without_a_key_needs_it() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: choice }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: choice, options: [b] }\n").is_empty());
    }
}
