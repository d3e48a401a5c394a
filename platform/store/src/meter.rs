//! What one request asks of the database: statements and rows, for callers who want to know (`Tenon-Cost: full`).
//!
//! Counted where statements are handed to a driver, and only inside [`metered`]: other requests pay a look at a
//! thread's memory. Statements that go out together with others count one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Counts what is asked.
#[derive(Debug, Default)]
pub struct Meter {
    statements: AtomicU64,
    rows: AtomicU64,
}

impl Meter {
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
