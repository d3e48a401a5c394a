//! The read that answers a step, right after its writes and within their transaction.

use tenon_query::Answer;
use tenon_store::Tx;
use tenon_value::{RecordId, Value};

use crate::halt::Tried;
use crate::{BatchRow, Status, Step};

/// What is read of these records; none where the step asks for nothing.
#[tracing::instrument(name = "records.answer", skip_all)]
pub(crate) async fn read(tx: &mut Tx, step: &Step, ids: &[RecordId]) -> Tried<Option<Answer>> {
    let Some(answer) = &step.answer else { return Ok(None) };
    let mut params = answer.params.clone();
    params.put(answer.ids, Value::List(ids.iter().map(|id| Value::Id(id.0)).collect()));
    Ok(Some(tx.read(&answer.prepared, &params).await?))
}

/// The records of a batch that are there to be read, in the order of the input.
pub(crate) fn ids(rows: &[BatchRow]) -> Vec<RecordId> {
    rows.iter().filter(|row| !matches!(row.status, Status::Failed | Status::Destroyed)).filter_map(|row| row.id).collect()
}
