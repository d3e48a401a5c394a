//! How far an import is: counters that a watcher reads while it runs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Status;

/// Counters of a running import.
#[derive(Debug, Default)]
pub struct Progress {
    created: AtomicU64,
    updated: AtomicU64,
    unchanged: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
}

/// What became of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// New records.
    pub created: u64,
    /// Changed records.
    pub updated: u64,
    /// Records that were as the row says.
    pub unchanged: u64,
    /// Rows left out because their record was there.
    pub skipped: u64,
    /// Rows that could not be done; each is in the error file.
    pub failed: u64,
    /// Cells that `replace` changed: column, from, to, how often.
    pub replaced: Vec<(String, String, String, u64)>,
    /// Relations left empty because nothing has that key: column, how often.
    pub missing: Vec<(String, u64)>,
}

impl Progress {
    /// Counts a row.
    pub(crate) fn count(&self, status: Status) {
        let counter = match status {
            Status::Created => &self.created,
            Status::Updated | Status::Restored => &self.updated,
            Status::Unchanged => &self.unchanged,
            Status::Failed => &self.failed,
            Status::Skipped | Status::Deleted | Status::Destroyed => &self.skipped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reached(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Bytes of the file worked through.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Report {
            created: read(&self.created),
            updated: read(&self.updated),
            unchanged: read(&self.unchanged),
            skipped: read(&self.skipped),
            failed: read(&self.failed),
            ..Report::default()
        }
    }
}

impl Report {
    /// Rows in all.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }
}
