//! Runs plugins: WebAssembly components in a sandbox with a limit in every dimension.
//!
//! Floor 5, behind the port of `tenon-hooks`; the only crate that knows wasmtime. Invariants: no WASI is linked, a
//! component gets the functions of `sdk/wit` and nothing else; every call has an instance of its own, dropped after
//! it; a refusal (the author's words) and a fault (the plugin broke) are never mixed; no word of the sandbox leaves.

mod aot;
mod asking;
mod breaker;
mod calling;
mod canary;
mod computing;
mod describe;
mod engine;
mod error;
mod fault;
mod host;
mod invoke;
mod keyed;
mod lane;
mod limits;
mod lines;
mod linked;
mod merge;
mod package;
mod registry;
mod replay;
mod room;
mod section;
mod seeds;
mod since_1;
mod state;
mod tape;
mod title;
mod trace;
mod traces;
mod turn;
mod usage;
mod warm;
mod words;

pub use aot::{AotCache, COMPILE_VERB, compile_for_parent};
pub use error::LoadError;
pub use host::{Checked, PluginHost};
pub use keyed::verify as is_signed;
pub use limits::{Budgets, COMPONENT_BYTES_MAX, CallLimits, HTTP_REQUEST_BYTES_MAX, ROWS_PER_CALL, Size, TRACES_MAX};
pub use lines::{LINES_MAX, Line};
pub use package::{Computed, OnFault, PluginPackage, Subscription};
pub use replay::{Player, Replayed};
pub use trace::Trace;
pub use usage::Usage;
