//! Crate → WebAssembly component: cargo builds the core module, `wit-component` wraps it. No WASI anywhere.
//!
//! Used by `tenon plugin build` and by `cargo xtask plugins`. Invariant: nothing is written inside the plugin's folder
//! but its `Cargo.lock`; what is built, the standard library included, is kept in the target folder that is named.

mod building;
pub mod program;
mod toolchain;

pub use building::{TARGET, component, write_if_changed};
pub use toolchain::Toolchain;
