//! `rule/type`: a rule compares or joins what does not fit together.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "rule/type";

pub(crate) fn fault(message: String, help: Option<String>) -> Diagnostic {
    Diagnostic { help, ..Diagnostic::error(CODE, message) }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_rule;

    #[test]
    fn a_rule_compares_like_with_like() {
        assert_eq!(codes_of_rule("size == 'big'"), [super::CODE]);
        assert!(codes_of_rule("size == 3").is_empty());
    }
}
