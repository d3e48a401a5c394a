//! Records that are one person: a record with those that went into it by merges, and by merges of these.

use tenon_diagnostics::Problem;
use tenon_query::AuthorizedTable;
use tenon_store::Tx;
use tenon_value::RecordId;

use super::PERSON_RECORDS_MAX;
use crate::RecordsError;
use crate::merge::log::Log;

/// The record, then all that went into it.
pub(super) async fn person(tx: &mut Tx, table: &AuthorizedTable, id: RecordId) -> Result<Vec<RecordId>, RecordsError> {
    let mut found = vec![id];
    let mut next = 0;
    while let Some(one) = found.get(next).copied() {
        next += 1;
        for merge in tx.merges_of(table, one).await?.into_iter().filter(|merge| merge.survivor == one && !merge.undone) {
            let others = Log::of_json(&merge.log).map(|log| log.others).unwrap_or_default();
            for other in others {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
        }
        if found.len() > PERSON_RECORDS_MAX {
            let (max, actual) = (PERSON_RECORDS_MAX as u64, found.len() as u64);
            return Err(RecordsError::problem(None, Problem::exhausted("person_records", max, actual)));
        }
    }
    Ok(found)
}
