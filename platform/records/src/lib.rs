//! The record pipeline: the one way by which records are written, from every door; and the import.
//!
//! Floor 6. [`Pipeline`] carries out a [`Mutation`]: one transaction, in the order of DESIGN §7. Invariants: rights are
//! asked for every object touched; hooks speak on locked records; a failure leaves nothing behind; each
//! answer is read after its write, before the next one. `coerce` is where the doors check types.

mod after;
mod answer;
mod apply;
mod attempt;
pub mod audit;
mod auto_number;
mod batch;
mod bulk_desk;
mod calling;
mod calling_out;
mod change;
mod children;
pub mod coerce;
mod defaults;
mod desk;
mod destroy;
mod ending;
mod error;
mod external;
pub mod files;
mod halt;
mod hooking;
mod idempotency;
pub mod import;
mod job;
mod law;
mod lent;
mod limits;
mod links;
mod manys;
mod masking;
mod merge;
mod mirrors;
mod money;
mod mutation;
pub mod personal;
mod pipeline;
mod plugin_desk;
mod queries;
mod reading;
mod relations;
mod remove;
mod resolve;
mod restore;
mod save;
mod share;
mod standing;
mod unique;
mod upsert;
mod validate;
mod version;

pub use ending::Settle;
pub use error::RecordsError;
pub use idempotency::{mismatch as idempotency_mismatch, still_running as idempotency_running};
pub use limits::{BATCH_SIZE_MAX, CASCADE_MAX, MERGE_MOVED_MAX, MERGE_OTHERS_MAX, MERGE_UNDO_DAYS, NEST_DEPTH_MAX, RETRIES_MAX};
pub use mutation::{BatchRow, Done, Idempotency, Merged, Mutation, Status, Step, StepAnswer, StepOutcome};
pub use pipeline::{Pipeline, Respond};
pub use plugin_desk::PLUGIN_JOB;
pub use queries::{Queries, Source};
