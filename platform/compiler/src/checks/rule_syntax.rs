//! `rule/syntax`: a rule's text is no expression.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "rule/syntax";

pub(crate) fn fault(message: String, help: Option<String>) -> Diagnostic {
    Diagnostic { help, ..Diagnostic::error(CODE, message) }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_rule;

    #[test]
    fn a_rule_is_an_expression() {
        assert_eq!(codes_of_rule("owner =="), [super::CODE]);
        assert!(codes_of_rule("owner == me").is_empty());
    }
}
