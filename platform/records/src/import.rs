//! The import: files of rows, through the pipeline, in chunks, as a mapping says.
//!
//! `reader` gives rows with their lines, `bind` ties the mapping to the model and the file's columns, `cell` makes values
//! of text, `chunk` sends rows through the pipeline like a PARTIAL batch, `run` counts. Invariants: everything wrong with a
//! mapping is said before the first row; one bad row fails alone, with its line; a second run changes nothing.

mod bind;
mod cell;
mod chunk;
mod date;
mod decode;
mod error;
mod mapping;
mod parse;
mod reader;
mod report;
mod row;
mod run;

pub use error::ImportError;
pub use mapping::{Column, Empty, Encoding, Mapping, MatchBy, Missing, Reading};
pub use reader::Format;
pub use report::{ImportReport, MissingCount, Progress, Replaced};
pub use run::{Import, ImportOptions};

/// Rows of one chunk: one batch, one transaction.
pub const CHUNK_ROWS_MAX: usize = 2_000;
/// Bytes after which a chunk ends even with fewer rows.
pub const CHUNK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// `line_bytes`: bytes of one row of a file at most.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Columns of a file at most.
pub const COLUMNS_MAX: usize = 2_000;
