//! How many requests somebody may make: a window of one minute each. The limits `rate` (a credential) and `endpoint_rate` (an address).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tenon_context::Principal;
use tenon_diagnostics::Problem;
use tenon_value::Uuid;

const WINDOW: Duration = Duration::from_secs(60);
/// Credentials counted at once; beyond it the windows begin anew, which errs on the caller's side.
const CREDENTIALS_MAX: usize = 100_000;

/// Counts requests by credential.
pub(crate) struct Rate {
    limit: &'static str,
    per_minute: u32,
    windows: Mutex<HashMap<Uuid, (Instant, u32)>>,
}

/// Where a credential stands after a request: the headers `RateLimit-Policy` and `RateLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The name of the limit.
    limit: &'static str,
    /// Requests a window.
    pub(crate) quota: u32,
    /// Requests made in this window, this one included.
    pub(crate) taken: u32,
    /// Whole seconds until the next window.
    pub(crate) reset: u64,
}

impl Allowance {
    /// Requests that may still be made in this window.
    pub(crate) const fn remaining(self) -> u32 {
        self.quota.saturating_sub(self.taken)
    }

    /// EXHAUSTED, and when to come back, where the credential has made too many in this minute.
    pub(crate) fn check(self) -> Result<(), Problem> {
        if self.taken <= self.quota {
            return Ok(());
        }
        let many = Problem::exhausted(self.limit, u64::from(self.quota), u64::from(self.taken));
        Err(many.with("retryAfter", self.reset))
    }
}

impl Rate {
    /// Seconds of a window.
    pub(crate) const WINDOW_SECONDS: u64 = WINDOW.as_secs();

    pub(crate) fn new(limit: &'static str, per_minute: u32) -> Self {
        Self { limit, per_minute, windows: Mutex::new(HashMap::new()) }
    }

    /// Requests a minute and credential.
    pub(crate) const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Counts a request.
    pub(crate) fn take(&self, principal: &Principal) -> Allowance {
        self.take_at(principal.id, Instant::now())
    }

    /// Counts a request of whoever has this id.
    pub(crate) fn take_by(&self, caller: Uuid) -> Allowance {
        self.take_at(caller, Instant::now())
    }

    fn take_at(&self, credential: Uuid, now: Instant) -> Allowance {
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if windows.len() >= CREDENTIALS_MAX {
            windows.clear();
        }
        let (begin, taken) = windows.entry(credential).or_insert((now, 0));
        if now.duration_since(*begin) >= WINDOW {
            (*begin, *taken) = (now, 0);
        }
        *taken = taken.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(*begin));
        // Rounded up: who waits that long is in the next window.
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Allowance { limit: self.limit, quota: self.per_minute, taken: *taken, reset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_and_begins_anew() {
        let rate = Rate::new("rate", 2);
        let (one, begin) = (Uuid::from_u128(1), Instant::now());
        let later = |seconds: u64| begin + Duration::from_secs(seconds);
        assert_eq!(rate.take_at(one, begin), Allowance { limit: "rate", quota: 2, taken: 1, reset: 60 });
        let second = rate.take_at(one, later(20));
        assert_eq!((second.remaining(), second.reset, second.check().is_ok()), (0, 40, true));
        assert!(rate.take_at(one, later(59)).check().is_err(), "the third of two");
        assert!(rate.take_at(Uuid::from_u128(2), later(59)).check().is_ok(), "another credential");
        assert!(rate.take_at(one, later(60)).check().is_ok(), "the next window");
    }
}
