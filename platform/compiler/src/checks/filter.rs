//! `metadata/filter`: a view's filter compares with a value that the field could never have.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/filter";

pub(crate) fn unfit(operator: &str, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{operator}` takes {expected} here, not {found}"))
}

pub(crate) fn null_operand(operator: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{operator}` cannot compare with nothing")).help("write `is_null: true`")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_view;

    #[test]
    fn a_filter_compares_with_a_possible_value() {
        assert_eq!(codes_of_view("type: table, filter: { stage: { eq: lost } }"), [super::CODE]);
        assert!(codes_of_view("type: table, filter: { stage: { eq: won } }").is_empty());
    }
}
