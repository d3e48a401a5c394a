//! `metadata/missing-key`: something that has no meaning without this key.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/missing-key";

/// `owner` is what lacks it: `a choice field`.
pub(crate) fn missing_key(owner: &str, key: &str, example: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{owner} needs `{key}`")).help(format!("for example `{key}: {example}`"))
}

/// The same for something of which only texts are said: perhaps they were meant for another package's.
pub(crate) fn only_labelled(owner: &str, key: &str, example: &str) -> Diagnostic {
    missing_key(owner, key, example)
        .help(format!("for example `{key}: {example}`; texts over another package's element need its very name"))
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn what_has_no_meaning_without_a_key_needs_it() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: choice }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: choice, options: [b] }\n").is_empty());
    }
}
