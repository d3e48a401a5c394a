//! How many requests a credential may make: a window of one minute each. The limit `rate` of API.md §1.7.

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
    per_minute: u32,
    windows: Mutex<HashMap<Uuid, (Instant, u32)>>,
}

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, windows: Mutex::new(HashMap::new()) }
    }

    /// Requests a minute and credential.
    pub(crate) const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Counts a request.
    ///
    /// # Errors
    /// EXHAUSTED `rate` where the credential has made too many in this minute.
    pub(crate) fn take(&self, principal: &Principal) -> Result<(), Problem> {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if windows.len() >= CREDENTIALS_MAX {
            windows.clear();
        }
        let (begin, taken) = windows.entry(principal.id).or_insert((now, 0));
        if now.duration_since(*begin) >= WINDOW {
            (*begin, *taken) = (now, 0);
        }
        *taken = taken.saturating_add(1);
        if *taken > self.per_minute { Err(Problem::exhausted("rate", u64::from(self.per_minute), u64::from(*taken))) } else { Ok(()) }
    }
}
