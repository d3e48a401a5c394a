//! The one place where the wall clock is read; everything else is handed a moment.

use tenon_value::DateTime;

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "the clock enters here, and nowhere else")]
pub(crate) fn wall() -> DateTime {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    DateTime::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
