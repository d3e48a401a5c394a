//! How far an import is: what it has counted, and from which row it goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenon_value::Json;

use crate::Status;

/// How far an import is. Stored with each chunk, in the chunk's own transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportState {
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
    /// Bytes of the file worked through.
    pub bytes: u64,
    /// Rows of the file that are behind: whole chunks.
    pub rows: u64,
    /// Of the chunk at hand, the places of the rows still to be done. None: it has not been begun.
    pub todo: Option<Vec<u32>>,
    /// Pieces of the error file.
    pub pieces: i64,
    /// Rows in the error file.
    pub told: u64,
    /// Pieces that name the records written.
    pub written: i64,
    /// Cells that `replace` changed: column, from, to, how often.
    pub replaced: Vec<(String, String, String, u64)>,
    /// Relations left empty because nothing has that key: column, how often.
    pub missing: BTreeMap<String, u64>,
    /// The audit trail knows how it ended.
    pub ended: bool,
}

impl ImportState {
    /// The state as stored; anything else is a new beginning.
    #[must_use]
    pub fn of_json(json: &Json) -> Self {
        serde_json::from_value(json.clone()).unwrap_or_default()
    }

    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Rows in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }

    /// Counts a row.
    pub(crate) const fn count(&mut self, status: Status) {
        let counter = match status {
            Status::Created => &mut self.created,
            Status::Updated | Status::Restored => &mut self.updated,
            Status::Unchanged => &mut self.unchanged,
            Status::Failed => &mut self.failed,
            Status::Skipped | Status::Deleted | Status::Destroyed => &mut self.skipped,
        };
        *counter += 1;
    }

    /// Adds what `replace` changed in a chunk.
    pub(crate) fn add_replaced(&mut self, more: &[(String, String, String, u64)]) {
        for (column, from, to, count) in more {
            match self.replaced.iter_mut().find(|known| (&known.0, &known.1, &known.2) == (column, from, to)) {
                Some(known) => known.3 += count,
                None => self.replaced.push((column.clone(), from.clone(), to.clone(), *count)),
            }
        }
        self.replaced.sort();
    }
}
