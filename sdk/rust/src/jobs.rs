//! Work for later: jobs that your plugin declares, left by it and carried out after the transaction. Natively they are kept
//! for [`testing::jobs`](crate::testing::jobs).
//!
//! A job is there exactly if the transaction that left it is. It runs as whoever left it, with the rights he has by then.

use crate::{DateTime, Problem};

#[cfg(target_arch = "wasm32")]
mod there {
    //! At the host.
    use crate::bindings::tenon::plugin::jobs;
    use crate::{DateTime, Problem, wire};

    pub(super) fn start(job: &str, input: &str, at: Option<DateTime>, key: Option<&str>) -> Result<String, Problem> {
        jobs::start(job, input, at.map(DateTime::millis), key).map_err(wire::problem)
    }

    pub(super) fn cancel(key: &str) -> Result<bool, Problem> {
        jobs::cancel(key).map_err(wire::problem)
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::kept as there;

/// How a step of a job ended.
///
/// ```
/// use tenon_sdk::jobs::Outcome;
/// assert_eq!(Outcome::done(), Outcome::Done("null".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done; what came of it, as JSON.
    Done(String),
    /// There is more to do: another step begins from this cursor, in a transaction and with limits of its own.
    GoesOn(String),
}

impl Outcome {
    /// The job is done, and nothing is to be told of it.
    ///
    /// ```
    /// assert!(matches!(tenon_sdk::jobs::Outcome::done(), tenon_sdk::jobs::Outcome::Done(_)));
    /// ```
    #[must_use]
    pub fn done() -> Self {
        Self::Done("null".to_owned())
    }
}

/// Leaves a job that your `export!` names, with its input as JSON; gives its id.
///
/// It is done as soon as may be, or not before a moment of the tenant's clock. Under a key it takes the place of what waits
/// there, so that a key is a timer.
///
/// ```
/// use tenon_sdk::{clock, jobs, testing};
/// let in_a_day = tenon_sdk::DateTime::from_millis(clock::now().millis() + 86_400_000);
/// jobs::start("remind", r#"{"lead":"7"}"#, Some(in_a_day), Some("lead/7")).unwrap();
/// jobs::start("remind", r#"{"lead":"7"}"#, None, Some("lead/7")).unwrap();
/// assert_eq!(testing::jobs().len(), 1);
/// ```
///
/// # Errors
/// A job nobody declares; an input that is no JSON or too long; too many that wait (`EXHAUSTED`).
pub fn start(job: &str, input: &str, at: Option<DateTime>, key: Option<&str>) -> Result<String, Problem> {
    there::start(job, input, at, key)
}

/// Takes back what waits under a key; false where nothing does.
///
/// ```
/// use tenon_sdk::jobs;
/// jobs::start("remind", "{}", None, Some("lead/7")).unwrap();
/// assert_eq!((jobs::cancel("lead/7"), jobs::cancel("lead/7")), (Ok(true), Ok(false)));
/// ```
///
/// # Errors
/// A key that is empty or too long.
pub fn cancel(key: &str) -> Result<bool, Problem> {
    there::cancel(key)
}
