//! The outbox as those who follow changes read it: from a place on, without waiting for the slowest transaction, and pruned
//! once it is old.

mod change;
mod image;
mod moved;
pub(crate) mod position;
mod prune;
mod sight;
mod tail;
pub(crate) mod told;

pub use change::{Change, ChangeWord};
pub use image::{Imaged, Images};
pub use position::Position;
pub use prune::RESUME_WINDOW;
pub use tail::{CHANGES_MAX, Tail};
pub use told::Committed;
