//! Rows of a Parquet file: text is read as a mapping says, what has a type of its own is taken as it is.

use std::io::Read;

use tenon_parquet::{Cell as Typed, ReadError, Reader};
use tenon_value::Json;

use super::source::{BadRow, Cell, RECORD_BYTES_MAX, Row, SourceError};

/// Opens a file.
pub(super) fn open(inner: impl Read) -> Result<Reader, SourceError> {
    Ok(Reader::open(inner, RECORD_BYTES_MAX)?)
}

/// The next row, its number in place of a line; none at the end.
pub(super) fn next(reader: &mut Reader) -> Result<Option<Row>, SourceError> {
    let Some((line, cells)) = reader.next_row()? else { return Ok(None) };
    let cells: Result<Vec<Cell>, BadRow> =
        cells.map(|cells| cells.into_iter().map(cell).collect()).map_err(|tenon_parquet::NotText| BadRow::Encoding);
    let length = |cell: &Cell| match cell {
        Cell::Text(text) | Cell::Exact(text) => text.len() as u64,
        Cell::Absent | Cell::Json(_) => 0,
    };
    let bytes = cells.iter().flatten().map(length).sum();
    Ok(Some(Row { line, bytes, cells }))
}

fn cell(cell: Typed) -> Cell {
    match cell {
        Typed::Null => Cell::Json(Json::Null),
        Typed::Text(text) => Cell::Text(text),
        Typed::Exact(text) => Cell::Exact(text),
    }
}

impl From<ReadError> for SourceError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Io(error),
            ReadError::Limit { limit, max } => Self::Bomb { limit, max },
            ReadError::RowTooLong { row } => Self::RowTooLong { line: row },
            ReadError::Unsupported { column, why } => Self::Column { column, why },
            ReadError::Malformed(why) => {
                tracing::debug!(why, "a Parquet file cannot be read");
                Self::Parquet
            }
        }
    }
}
