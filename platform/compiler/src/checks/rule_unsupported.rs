//! `rule/unsupported`: a rule uses something of CEL that cannot be asked of a database.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "rule/unsupported";

pub(crate) fn fault(message: String, help: Option<String>) -> Diagnostic {
    Diagnostic { help, ..Diagnostic::error(CODE, message) }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_rule;

    #[test]
    fn a_rule_can_be_asked_of_the_database() {
        assert_eq!(codes_of_rule("name.matches('a')"), [super::CODE]);
        assert!(codes_of_rule("name == 'a'").is_empty());
    }
}
