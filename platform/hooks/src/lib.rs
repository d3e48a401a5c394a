//! The port through which the pipeline asks plugins, without knowing what runs them.
//!
//! Floor 4. `records` calls it, `plugin-host` answers it, tests answer it by hand. Invariants: nothing here writes or
//! opens a transaction; a refusal (the author's words) and a fault (the plugin broke) are never mixed.

mod error;
mod none;
mod port;
mod refusal;

pub use error::{Fault, HookError};
pub use none::NoHooks;
pub use port::{HookChange, Hooks, Operation, Phase, Verdict};
pub use refusal::Refusal;
