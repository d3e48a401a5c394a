//! The time of the operation. It stands still: one save has one time, however often its hooks run.

use crate::{Date, DateTime};

/// The moment at which the operation began.
///
/// ```
/// use tenon_sdk::{DateTime, clock, testing};
/// testing::set_now(DateTime::from_millis(1_772_236_800_000));
/// assert_eq!(clock::now().to_string(), "2026-02-28T00:00:00.000Z");
/// ```
#[must_use]
pub fn now() -> DateTime {
    #[cfg(target_arch = "wasm32")]
    return DateTime::from_millis(crate::bindings::tenon::plugin::clock::now());
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::now();
}

/// The day of that moment in the tenant's time zone; natively in UTC.
///
/// ```
/// use tenon_sdk::{DateTime, clock, testing};
/// testing::set_now(DateTime::from_millis(1_772_236_800_000));
/// assert_eq!(clock::today().plus_days(30).to_string(), "2026-03-30");
/// ```
#[must_use]
pub fn today() -> Date {
    #[cfg(target_arch = "wasm32")]
    return Date::from_days(crate::bindings::tenon::plugin::clock::today());
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::now().utc_date();
}
