//! What the pipeline is asked to do, and what it says of each step.

use std::sync::Arc;

use tenon_diagnostics::Problem;
use tenon_query::{Answer, Called, Params, Write};
use tenon_store::Prepared;
use tenon_value::{DateTime, RecordId, Uuid};

/// One mutation document: one transaction (API.md §0.4).
#[derive(Clone, Default)]
pub struct Mutation {
    /// Root writes, in order; each sees the ones before it.
    pub steps: Vec<Step>,
    /// The caller's promise that a repetition is the same request.
    pub idempotency: Option<Idempotency>,
}

/// An `Idempotency-Key` and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// Digest of the request's body: another body under the same key is a mistake.
    pub body_hash: [u8; 32],
}

/// One root write, and the read that answers it.
#[derive(Clone)]
pub struct Step {
    /// What is written.
    pub write: Write,
    /// What is read right after it; none where nothing is asked for, or nothing is left to read.
    pub answer: Option<StepAnswer>,
}

/// The read that answers a step.
#[derive(Clone)]
pub struct StepAnswer {
    /// The plan.
    pub prepared: Arc<Prepared>,
    /// Its values, but for the ids.
    pub params: Params,
    /// Where the ids of the written records go: a `List` of `Id`.
    pub ids: u16,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// Everything was already as asked for.
    Unchanged,
    /// It is in the recycle bin.
    Deleted,
    /// It is out of the recycle bin.
    Restored,
    /// It is gone for good.
    Destroyed,
    /// It was there, and the caller wanted it left alone.
    Skipped,
    /// It could not be done; nothing of it was.
    Failed,
}

/// What became of one row of a batch.
#[derive(Clone, Debug)]
pub struct BatchRow {
    /// Its place in the input.
    pub index: usize,
    /// What became of it.
    pub status: Status,
    /// Its record; none where it failed.
    pub id: Option<RecordId>,
    /// Why it failed.
    pub problems: Vec<Problem>,
}

/// What became of records that were merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The merge, by which it is taken back.
    pub id: Uuid,
    /// Who is left.
    pub survivor: RecordId,
    /// Until when it can be taken back.
    pub until: DateTime,
    /// How many records, links, names and shares moved.
    pub moved: usize,
}

/// What became of a step.
#[derive(Clone, Debug)]
pub enum StepOutcome {
    /// Of a write of one record.
    One {
        /// The record.
        id: RecordId,
        /// What became of it.
        status: Status,
        /// What was read after it.
        answer: Option<Answer>,
    },
    /// Of a merge.
    Merged {
        /// What became of it.
        merged: Merged,
        /// What was read of the survivor.
        answer: Option<Answer>,
    },
    /// Of a batch.
    Batch {
        /// One per input, in order.
        rows: Vec<BatchRow>,
        /// What was read of those that did not fail.
        answer: Option<Answer>,
    },
    /// Of what is done later: the job, and how many steps it has where that is known.
    Later(tenon_value::Uuid, Option<i64>),
    /// Of a plugin's own function.
    Called(Called),
}

/// A mutation carried out.
#[derive(Clone, Debug)]
pub struct Done {
    /// What the caller gets, byte for byte.
    pub response: Vec<u8>,
    /// True where it was stored by an earlier request of the same idempotency key.
    pub replayed: bool,
}
