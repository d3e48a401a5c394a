//! `metadata/label-missing`: nobody says what people call it. A warning; in our own package `crm`, which speaks both
//! languages, an error.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/label-missing";

pub(crate) fn no_label(what: &str) -> Diagnostic {
    Diagnostic::warning(CODE, format!("{what} has no label")).help("for example `label: { en: Close date, zh: 结束日期 }`")
}

/// Our own package lacks `key` in a language.
pub(crate) fn incomplete(what: &str, key: &str, locale: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{what} has no `{key}` in `{locale}`")).help("the base package speaks `en` and `zh`")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn everything_people_meet_has_a_label() {
        assert_eq!(codes("fields:\n  a: { type: text }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text }\n").is_empty());
    }
}
