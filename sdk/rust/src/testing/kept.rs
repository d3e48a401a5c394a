//! Texts and jobs in memory, one set per thread: what `kv` and `jobs` reach natively.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{DateTime, Json, Problem};

thread_local! {
    static TEXTS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static JOBS: RefCell<Vec<LeftJob>> = const { RefCell::new(Vec::new()) };
}

/// A job that was left.
///
/// ```
/// use tenon_sdk::{jobs, testing};
/// jobs::start("remind", "{}", None, Some("lead/7")).unwrap();
/// assert_eq!(testing::jobs()[0].key.as_deref(), Some("lead/7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftJob {
    /// Its name.
    pub job: String,
    /// What it was left with, as JSON.
    pub input: String,
    /// Not before this moment.
    pub at: Option<DateTime>,
    /// Under which key.
    pub key: Option<String>,
}

fn invalid(message: &str) -> Problem {
    Problem { code: "INVALID".to_owned(), rule: None, message: message.to_owned(), field: None }
}

fn short(key: &str) -> Result<(), Problem> {
    if key.is_empty() || key.len() > 200 { Err(invalid("a name has 1 to 200 letters")) } else { Ok(()) }
}

#[expect(clippy::unnecessary_wraps, reason = "at the host it may be declined")]
pub(crate) fn get(key: &str) -> Result<Option<String>, Problem> {
    Ok(TEXTS.with_borrow(|texts| texts.get(key).cloned()))
}

#[expect(clippy::unnecessary_wraps, reason = "at the host it may be declined")]
pub(crate) fn scan(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, String)>, Problem> {
    let most = usize::try_from(limit.min(200)).unwrap_or(200);
    Ok(TEXTS.with_borrow(|texts| {
        let found = texts.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after.unwrap_or_default());
        found.take(most).map(|(key, text)| (key.clone(), text.clone())).collect()
    }))
}

pub(crate) fn set(key: &str, text: &str) -> Result<(), Problem> {
    short(key)?;
    TEXTS.with_borrow_mut(|texts| texts.insert(key.to_owned(), text.to_owned()));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "at the host it may be declined")]
pub(crate) fn delete(key: &str) -> Result<(), Problem> {
    TEXTS.with_borrow_mut(|texts| texts.remove(key));
    Ok(())
}

pub(crate) fn add(key: &str, by: i64) -> Result<i64, Problem> {
    let held = get(key)?.map_or(Ok(0), |text| text.parse::<i64>());
    let sum = held.ok().and_then(|number| number.checked_add(by)).ok_or_else(|| invalid("there is no whole number under this key"))?;
    set(key, &sum.to_string()).map(|()| sum)
}

pub(crate) fn swap(key: &str, expected: Option<&str>, text: Option<&str>) -> Result<bool, Problem> {
    if get(key)?.as_deref() != expected {
        return Ok(false);
    }
    match text {
        Some(text) => set(key, text)?,
        None => delete(key)?,
    }
    Ok(true)
}

pub(crate) fn start(job: &str, input: &str, at: Option<DateTime>, key: Option<&str>) -> Result<String, Problem> {
    key.map_or(Ok(()), short)?;
    input.parse::<Json>().map_err(|_| invalid("the job's input is no JSON"))?;
    Ok(JOBS.with_borrow_mut(|jobs| {
        jobs.retain(|left| key.is_none() || left.key.as_deref() != key);
        jobs.push(LeftJob { job: job.to_owned(), input: input.to_owned(), at, key: key.map(str::to_owned) });
        format!("0198c1d2-7a3e-7f00-a000-{:012}", jobs.len())
    }))
}

pub(crate) fn cancel(key: &str) -> Result<bool, Problem> {
    short(key)?;
    Ok(JOBS.with_borrow_mut(|jobs| {
        let count = jobs.len();
        jobs.retain(|left| left.key.as_deref() != Some(key));
        jobs.len() < count
    }))
}

/// The jobs this thread has left, as they wait.
///
/// ```
/// use tenon_sdk::{jobs, testing};
/// jobs::start("remind", "{}", None, None).unwrap();
/// assert_eq!(testing::jobs().len(), 1);
/// ```
#[must_use]
pub fn jobs() -> Vec<LeftJob> {
    JOBS.with_borrow(Clone::clone)
}
