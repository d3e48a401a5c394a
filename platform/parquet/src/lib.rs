//! Parquet files, written while their rows come: one row group is in memory, what is before it has been taken away.
//!
//! The only crate that names the `parquet` library.

mod error;
mod kind;
mod sink;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use error::WriteError;
pub use kind::Kind;
pub use write::{GROUP_BYTES, GROUP_ROWS, Writer};
