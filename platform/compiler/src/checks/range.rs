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
