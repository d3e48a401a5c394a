//! Which rows a transaction has locked for itself, so that a write of them cannot miss: its answer need not be waited for.

use std::collections::HashMap;

use tenon_model::ObjectIx;
use tenon_query::Record;
use tenon_value::RecordId;

/// Rows locked for update, with the version each had when it was read under the lock.
#[derive(Debug)]
pub(crate) struct Held {
    rows: HashMap<(ObjectIx, RecordId), i64>,
    /// A dry run writes to see whether it could; after a savepoint the failure of a write belongs to its savepoint.
    waits: bool,
}

impl Held {
    pub(crate) fn new(dry_run: bool) -> Self {
        Self { rows: HashMap::new(), waits: dry_run }
    }

    pub(crate) fn add(&mut self, object: ObjectIx, records: &[Record]) {
        self.rows.extend(records.iter().map(|record| ((object, record.id), record.version())));
    }

    /// Every write is waited for from now on.
    pub(crate) const fn wait(&mut self) {
        self.waits = true;
    }

    /// A savepoint is rolled back, and its locks with it.
    pub(crate) fn forget(&mut self) {
        self.rows.clear();
    }

    /// Whether writing these rows can only succeed or fail with an error, in one statement.
    pub(crate) fn may_wait(&self, object: ObjectIx, inserts: &[Record], updates: &[(&Record, Record)]) -> bool {
        let is_held = |(old, _): &(&Record, Record)| self.rows.get(&(object, old.id)) == Some(&old.version());
        let one_statement = updates.is_empty() || (inserts.is_empty() && updates.len() == 1);
        !self.waits && one_statement && updates.iter().all(is_held)
    }

    /// Rows as they are written: nobody else can change them before the end.
    pub(crate) fn wrote<'r>(&mut self, object: ObjectIx, rows: impl IntoIterator<Item = &'r Record>) {
        self.rows.extend(rows.into_iter().map(|row| ((object, row.id), row.version())));
    }

    /// Rows that are gone for good.
    pub(crate) fn gone(&mut self, object: ObjectIx, ids: &[RecordId]) {
        for id in ids {
            self.rows.remove(&(object, *id));
        }
    }

    /// The version of a row that nobody else can change before the end.
    pub(crate) fn version(&self, object: ObjectIx, id: RecordId) -> Option<i64> {
        self.rows.get(&(object, id)).copied()
    }
}
