//! Reads a file row by row, after everything it says of itself was held against the limits.

use std::io::Read;
use std::sync::Arc;

use parquet::column::reader::get_column_reader;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::serialized_reader::SerializedPageReader;

use crate::census;
use crate::column::{BATCH, Column, Leaf};
use crate::error::ReadError;
use crate::footer::footer;
use crate::limits::COLUMNS_MAX;
use crate::spool::Spool;
use crate::typed::{Cell, NotText};

/// The cells of a row, in the order of the columns.
pub type Cells = Result<Vec<Cell>, NotText>;

/// A file being read.
pub struct Reader {
    spool: Spool,
    metadata: ParquetMetaData,
    names: Vec<String>,
    leaves: Vec<Leaf>,
    columns: Vec<Column>,
    /// The next row group, rows of this one that are not read, and of the batch that are not given.
    group: usize,
    left: usize,
    batch: usize,
    row: u64,
    row_bytes_max: u64,
}

impl Reader {
    /// Takes a file to its end and looks at it; a row's values may have `row_bytes_max` bytes.
    ///
    /// # Errors
    /// What is wrong with it, before the first row.
    pub fn open(stream: impl Read, row_bytes_max: u64) -> Result<Self, ReadError> {
        let spool = Spool::of(stream)?;
        let (bytes, end) = footer(&spool)?;
        let metadata = ParquetMetaDataReader::decode_metadata(&bytes)?;
        let schema = metadata.file_metadata().schema_descr();
        if schema.num_columns() as u64 > COLUMNS_MAX {
            return Err(ReadError::Limit { limit: "parquet_columns", max: COLUMNS_MAX });
        }
        let leaves: Result<Vec<Leaf>, ReadError> = schema.columns().iter().map(|column| Leaf::of(column)).collect();
        let leaves = leaves?;
        let names = schema.columns().iter().filter_map(|column| column.path().parts().first().cloned()).collect();
        census::look(&spool, &metadata, end)?;
        Ok(Self { spool, metadata, names, leaves, columns: Vec::new(), group: 0, left: 0, batch: 0, row: 0, row_bytes_max })
    }

    /// The names of its columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The next row with its number, from 1; none at the end.
    ///
    /// # Errors
    /// Where the file contradicts itself, or a row is too long.
    pub fn next_row(&mut self) -> Result<Option<(u64, Cells)>, ReadError> {
        while self.batch == 0 {
            if self.left == 0 && !self.open_group()? {
                return Ok(None);
            }
            let rows = self.left.min(BATCH);
            self.columns.iter_mut().try_for_each(|column| column.fill(rows))?;
            (self.left, self.batch) = (self.left - rows, rows);
        }
        self.batch -= 1;
        self.row += 1;
        let mut left = self.row_bytes_max;
        let (mut cells, mut wrong) = (Vec::with_capacity(self.columns.len()), false);
        for column in &mut self.columns {
            match column.next(left)? {
                None => return Err(ReadError::RowTooLong { row: self.row }),
                Some(Ok(cell)) => {
                    if let Cell::Text(text) | Cell::Exact(text) = &cell {
                        left = left.saturating_sub(text.len() as u64);
                    }
                    cells.push(cell);
                }
                Some(Err(NotText)) => wrong = true,
            }
        }
        Ok(Some((self.row, if wrong { Err(NotText) } else { Ok(cells) })))
    }

    /// Opens the next row group; false where there is none.
    fn open_group(&mut self) -> Result<bool, ReadError> {
        self.columns.clear();
        let Some(group) = self.metadata.row_groups().get(self.group) else { return Ok(false) };
        self.group += 1;
        let rows = usize::try_from(group.num_rows()).map_err(|_| ReadError::Malformed("no number of rows".to_owned()))?;
        for (column, leaf) in group.columns().iter().zip(&self.leaves) {
            let file = Arc::new(self.spool.file.try_clone()?);
            let pages = SerializedPageReader::new(file, column, rows, None)?;
            self.columns.push(Column::new(*leaf, get_column_reader(column.column_descr_ptr(), Box::new(pages))));
        }
        self.left = rows;
        Ok(true)
    }
}
