//! Plugin → WebAssembly component. Of a crate cargo builds the core module and `wit-component` wraps it; of TypeScript the
//! SDK's own tool, in Node.js, joins it with an engine. No WASI anywhere.
//!
//! Used by `tenon plugin build` and by `cargo xtask plugins`. Invariant: nothing is written inside the plugin's folder
//! but its lock file, `target` and `node_modules`.

mod building;
pub mod program;
mod toolchain;
mod typescript;

pub use building::{TARGET, calls, component, example, write_if_changed};
pub use toolchain::Toolchain;
pub use typescript::Node;
