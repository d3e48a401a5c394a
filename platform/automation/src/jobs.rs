//! The runner of jobs: work that goes on after its request, on whichever node has room for it.
//!
//! `runner` takes jobs, fairly between tenants (`rotation`); `carrying` keeps one job's lease while a [`JobHandler`] works in
//! chunks on it, and lets it go. Invariants: a job runs with the rights its creator has when it runs; what a chunk did and how
//! far the job has come are one transaction (`tenon_store::JobLease`); a job stops at the border of a chunk only.

mod carrying;
mod contract;
mod desk;
mod import;
mod indexes;
mod moving;
mod pieces;
mod plugin;
mod rotation;
mod run;
mod runner;
mod shape;
mod undo;
mod words;

pub(crate) use carrying::carry;
pub use contract::{JobDone, JobFault, JobHandler};
pub use desk::{JobDesk, JobWish};
pub use import::{IMPORT, ImportHandler, ImportPlan};
pub use indexes::IndexHandler;
pub use pieces::{DATA, PIECE_BYTES, piece, unpiece};
pub use plugin::{JOB_STEPS_MAX, PluginJobHandler};
pub use rotation::{JOBS_PER_NODE, JOBS_PER_TENANT};
pub use run::JobRun;
pub(crate) use runner::raised;
pub use runner::{Runner, RunnerParts};
pub use shape::ShapeHandler;
pub use undo::{UNDO, UNDO_DAYS, UndoHandler, undo_plan};
pub use words::{job_json, millis_of, problem_json};
