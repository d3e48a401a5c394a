//! Writes a file row by row: a row group is in memory, what is before it has been taken away.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use tenon_value::Json;

use crate::error::WriteError;
use crate::kind::Kind;
use crate::sink::Sink;
use crate::values::Values;

/// Rows of one row group at most (`parquet_group_rows`).
pub const GROUP_ROWS: usize = 10_000;
/// Bytes of the values of one row group (`parquet_group_bytes`): it ends with the row that reaches them.
pub const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// A file being written.
pub struct Writer {
    file: SerializedFileWriter<Sink>,
    sink: Sink,
    columns: Vec<(String, Values)>,
    rows: usize,
    bytes: usize,
}

impl Writer {
    /// A file of these columns; names are taken as they are.
    ///
    /// # Errors
    /// Where the library refuses them.
    pub fn new(columns: &[(String, Kind)]) -> Result<Self, WriteError> {
        let fields: Result<Vec<_>, _> = columns.iter().map(|(name, kind)| kind.column(name)).collect();
        let schema = Arc::new(Type::group_type_builder("record").with_fields(fields?).build()?);
        let properties = WriterProperties::builder()
            .set_created_by(concat!("tenon version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            // What indexes of pages say grows with the file: bounds of a row group are enough.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let sink = Sink::default();
        let file = SerializedFileWriter::new(sink.clone(), schema, Arc::new(properties))?;
        let columns = columns.iter().map(|(name, kind)| (name.clone(), Values::new(*kind))).collect();
        Ok(Self { file, sink, columns, rows: 0, bytes: 0 })
    }

    /// Takes a row: a value for each column, as the API spells it.
    ///
    /// # Errors
    /// `Unfit` where a value is none of its column's type.
    pub fn row(&mut self, values: impl IntoIterator<Item = Json>) -> Result<(), WriteError> {
        for ((name, column), value) in self.columns.iter_mut().zip(values) {
            self.bytes += column.put(value).ok_or_else(|| WriteError::Unfit { column: name.clone() })?;
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.bytes >= GROUP_BYTES { self.group() } else { Ok(()) }
    }

    fn group(&mut self) -> Result<(), WriteError> {
        let mut group = self.file.next_row_group()?;
        for (_, values) in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                values.flush(&mut column)?;
                column.close()?;
            }
        }
        group.close()?;
        self.file.flush().map_err(ParquetError::from)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// The bytes of the file made since the last time: none where no row group was finished.
    pub fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }

    /// The last bytes of the file.
    ///
    /// # Errors
    /// Where the library cannot end it.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        if self.rows > 0 {
            self.group()?;
        }
        self.file.finish()?;
        Ok(self.sink.take())
    }
}
