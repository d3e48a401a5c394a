//! `rule/unknown-name`: a rule names something that neither the record nor who asks has.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "rule/unknown-name";

pub(crate) fn fault(message: String, help: Option<String>) -> Diagnostic {
    Diagnostic { help, ..Diagnostic::error(CODE, message) }
}

/// The rule was right until something was retired: it gives nothing now.
pub(crate) fn retired(word: &str) -> Diagnostic {
    Diagnostic::warning(CODE, format!("`{word}` is retired, so that this rule gives nothing any more"))
        .help("write the rule without it, or restore it")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_rule;

    #[test]
    fn what_a_rule_names_is_there() {
        assert_eq!(codes_of_rule("ownr == me"), [super::CODE]);
        assert!(codes_of_rule("owner == me").is_empty());
    }
}
