//! One column of a row group, read a batch of rows at a time.

use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::error::ReadError;
use crate::typed::{Cell, Meaning, NotText, Raw, cell, meaning};

/// Rows of a batch.
pub(crate) const BATCH: usize = 1_000;
/// Between the elements of a list.
const BETWEEN: &str = ";";

/// What is known of a column for the whole file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    meaning: Meaning,
    /// The definition level of what is there; 0 where nothing may be missing.
    full: i16,
    list: bool,
}

impl Leaf {
    /// Of a column; a value or a list of values, and nothing deeper.
    pub(crate) fn of(column: &ColumnDescriptor) -> Result<Self, ReadError> {
        let deep = || ReadError::Unsupported { column: column.path().string(), why: "it is nested: a value or a list of values is read" };
        let depth = column.path().parts().len();
        let list = match (column.max_rep_level(), depth) {
            (0, 1) => false,
            (1, 1..=3) => true,
            _ => return Err(deep()),
        };
        Ok(Self { meaning: meaning(column)?, full: column.max_def_level(), list })
    }
}

/// Values of a batch.
enum Batch {
    Bool(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// A column being read.
pub(crate) struct Column {
    leaf: Leaf,
    reader: ColumnReader,
    batch: Batch,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    /// The next level, and the next value.
    level: usize,
    value: usize,
}

impl Column {
    pub(crate) fn new(leaf: Leaf, reader: ColumnReader) -> Self {
        let batch = Batch::Bool(Vec::new());
        Self { leaf, reader, batch, definitions: Vec::new(), repetitions: Vec::new(), level: 0, value: 0 }
    }

    /// Reads the next rows.
    pub(crate) fn fill(&mut self, rows: usize) -> Result<(), ReadError> {
        self.definitions.clear();
        self.repetitions.clear();
        (self.level, self.value) = (0, 0);
        let levels = (&mut self.definitions, &mut self.repetitions);
        macro_rules! read {
            ($reader:expr, $batch:path) => {{
                let mut values = Vec::new();
                let (read, ..) = $reader.read_records(rows, Some(levels.0), Some(levels.1), &mut values)?;
                (read, $batch(values))
            }};
        }
        let (read, batch) = match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => read!(reader, Batch::Bool),
            ColumnReader::Int32ColumnReader(reader) => read!(reader, Batch::Int),
            ColumnReader::Int64ColumnReader(reader) => read!(reader, Batch::Long),
            ColumnReader::Int96ColumnReader(reader) => read!(reader, Batch::Int96),
            ColumnReader::FloatColumnReader(reader) => read!(reader, Batch::Float),
            ColumnReader::DoubleColumnReader(reader) => read!(reader, Batch::Double),
            ColumnReader::ByteArrayColumnReader(reader) => read!(reader, Batch::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => read!(reader, Batch::Fixed),
        };
        self.batch = batch;
        if read == rows { Ok(()) } else { Err(ReadError::Malformed("a column has fewer rows than it says".to_owned())) }
    }

    /// The cell of the next row, of `left` bytes at most; none where it is longer.
    pub(crate) fn next(&mut self, left: u64) -> Result<Option<Result<Cell, NotText>>, ReadError> {
        if !self.leaf.list {
            return self.one(left).map(|one| one.map(|cell| cell.unwrap_or(Ok(Cell::Null))));
        }
        let mut elements: Vec<String> = Vec::new();
        let (mut bytes, mut wrong, mut begun) = (0_u64, false, false);
        while !begun || self.repetitions.get(self.level).is_some_and(|level| *level > 0) {
            begun = true;
            match self.one(left.saturating_sub(bytes))? {
                None => return Ok(None),
                Some(None | Some(Ok(Cell::Null))) => {}
                Some(Some(Ok(Cell::Text(text) | Cell::Exact(text)))) => {
                    bytes += text.len() as u64 + 1;
                    elements.push(text);
                }
                Some(Some(Err(NotText))) => wrong = true,
            }
        }
        Ok(Some(match (wrong, elements.is_empty()) {
            (true, _) => Err(NotText),
            (false, true) => Ok(Cell::Null),
            (false, false) => Ok(Cell::Exact(elements.join(BETWEEN))),
        }))
    }

    /// The value of the next level: none outside where it is too long, none inside where there is none.
    #[expect(clippy::option_option, reason = "too long and not there are different things")]
    fn one(&mut self, left: u64) -> Result<Option<Option<Result<Cell, NotText>>>, ReadError> {
        let is_there = self.leaf.full == 0 || self.definitions.get(self.level) == Some(&self.leaf.full);
        self.level += 1;
        if !is_there {
            return Ok(Some(None));
        }
        let at = self.value;
        self.value += 1;
        let raw = match &self.batch {
            Batch::Bool(values) => values.get(at).map(|value| Raw::Bool(*value)),
            Batch::Int(values) if self.leaf.meaning == Meaning::Unsigned => values.get(at).map(|value| Raw::Int(i64::from(*value as u32))),
            Batch::Int(values) => values.get(at).map(|value| Raw::Int(i64::from(*value))),
            Batch::Long(values) => values.get(at).map(|value| Raw::Int(*value)),
            Batch::Int96(values) => values.get(at).map(Raw::Int96),
            Batch::Float(values) => values.get(at).map(|value| Raw::Float(f64::from(*value))),
            Batch::Double(values) => values.get(at).map(|value| Raw::Float(*value)),
            Batch::Bytes(values) => values.get(at).map(|value| Raw::Bytes(value.data())),
            Batch::Fixed(values) => values.get(at).map(|value| Raw::Bytes(value.data())),
        };
        let raw = raw.ok_or_else(|| ReadError::Malformed("a column has fewer values than it says".to_owned()))?;
        if matches!(raw, Raw::Bytes(bytes) if bytes.len() as u64 > left) {
            return Ok(None);
        }
        Ok(Some(Some(cell(self.leaf.meaning, &raw))))
    }
}
