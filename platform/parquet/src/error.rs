//! Why a file could not be written.

use parquet::errors::ParquetError;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A value is none of its column's type.
    #[error("a value of column `{column}` does not fit the type of the column")]
    Unfit {
        /// Its name.
        column: String,
    },
    /// The library refused; nothing that a value can bring about.
    #[error("the file cannot be written: {0}")]
    Library(#[from] ParquetError),
}
