//! Parquet files: written while their rows come (`write`), and read from strangers with bounded memory (`read`).
//!
//! The only crate that names the `parquet` library. Writing keeps one row group in memory. Reading believes nothing that a
//! file says of itself: its footer (`footer`, `thrift`) and every page's head (`census`) are looked at before the library sees
//! them, because the library makes room for what they claim.

mod census;
mod column;
mod error;
mod footer;
mod kind;
mod limits;
mod read;
mod sink;
mod spool;
#[cfg(test)]
mod tests;
mod thrift;
mod typed;
mod values;
mod write;

pub use error::{ReadError, WriteError};
pub use kind::Kind;
pub use limits::LIMITS;
pub use read::{Cells, Reader};
pub use typed::{Cell, NotText};
pub use write::{GROUP_BYTES, GROUP_ROWS, Writer};
