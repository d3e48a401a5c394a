//! What one request asks of the database: statements and rows, for callers who want to know (`Tenon-Cost: full`), and for
//! those who may look behind it how the database carries each statement out (`extensions.explain`).
//!
//! Counted where statements are handed to a driver, and only inside [`metered`]: other requests pay a look at a
//! thread's memory. Statements that go out together with others count one by one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Statements of one request that are explained (`explained`): what comes after them runs all the same.
pub const EXPLAINED_MAX: usize = 100;

/// A statement, and how the database carries it out, line by line, in the database's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its text; values stand elsewhere.
    pub sql: String,
    /// The plan, indented.
    pub plan: Vec<String>,
}

/// Counts what is asked.
#[derive(Debug, Default)]
pub struct Meter {
    statements: AtomicU64,
    rows: AtomicU64,
    /// Statements that were explained, where that is wanted.
    explained: Option<Mutex<Vec<Explained>>>,
}

impl Meter {
    /// One that also has each statement explained.
    #[must_use]
    pub fn explaining() -> Self {
        Self { explained: Some(Mutex::default()), ..Self::default() }
    }

    /// Statements so far.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Rows that came back so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// What was explained, in the order in which it was asked; none where nobody wanted to know.
    #[must_use]
    pub fn explained(&self) -> Option<Vec<Explained>> {
        self.explained.as_ref().map(|explained| explained.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Does some work, counting what it asks of the database.
pub async fn metered<T>(meter: &Arc<Meter>, work: impl Future<Output = T>) -> T {
    METER.scope(Arc::clone(meter), work).await
}

/// Notes a statement; outside of [`metered`] nobody listens.
pub(crate) fn statement() {
    METER.try_with(|meter| meter.statements.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
}

/// Notes rows that came back.
pub(crate) fn rows(count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    METER.try_with(|meter| meter.rows.fetch_add(count, Ordering::Relaxed)).unwrap_or_default();
}

/// Whether the next statement is to be explained.
pub(crate) fn explains() -> bool {
    let has_room = |explained: &Mutex<Vec<Explained>>| explained.lock().unwrap_or_else(PoisonError::into_inner).len() < EXPLAINED_MAX;
    METER.try_with(|meter| meter.explained.as_ref().is_some_and(has_room)).unwrap_or_default()
}

/// Notes how a statement is carried out.
pub(crate) fn explained(sql: &str, plan: Vec<String>) {
    let note = |meter: &Arc<Meter>| {
        if let Some(explained) = &meter.explained {
            explained.lock().unwrap_or_else(PoisonError::into_inner).push(Explained { sql: sql.to_owned(), plan });
        }
    };
    METER.try_with(note).unwrap_or_default();
}
