//! Stands in for Tenon where plugins are compiled natively: changes made by hand, a clock, the lines of the log.
//!
//! ```
//! use tenon_sdk::testing;
//!
//! let change = testing::update("opportunity").before("stage", "proposal").after("stage", "won").build();
//! assert!(change.becomes("stage", "won"));
//! ```

pub(crate) mod kept;
pub(crate) mod outward;
pub(crate) mod records;
mod sha256;

use std::cell::{Cell, RefCell};

pub use kept::{LeftJob, jobs};
pub use outward::{answer_http, http_calls, set_secret, set_setting};
pub use records::{answer_queries, put_record};

use crate::{Change, DateTime, Event, Operation, Refusal, Value};

/// The moment tests begin at: 2026-01-01T00:00:00Z.
const BEGINNING: DateTime = DateTime::from_millis(1_767_225_600_000);

thread_local! {
    static NOW: Cell<DateTime> = const { Cell::new(BEGINNING) };
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A change in the making.
///
/// ```
/// let builder = tenon_sdk::testing::create("lead");
/// assert_eq!(builder.build().object(), "lead");
/// ```
#[derive(Clone, Debug)]
pub struct ChangeBuilder {
    object: String,
    operation: Operation,
    old: Vec<(String, Value)>,
    new: Vec<(String, Value)>,
}

/// A new record.
///
/// ```
/// assert!(tenon_sdk::testing::create("lead").after("city", "Bonn").build().changes("city"));
/// ```
#[must_use]
pub fn create(object: &str) -> ChangeBuilder {
    builder(object, Operation::Create)
}

/// A change of a record that is there.
///
/// ```
/// assert!(!tenon_sdk::testing::update("lead").before("city", "Bonn").build().changes("city"));
/// ```
#[must_use]
pub fn update(object: &str) -> ChangeBuilder {
    builder(object, Operation::Update)
}

/// An event by hand: these records, each of version 1.
///
/// ```
/// use tenon_sdk::{Operation, testing};
/// assert!(testing::event("lead", Operation::Update, &["7"]).changed.is_empty());
/// ```
#[must_use]
pub fn event(object: &str, operation: Operation, ids: &[&str]) -> Event {
    let records = ids.iter().map(|id| ((*id).to_owned(), 1)).collect();
    Event { object: object.to_owned(), operation, records, changed: Vec::new(), at: now() }
}

fn builder(object: &str, operation: Operation) -> ChangeBuilder {
    ChangeBuilder { object: object.to_owned(), operation, old: Vec::new(), new: Vec::new() }
}

impl ChangeBuilder {
    /// What a field is stored with; it stays so unless [`after`](Self::after) says otherwise.
    ///
    /// ```
    /// let change = tenon_sdk::testing::update("lead").before("city", "Ulm").build();
    /// assert_eq!(change.text("city"), Some("Ulm"));
    /// ```
    #[must_use]
    pub fn before(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.old.push((name.to_owned(), value.into()));
        self
    }

    /// What the caller writes into a field.
    ///
    /// ```
    /// let change = tenon_sdk::testing::create("lead").after("city", "Bonn").build();
    /// assert_eq!(change.text("city"), Some("Bonn"));
    /// ```
    #[must_use]
    pub fn after(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.new.push((name.to_owned(), value.into()));
        self
    }

    /// The change.
    ///
    /// ```
    /// let change = tenon_sdk::testing::create("lead").build();
    /// assert!(change.old("city").is_none());
    /// ```
    #[must_use]
    pub fn build(self) -> Change {
        let is_new = self.operation == Operation::Create;
        let mut change = Change {
            object: self.object.into(),
            operation: self.operation,
            id: "0198c1d2-7a3e-7f00-8000-000000000001".to_owned(),
            old: (!is_new).then(|| self.old.clone()),
            new: self.old,
            changed: Vec::new(),
            patches: Vec::new(),
            refusals: Vec::new(),
        };
        for (name, value) in self.new {
            change.set(&name, value);
        }
        change.changed = change.patches.drain(..).map(|(name, _)| name).collect();
        change
    }
}

/// What a plugin has set.
///
/// ```
/// let mut change = tenon_sdk::testing::create("lead").build();
/// change.set("city", "Bonn");
/// assert_eq!(tenon_sdk::testing::patches(&change).len(), 1);
/// ```
#[must_use]
pub fn patches(change: &Change) -> &[(String, Value)] {
    &change.patches
}

/// What a plugin has refused by [`Change::refuse`].
///
/// ```
/// assert!(tenon_sdk::testing::refusals(&tenon_sdk::testing::create("lead").build()).is_empty());
/// ```
#[must_use]
pub fn refusals(change: &Change) -> &[Refusal] {
    &change.refusals
}

/// Sets the clock of this thread.
///
/// ```
/// use tenon_sdk::{DateTime, clock, testing};
/// testing::set_now(DateTime::from_millis(0));
/// assert_eq!(clock::today().to_string(), "1970-01-01");
/// ```
pub fn set_now(moment: DateTime) {
    NOW.set(moment);
}

pub(crate) fn now() -> DateTime {
    NOW.get()
}

pub(crate) fn keep_line(level: &str, message: &str) {
    LINES.with_borrow_mut(|lines| lines.push(format!("{level}: {message}")));
}

/// The lines this thread has logged since it was last asked.
///
/// ```
/// use tenon_sdk::{log, testing};
/// log::info("hello");
/// assert_eq!(testing::log_lines(), ["info: hello"]);
/// assert!(testing::log_lines().is_empty());
/// ```
#[must_use]
pub fn log_lines() -> Vec<String> {
    LINES.take()
}
