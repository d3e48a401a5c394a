//! What changes mean to one principal: which of them he is told, and as what.

mod interest;
mod watch;

pub use interest::Interest;
pub use watch::{ChangeKind, Event, events};
