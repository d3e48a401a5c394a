//! Change of shape beside everything else: the hands of the jobs that make a field required, unique, or of another type.
//!
//! Columns to come (*shadow columns*) stand in the same row, and the model does not know them. A trigger notes the records
//! that are written meanwhile (`shape_touched`); a job fills the shadow in short transactions, goes over what was touched
//! since, and ends under the model lock, when nobody writes. Invariants: a request never waits for more than one such
//! transaction, and none fails for it; what is begun here is known by the job's id, so that it can be found and taken away.

mod contract;
mod indexes;
mod later;
mod rows;
mod step;
mod touch;
mod under_lock;

pub use contract::{AT_ONCE_MAX, INDEX, INDEX_HOLD_MAX, ShapeFound, ShapeLook, ShapeRow, ShapeSettled, ShapeSpan};
pub(crate) use later::indexing;
pub(crate) use touch::{PREFIX, names};
