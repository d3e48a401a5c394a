//! Reads as a whole, and their answers.

use tenon_value::{DateTime, Uuid, Value};

use crate::{Aggregate, Change, Select};

/// One read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Read {
    /// Records.
    Select(Select),
    /// Groups.
    Aggregate(Aggregate),
}

/// One record of an answer, laid out as its [`crate::Output`] says.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The record's id, always.
    pub id: Uuid,
    /// One per slot.
    pub values: Vec<Value>,
    /// One per `FetchOne`; none where the target is absent, of another object, or not visible.
    pub ones: Vec<Option<Box<Row>>>,
    /// One per `FetchMany`.
    pub manys: Vec<Page>,
    /// One per `HistoryFetch`: entries, and whether there are more.
    pub histories: Vec<(Vec<HistoryRow>, bool)>,
    /// One per predicate of `Output::holds`.
    pub holds: Vec<bool>,
}

/// A page of records.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order.
    pub rows: Vec<Row>,
    /// Whether there is more after.
    pub has_next: bool,
    /// Whether there is more before.
    pub has_previous: bool,
    /// How many there are in all, and whether that is exact or "at least".
    pub count: Option<(u64, bool)>,
}

/// One version in a record's history.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// When it came to be.
    pub at: DateTime,
    /// Kind word, id and display of who made it.
    pub by: (String, Uuid, String),
    /// Through which door.
    pub via: String,
    /// The version that it made.
    pub version: i64,
    /// The caller's reason.
    pub reason: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

/// One group of an answer.
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// One per key.
    pub keys: Vec<Value>,
    /// One per measure. Sums may have 38 digits.
    pub measures: Vec<Value>,
}

/// What a read gave.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of a `Select`.
    Page(Page),
    /// Of an `Aggregate`.
    Groups(Vec<GroupRow>),
}
