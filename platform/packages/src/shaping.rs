//! Steps that are left to a job: fields made required or unique over many records, changes of type.
//!
//! The apply writes what is wished, with what its element still is meanwhile (`tenon_model::Building`), and leaves a job
//! (`defer`). The job asks what it is about (`work`), and has it brought into force (`switch`) or taken back (`undo`).
//! Invariant: whatever happens to the job, its element is either what was wished or what it was, and says which.

mod defer;
mod switch;
mod undo;
mod work;

pub(crate) use defer::{defer, leave, name_columns};
pub use switch::{Settle, Switched};
pub use work::Shaping;

/// The kind of such jobs.
pub const SHAPE: &str = "shape";
