//! What can go wrong, and how we say it: located diagnostics for authors, one coded problem for callers.
//!
//! Floor 1. Invariant: two vocabularies, never mixed. A [`Diagnostic`] tells an author of metadata, all mistakes at
//! once; a [`Problem`] tells the caller of an API what his request ran into. Bugs are neither: they are `INTERNAL`.

mod diagnostic;
mod kind;
mod problem;
mod suggest;

pub use diagnostic::{Diagnostic, Severity, Span};
pub use kind::{Classify, Kind};
pub use problem::{InputPath, Message, PROBLEMS_MAX, PathStep, Problem, Problems};
pub use suggest::nearest;
