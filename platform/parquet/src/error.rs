//! Why a file could not be written or read.

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

/// Why a file is read no further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its bytes cannot be had.
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
    /// It is no Parquet file, ends too early, or contradicts itself.
    #[error("this is no parquet file that can be read: {0}")]
    Malformed(String),
    /// A column of a type, nesting, compression or encoding that is not read.
    #[error("column `{column}` cannot be read: {why}")]
    Unsupported {
        /// Its name.
        column: String,
        /// What stands against it.
        why: &'static str,
    },
    /// It asks for more than is read.
    #[error("limit `{limit}` of parquet files is {max}")]
    Limit {
        /// Which limit.
        limit: &'static str,
        /// Its number.
        max: u64,
    },
    /// A row whose values are longer than a row may be.
    #[error("row {row} is too long")]
    RowTooLong {
        /// Which, from 1.
        row: u64,
    },
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> Self {
        Self::Malformed(error.to_string())
    }
}
