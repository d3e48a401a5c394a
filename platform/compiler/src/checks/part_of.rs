//! `metadata/part-of`: a relation that cannot make its records part of another's.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/part-of";

pub(crate) fn part_of(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned())
        .help("`part_of: true` stands on one to-one relation to one other object; it is required and deleted with its whole")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_record_is_no_part_of_its_own_kind() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, part_of: true }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal }\n").is_empty());
    }
}
