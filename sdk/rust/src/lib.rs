//! Write Tenon plugins in Rust: a say in every save, in a sandbox, on a screenful of code.
//!
//! ```
//! use tenon_sdk::prelude::*;
//!
//! struct Hello;
//!
//! impl Hooks for Hello {
//!     fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
//!         if change.becomes("stage", "won") && change.is_empty("close_date") {
//!             return Err(Refusal::on("close_date", "a won deal needs a close date"));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! tenon_sdk::export! {
//!     Hello,
//!     before_save: opportunity [create, update],
//! }
//! ```
//!
//! A plugin is a `cdylib` for `wasm32-unknown-unknown`. The same code compiles natively, where [`testing`] stands in
//! for Tenon, so that its tests are plain `cargo test`.
//!
//! Invariant: this crate knows the contract in `sdk/wit` and nothing of the platform behind it.
#![deny(missing_docs)]

pub mod acting;
#[doc(hidden)]
pub mod bindings;
mod change;
pub mod clock;
mod composite;
pub mod config;
mod decimal;
mod event;
mod export;
mod fields;
#[doc(hidden)]
pub mod guest;
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "an allocator is pointers")]
mod heap;
mod hooks;
pub mod http;
pub mod jobs;
mod json;
pub mod kv;
pub mod limits;
pub mod log;
pub mod prelude;
pub mod random;
mod record;
pub mod records;
mod refusal;
pub mod secrets;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod time;
mod value;
mod wire;

pub use change::{Change, Operation};
pub use composite::{Address, Geo, Money, Reference};
pub use decimal::{Decimal, DecimalError};
pub use event::Event;
pub use fields::Fields;
pub use hooks::Hooks;
pub use json::{Json, JsonError};
pub use record::{Problem, Record, Saved};
pub use refusal::{Error, Refusal};
pub use time::{Date, DateError, DateTime, DateTimeError};
pub use value::Value;
