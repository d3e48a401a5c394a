//! The last lines of each package of a tenant: what its plugin logged, and why it failed. For those who look after packages;
//! operators find the same in their own log.
//!
//! Kept in memory, on the node where it happened.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tenon_value::{DateTime, TenantId};

use crate::title;

/// Lines kept of one package in one tenant (`package_log_lines`).
pub const LINES_MAX: usize = 100;
/// Letters kept of a line.
const LETTERS_MAX: usize = 500;
/// Packages of which lines are kept; of more those who were silent the longest are forgotten.
const PACKAGES_MAX: usize = 1_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counts the lines of this process: a later one has a higher number.
    pub number: u64,
    /// The business time of the call.
    pub at: DateTime,
    /// `debug`, `info`, `warn`, `error`, or `fault`.
    pub level: &'static str,
    /// What it says.
    pub message: String,
    /// The version that said it.
    pub version: String,
    /// The request in which it was said.
    pub request: String,
}

/// The lines of all.
#[derive(Default)]
pub(crate) struct Lines {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    last: u64,
    packages: HashMap<(TenantId, String), VecDeque<Line>>,
}

impl Lines {
    /// Keeps what was said in a call, by a plugin as it is titled: `name@version`.
    pub(crate) fn add(
        &self,
        (tenant, title): (TenantId, &str),
        (at, request): (DateTime, &str),
        said: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        let (package, version) = title::parts(title);
        let mut said = said.into_iter().peekable();
        if said.peek().is_none() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { last, packages } = &mut *kept;
        let lines = packages.entry((tenant, package.to_owned())).or_default();
        for (level, mut message) in said {
            *last += 1;
            message.truncate(message.floor_char_boundary(LETTERS_MAX));
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(Line { number: *last, at, level, message, version: version.to_owned(), request: request.to_owned() });
        }
        if packages.len() > PACKAGES_MAX {
            let silent = packages.iter().min_by_key(|(_, lines)| lines.back().map(|line| line.number)).map(|(key, _)| key.clone());
            silent.map(|key| packages.remove(&key));
        }
    }

    /// Of one package of a tenant, in their order.
    pub(crate) fn of(&self, tenant: TenantId, package: &str) -> Vec<Line> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.packages.get(&(tenant, package.to_owned())).into_iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_no_more() {
        let (lines, tenant, at) = (Lines::default(), TenantId::generate(), DateTime::from_millis(0));
        let say = |package: &str, words: &str| lines.add((tenant, &format!("{package}@1.0.0")), (at, "r"), [("info", words.to_owned())]);
        for number in 0..LINES_MAX + 5 {
            say("one", &number.to_string());
        }
        say("two", &"é".repeat(LETTERS_MAX));
        let kept = lines.of(tenant, "one");
        assert_eq!((kept.len(), kept[0].message.as_str(), kept[0].number, kept[0].version.as_str()), (LINES_MAX, "5", 6, "1.0.0"));
        assert_eq!(lines.of(tenant, "two")[0].message.len(), LETTERS_MAX);
        for package in 0..PACKAGES_MAX {
            say(&format!("p{package}"), "here");
        }
        assert!(lines.of(tenant, "one").is_empty() && !lines.of(tenant, "p999").is_empty(), "the silent go first");
        assert_eq!(lines.of(TenantId::generate(), "two"), []);
    }
}
