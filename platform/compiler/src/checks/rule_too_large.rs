//! `rule/too-large`: a rule is longer, deeper or has more parts than a rule may have.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "rule/too-large";

pub(crate) fn fault(message: String, help: Option<String>) -> Diagnostic {
    Diagnostic { help, ..Diagnostic::error(CODE, message) }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_rule;

    #[test]
    fn a_rule_has_a_size() {
        assert_eq!(codes_of_rule(&"size == 3 || ".repeat(400)), [super::CODE]);
        assert!(codes_of_rule("owner == me").is_empty());
    }
}
