//! The only crate that knows a database: plans become SQL here, and rows become values.
mod config;
mod error;
mod skeleton;
mod types;
pub use config::*;
pub use error::StoreError;
pub use skeleton::*;
pub use types::*;
