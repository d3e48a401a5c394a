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

    /// Whether writing these rows can only succeed or fail with an error, in one statement; then they count as written.
    pub(crate) fn may_wait(&mut self, object: ObjectIx, inserts: &[Record], updates: &[(&Record, Record)]) -> bool {
        let is_held = |(old, _): &(&Record, Record)| self.rows.get(&(object, old.id)) == Some(&old.version());
        let one_statement = updates.is_empty() || (inserts.is_empty() && updates.len() == 1);
        if self.waits || !one_statement || !updates.iter().all(is_held) {
            return false;
        }
        self.rows.extend(updates.iter().map(|(_, new)| ((object, new.id), new.version())));
        true
    }
}
