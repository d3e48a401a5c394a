//! The import: files of rows (CSV, JSONL), through the pipeline, as a mapping says.
//!
//! `mapping` reads the mapping file, `bind` ties it to the model and the file's columns, `source` gives rows with their
//! lines, `row` and `cell` make inputs of them, `run` writes chunks like PARTIAL batches. Invariants: everything wrong
//! with a mapping is said before the first row; one bad row fails alone, with its line; a second run changes nothing.

mod bind;
mod cell;
mod errors;
mod mapping;
mod progress;
mod row;
mod run;
mod source;

pub use mapping::{Encoding, Mapping};
pub use progress::{Progress, Report};
pub use run::{CHUNK_ROWS, ImportError, Job, import};
pub use source::{Format, RECORD_BYTES_MAX, SourceError};
