//! `metadata/range`: bounds that no value can meet, or a scale that is not stored.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/range";

pub(crate) fn crossed(min: &str, max: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`min` {min} is above `max` {max}")).help("exchange them")
}

pub(crate) fn scale(scale: u64) -> Diagnostic {
    Diagnostic::error(CODE, format!("`scale` {scale} is more than 6 places")).help("write a scale from 0 to 6")
}

pub(crate) fn bound(key: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{key}` {reason}"))
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn bounds_leave_room_for_a_value() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: integer, min: 2, max: 1 }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: integer, min: 1, max: 2 }\n").is_empty());
    }
}
