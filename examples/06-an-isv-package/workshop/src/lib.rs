//! What both versions of the package `dealer` do alike: when a machine is due, planning its next visit, what follows a visit.
//!
//! `due` decides, from plain values; `machines`, `planning` and `visits` ask and write; `words` says no in two languages. The
//! versions' own crates say where they want to be asked, and hold what differs between them.

mod due;
mod machines;
mod planning;
mod visits;
mod words;

pub use due::{after_months, next_service};
pub use machines::{service_due, warrant};
pub use planning::schedule;
pub use visits::{complete, serviced};
pub use words::Word;
