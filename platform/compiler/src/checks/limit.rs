//! `metadata/limit`: more than a named limit allows.

use tenon_diagnostics::Diagnostic;

use crate::limits::Limit;

pub(crate) const CODE: &str = "metadata/limit";

/// `owner` has `actual` `unit`: `` `opportunity` has 401 fields``.
pub(crate) fn exceeded(limit: Limit, actual: usize, owner: &str, unit: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{owner} has {actual} {unit}, limit `{}` is {}", limit.name, limit.max))
}

pub(crate) fn options(actual: usize) -> Diagnostic {
    exceeded(crate::limits::OPTIONS, actual, "the field", "options").help("make the options records of an object, and the field a relation")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_limit_is_kept() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: text, max: 10001 }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text, max: 10000 }\n").is_empty());
    }

    #[test]
    fn two_thousand_fields_are_too_many() {
        let fields: String = (0..2_000).map(|at| format!("  field_{at}: {{ type: text, label: {{ en: A }} }}\n")).collect();
        assert_eq!(codes(&format!("fields:\n{fields}")), [super::CODE]);
    }
}
