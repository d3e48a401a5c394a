//! Texts by key, your package's own, in each tenant. What changes something is for `after_…`, actions and jobs.
//!
//! Part of the transaction: what is undone with it was never kept. A key has 1 to 200 bytes, a text 64 KiB; a package keeps
//! 10,000 keys and 10 MiB in a tenant. Natively a set of texts per thread stands in.

use crate::Problem;

#[cfg(target_arch = "wasm32")]
mod there {
    //! At the host.
    use crate::bindings::tenon::plugin::kv;
    use crate::{Problem, wire};

    pub(super) fn get(key: &str) -> Result<Option<String>, Problem> {
        kv::get(key).map_err(wire::problem)
    }

    pub(super) fn scan(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, String)>, Problem> {
        kv::scan(prefix, after, limit).map_err(wire::problem)
    }

    pub(super) fn set(key: &str, text: &str) -> Result<(), Problem> {
        kv::set(key, text).map_err(wire::problem)
    }

    pub(super) fn delete(key: &str) -> Result<(), Problem> {
        kv::delete(key).map_err(wire::problem)
    }

    pub(super) fn add(key: &str, by: i64) -> Result<i64, Problem> {
        kv::add(key, by).map_err(wire::problem)
    }

    pub(super) fn swap(key: &str, expected: Option<&str>, text: Option<&str>) -> Result<bool, Problem> {
        kv::swap(key, expected, text).map_err(wire::problem)
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::kept as there;

/// The text under a key. Counts as a query.
///
/// ```
/// use tenon_sdk::kv;
/// assert_eq!(kv::get("greeting"), Ok(None));
/// kv::set("greeting", "hello").unwrap();
/// assert_eq!(kv::get("greeting").unwrap().as_deref(), Some("hello"));
/// ```
///
/// # Errors
/// Where the store is out of reach, there is none here: what is wrong with it ends your call.
pub fn get(key: &str) -> Result<Option<String>, Problem> {
    there::get(key)
}

/// Keys that begin so, after this one, in the order of their bytes, with their texts; 200 at most. Counts as a query.
///
/// ```
/// use tenon_sdk::kv;
/// kv::set("seen/a", "1").unwrap();
/// kv::set("seen/b", "2").unwrap();
/// assert_eq!(kv::scan("seen/", Some("seen/a"), 10), Ok(vec![("seen/b".to_owned(), "2".to_owned())]));
/// ```
///
/// # Errors
/// As [`get`].
pub fn scan(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, String)>, Problem> {
    there::scan(prefix, after, limit)
}

/// Puts a text under a key, in the place of any other. Counts as a write.
///
/// ```
/// assert_eq!(tenon_sdk::kv::set("", "no key").unwrap_err().code, "INVALID");
/// ```
///
/// # Errors
/// A key or text that is too long; too many of them (`EXHAUSTED`).
pub fn set(key: &str, text: &str) -> Result<(), Problem> {
    there::set(key, text)
}

/// Removes what is under a key. Counts as a write.
///
/// ```
/// use tenon_sdk::kv;
/// kv::set("once", "1").unwrap();
/// kv::delete("once").unwrap();
/// assert_eq!(kv::get("once"), Ok(None));
/// ```
///
/// # Errors
/// As [`set`].
pub fn delete(key: &str) -> Result<(), Problem> {
    there::delete(key)
}

/// Adds to the whole number under a key (0 where there is none), and gives the sum. Of two at once none is lost. Counts as a
/// write.
///
/// ```
/// use tenon_sdk::kv;
/// assert_eq!((kv::add("visits", 2), kv::add("visits", -1)), (Ok(2), Ok(1)));
/// ```
///
/// # Errors
/// Where there is something else than a whole number, or the sum is too large.
pub fn add(key: &str, by: i64) -> Result<i64, Problem> {
    there::add(key, by)
}

/// Puts a text (or nothing) under a key where there is just this (or nothing) now; whether it was so. Counts as a write.
///
/// ```
/// use tenon_sdk::kv;
/// assert_eq!(kv::swap("leader", None, Some("me")), Ok(true));
/// assert_eq!(kv::swap("leader", None, Some("you")), Ok(false));
/// ```
///
/// # Errors
/// As [`set`].
pub fn swap(key: &str, expected: Option<&str>, text: Option<&str>) -> Result<bool, Problem> {
    there::swap(key, expected, text)
}
