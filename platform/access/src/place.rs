//! Where in a plan an object is named. Each place is woven, and the attack suite proves each by switching it off.
//!
//! What the house looks up for itself (`Policy::whole`) is no such place: nothing is woven there, and nothing of it is told.
//! Invariant: in release builds nothing can be switched off. In debug builds the environment variable `TENON_WEAVE_OFF`
//! names places (their words, with commas between) that forget their rows.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU32, Ordering};

/// A place where an object is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// What a query asks for first.
    Root,
    /// Records within records.
    Nested,
    /// What a filter looks at.
    Filter,
    /// What a list is ordered by.
    Order,
    /// What groups are made by.
    Group,
    /// What is asked of groups.
    Having,
    /// What is counted and summed.
    Aggregate,
    /// How many there are.
    Count,
    /// Where a page begins.
    Cursor,
    /// What a mutation answers with.
    Returning,
    /// The record that is written.
    Write,
    /// Many records written by a filter.
    Batch,
    /// Records written within another.
    NestedWrite,
    /// Records connected by a key.
    Connect,
    /// The record an upsert looks for.
    Upsert,
    /// Records that become one.
    Merge,
    /// Rows brought in.
    Import,
    /// What was.
    History,
    /// Whether a value is taken.
    Unique,
    /// What a written row must satisfy.
    Check,
    /// Rows taken out.
    Export,
    /// With whom a record is shared.
    Share,
    /// What the metadata API tells.
    Describe,
    /// What the schema tells.
    Introspection,
    /// What a search over several objects finds.
    Search,
    /// What a subscription tells of changes.
    Live,
    /// What the feed of changes tells.
    Feed,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Root,
        Self::Nested,
        Self::Filter,
        Self::Order,
        Self::Group,
        Self::Having,
        Self::Aggregate,
        Self::Count,
        Self::Cursor,
        Self::Returning,
        Self::Write,
        Self::Batch,
        Self::NestedWrite,
        Self::Connect,
        Self::Upsert,
        Self::Merge,
        Self::Import,
        Self::History,
        Self::Unique,
        Self::Check,
        Self::Export,
        Self::Share,
        Self::Describe,
        Self::Introspection,
        Self::Search,
        Self::Live,
        Self::Feed,
    ];

    /// Its word: `nested_write`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Nested => "nested",
            Self::Filter => "filter",
            Self::Order => "order",
            Self::Group => "group",
            Self::Having => "having",
            Self::Aggregate => "aggregate",
            Self::Count => "count",
            Self::Cursor => "cursor",
            Self::Returning => "returning",
            Self::Write => "write",
            Self::Batch => "batch",
            Self::NestedWrite => "nested_write",
            Self::Connect => "connect",
            Self::Upsert => "upsert",
            Self::Merge => "merge",
            Self::Import => "import",
            Self::History => "history",
            Self::Unique => "unique",
            Self::Check => "check",
            Self::Export => "export",
            Self::Share => "share",
            Self::Describe => "describe",
            Self::Introspection => "introspection",
            Self::Search => "search",
            Self::Live => "live",
            Self::Feed => "feed",
        }
    }

    /// Whether this place has been told to forget its rows: never in a release build.
    #[cfg(debug_assertions)]
    #[must_use]
    pub fn is_off(self) -> bool {
        switches().load(Ordering::Relaxed) & self.bit() != 0
    }

    /// Lets one place forget its rows from now on, and no other; with none all remember. For the attack suite, which
    /// must see that it catches each: in a release build there is no such thing.
    #[cfg(debug_assertions)]
    pub fn switch_off(off: Option<Self>) {
        switches().store(off.map_or(0, Self::bit), Ordering::Relaxed);
    }

    #[cfg(debug_assertions)]
    fn bit(self) -> u32 {
        Self::ALL.into_iter().zip(0..u32::BITS).find(|(place, _)| *place == self).map_or(0, |(_, bit)| 1 << bit)
    }

    /// Whether this place has been told to forget its rows: never in a release build.
    #[cfg(not(debug_assertions))]
    #[must_use]
    pub const fn is_off(self) -> bool {
        false
    }
}

/// The places that are off, a bit each; at first those that the environment names.
#[cfg(debug_assertions)]
fn switches() -> &'static AtomicU32 {
    static OFF: std::sync::OnceLock<AtomicU32> = std::sync::OnceLock::new();
    OFF.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "debug builds only: what the attack suite proves itself with is no configuration")]
        let words = std::env::var("TENON_WEAVE_OFF").unwrap_or_default();
        let named = Place::ALL.into_iter().filter(|place| words.split(',').any(|word| word.trim() == place.word()));
        AtomicU32::new(named.fold(0, |bits, place| bits | place.bit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<&str> = Place::ALL.into_iter().map(Place::word).collect();
        assert_eq!(words.len(), Place::ALL.len());
        assert!(Place::ALL.into_iter().all(|place| !place.is_off()));
    }
}
