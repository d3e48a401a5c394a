//! `metadata/not-enforced-yet`: words of the format that this version reads but could not keep its promise about.
//!
//! Accepting a rule and then not enforcing it would be worse than refusing it.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/not-enforced-yet";

pub(crate) fn not_enforced_yet(what: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{what} cannot be enforced by this version yet")).help("leave it out until a later version")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn what_cannot_be_kept_is_refused() {
        assert_eq!(codes("kind: event\n"), [super::CODE]);
        assert!(codes("kind: record\n").is_empty());
    }
}
