//! `metadata/auto-number`: a number format from which no series of numbers can be made.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/auto-number";

pub(crate) fn broken(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned())
        .help("for example `OPP-{yyyy}-{0000}`: text, then `{yyyy}` `{yy}` `{mm}` `{dd}`, and one `{0000}` for the digits")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_number_needs_a_place_for_its_digits() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: auto_number, format: \"D-{yyyy}\" }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: auto_number, format: \"D-{yyyy}-{0000}\" }\n").is_empty());
    }
}
