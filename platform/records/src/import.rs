//! The import: files of rows (CSV, JSONL, workbooks, Parquet), through the pipeline, as a mapping says.
//!
//! `mapping` reads the mapping file, `bind` ties it to the model and the file's columns, `source` gives rows with their
//! lines (`format`, `quotes`, `guard`, `xlsx`, `parquet`, `binary`), `row` and `cell` make inputs of them on a thread of their own (`reading`), `run` writes chunks
//! like PARTIAL batches, each with its account (`settle`, `state`). Invariants: everything wrong with a mapping is said before
//! the first row; one bad row fails alone, with its line; a second run changes nothing; a crash repeats no row.

mod binary;
mod bind;
mod cell;
mod errors;
mod format;
mod guard;
#[cfg(test)]
mod hostile;
mod mapping;
mod parquet;
mod quotes;
mod reading;
mod row;
mod run;
mod settle;
mod source;
mod state;
mod suggest;
mod undo;
mod xlsx;

pub use binary::Binary;
pub use errors::{error_header, error_line};
pub use format::Format;
pub use mapping::{Encoding, Mapping};
pub use reading::{CHUNK_ROWS, OpenSource};
pub use run::{Chunked, Hand, ImportError, ImportJob, Importer};
pub use settle::{CREATED, ERROR_ROWS_MAX, ERRORS, UPDATED};
pub use source::{COLUMNS_MAX as IMPORT_COLUMNS_MAX, Cell, RECORD_BYTES_MAX, SourceError};
pub use state::ImportState;
pub use suggest::{SUGGEST_BYTES_MAX, suggest};
pub use tenon_parquet::LIMITS as PARQUET_LIMITS;
pub use undo::{UNDO_ROWS, Undone, undo};
pub use xlsx::{XLSX_BYTES_MAX, XLSX_CELLS_MAX, XLSX_COLUMNS_MAX, XLSX_INFLATED_MAX, XLSX_ROWS_MAX};
