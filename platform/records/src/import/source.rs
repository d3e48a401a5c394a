//! Rows of a file: CSV, JSONL, a workbook or Parquet, as cells of text with the line each began on.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use tenon_value::Json;

use super::binary::{BEGIN_BYTES, Binary};
use super::format::Format;
use super::guard::{Guarded, Meter};
use super::mapping::{Encoding, Reading};
use super::parquet;
use super::quotes::Quotes;
use super::xlsx::Sheet;

/// Bytes of one row at most (`line_bytes`): a file that is one line ends here, not in memory.
pub const RECORD_BYTES_MAX: u64 = 1024 * 1024;
/// Columns of a file at most (`import_columns`): each that is not mapped is told of.
pub const COLUMNS_MAX: u64 = 1_000;
/// Bytes at the beginning of a file by which its encoding is guessed.
const GUESS_BYTES: u64 = 256 * 1024;

/// A cell: text, or a JSON value; none where a JSONL row says nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is said.
    Absent,
    /// A text.
    Text(String),
    /// A JSON value.
    Json(Json),
    /// A value of a type of its own, as the API spells it: neither the mapping's dates nor its decimal sign are meant.
    Exact(String),
}

/// One row, in the order of the columns.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    /// Bytes it took: the same however the file is read.
    pub(crate) bytes: u64,
    pub(crate) cells: Result<Vec<Cell>, BadRow>,
}

/// Why a row could not even be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRow {
    Length,
    Encoding,
    Json,
}

/// Why reading ended before the file did.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// A row is longer than [`RECORD_BYTES_MAX`].
    #[error("the row of line {line} is longer than {RECORD_BYTES_MAX} bytes")]
    RowTooLong {
        /// Where it begins.
        line: u64,
    },
    /// A quote is opened and never closed.
    #[error("the quote opened on line {line} is never closed")]
    QuoteOpen {
        /// Where it is opened.
        line: u64,
    },
    /// A workbook that cannot be read.
    #[error("this is no workbook that can be read")]
    Workbook,
    /// A Parquet file that cannot be read.
    #[error("this is no parquet file that can be read")]
    Parquet,
    /// A column that is not read.
    #[error("column `{column}` cannot be read: {why}")]
    Column {
        /// Its name.
        column: String,
        /// What stands against it.
        why: &'static str,
    },
    /// A file that unfolds to more than is read.
    #[error("limit `{limit}` of files is {max}")]
    Bomb {
        /// Which limit.
        limit: &'static str,
        /// Its number.
        max: u64,
    },
    /// A header of more than [`COLUMNS_MAX`] columns.
    #[error("the file has {count} columns, and may have {COLUMNS_MAX}")]
    Columns {
        /// How many it has.
        count: u64,
    },
    /// The file is no text.
    #[error("the file is no text")]
    Binary(Binary),
    /// Reading it failed: a bug of ours, brought out by the file.
    #[error("reading the file failed")]
    Failed,
    /// The header is no text of the encoding, or there is none.
    #[error("the header cannot be read")]
    Header,
}

/// A file from its beginning, of which a piece was looked at.
type Begun = Chain<Cursor<Vec<u8>>, Guarded>;

enum Rows {
    Csv { reader: Box<csv::Reader<Quotes<Begun>>>, encoding: Encoding },
    Jsonl { reader: BufReader<Begun>, line: u64, columns: Vec<String> },
    Xlsx(Sheet),
    Parquet(Box<tenon_parquet::Reader>),
}

/// A file being read.
pub(crate) struct Source {
    rows: Rows,
    meter: Meter,
    /// Its columns: the header, or for JSONL those that the mapping names.
    pub(crate) columns: Vec<String>,
}

impl Source {
    /// Opens a file and reads its header. A JSONL file has the columns of the mapping.
    pub(crate) fn open(inner: Box<dyn Read + Send>, format: Format, reading: &Reading, mapped: Vec<String>) -> Result<Self, SourceError> {
        let meter = Meter::default();
        meter.next_row();
        let mut guarded = meter.guarded(inner);
        if format == Format::Xlsx {
            return Self::of_workbook(Box::new(guarded), meter, reading);
        }
        if format == Format::Parquet {
            // Limits of its own hold here too: its end has to be read before its first row.
            meter.unbounded();
            let reader = parquet::open(guarded)?;
            let columns = reader.columns().to_vec();
            return Ok(Self { rows: Rows::Parquet(Box::new(reader)), meter, columns });
        }
        let mut begin = Vec::new();
        guarded.by_ref().take(BEGIN_BYTES).read_to_end(&mut begin)?;
        if let Some(binary) = Binary::of(&begin) {
            return Err(SourceError::Binary(binary));
        }
        if format == Format::Jsonl {
            let rows = Rows::Jsonl { reader: BufReader::new(Cursor::new(begin).chain(guarded)), line: 0, columns: mapped.clone() };
            return Ok(Self { rows, meter, columns: mapped });
        }
        let encoding = match reading.encoding {
            Some(encoding) => encoding,
            None => {
                guarded.by_ref().take(GUESS_BYTES).read_to_end(&mut begin).map_err(|error| io_error(error, 1))?;
                meter.next_row();
                guessed(&begin)
            }
        };
        // Lines end at \n alone, so that their numbers are right; the \r before it is taken off the last cell.
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(reading.delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .flexible(true)
            .from_reader(Quotes::new(Cursor::new(begin).chain(guarded), reading.delimiter));
        let header = reader.byte_headers().map_err(|error| csv_error(error, 1))?.clone();
        if let Some(line) = reader.get_ref().left_open() {
            return Err(SourceError::QuoteOpen { line });
        }
        let count = u64::try_from(header.len()).unwrap_or(u64::MAX);
        if count > COLUMNS_MAX {
            return Err(SourceError::Columns { count });
        }
        if header.as_slice().contains(&0) {
            return Err(SourceError::Binary(Binary::Zeros));
        }
        let columns: Option<Vec<String>> = header.iter().map(|cell| decoded(cell, encoding)).collect();
        let mut columns = columns.filter(|columns| !columns.is_empty()).ok_or(SourceError::Header)?;
        if let Some(first) = columns.first_mut() {
            *first = first.trim_start_matches('\u{feff}').to_owned();
        }
        let columns: Vec<String> = columns.iter().map(|column| column.trim().to_owned()).collect();
        Ok(Self { rows: Rows::Csv { reader: Box::new(reader), encoding }, meter, columns })
    }

    /// The sheet's first row is its header.
    fn of_workbook(inner: Box<dyn Read + Send>, meter: Meter, reading: &Reading) -> Result<Self, SourceError> {
        // Limits of its own hold for a workbook: it is read whole before its first row.
        meter.unbounded();
        let mut sheet = Sheet::open(inner, reading.date.clone())?;
        let (_, header) = sheet.next()?.ok_or(SourceError::Header)?;
        let columns = header.iter().map(|column| column.trim().to_owned()).collect();
        Ok(Self { rows: Rows::Xlsx(sheet), meter, columns })
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.meter.read()
    }

    /// The next row; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, SourceError> {
        if !matches!(self.rows, Rows::Xlsx(_) | Rows::Parquet(_)) {
            self.meter.next_row();
        }
        match &mut self.rows {
            Rows::Csv { reader, encoding } => {
                let mut record = csv::ByteRecord::new();
                let begin = reader.position().byte();
                loop {
                    let line = reader.position().line();
                    if !reader.read_byte_record(&mut record).map_err(|error| csv_error(error, line))? {
                        return Ok(None);
                    }
                    if let Some(line) = reader.get_ref().left_open() {
                        return Err(SourceError::QuoteOpen { line });
                    }
                    if !is_blank(&record) {
                        break;
                    }
                }
                let line = record.position().map_or(0, csv::Position::line);
                let bytes = reader.position().byte() - begin;
                let cells = if record.as_slice().contains(&0) {
                    Err(BadRow::Encoding)
                } else if record.len() == self.columns.len() {
                    let last = record.len() - 1;
                    let without_end = |(at, cell): (usize, _)| if at == last { trim_end(cell) } else { cell };
                    let cells: Option<Vec<Cell>> =
                        record.iter().enumerate().map(without_end).map(|cell| decoded(cell, *encoding).map(Cell::Text)).collect();
                    cells.ok_or(BadRow::Encoding)
                } else {
                    Err(BadRow::Length)
                };
                Ok(Some(Row { line, bytes, cells }))
            }
            Rows::Jsonl { reader, line, columns } => next_json(reader, line, columns),
            Rows::Xlsx(sheet) => Ok(sheet.next()?.map(|(line, cells)| of_sheet(line, cells, self.columns.len()))),
            Rows::Parquet(reader) => parquet::next(reader),
        }
    }
}

fn of_sheet(line: u64, cells: Vec<String>, columns: usize) -> Row {
    let bytes = cells.iter().map(|cell| u64::try_from(cell.len()).unwrap_or_default()).sum();
    Row { line, bytes, cells: padded(cells, columns) }
}

/// A row of a sheet ends with its last cell that is not empty.
fn padded(mut cells: Vec<String>, columns: usize) -> Result<Vec<Cell>, BadRow> {
    if cells.iter().skip(columns).any(|cell| !cell.is_empty()) {
        return Err(BadRow::Length);
    }
    cells.resize(columns, String::new());
    Ok(cells.into_iter().map(Cell::Text).collect())
}

fn next_json(reader: &mut BufReader<Begun>, line: &mut u64, columns: &[String]) -> Result<Option<Row>, SourceError> {
    loop {
        let mut bytes = Vec::new();
        let count = reader.read_until(b'\n', &mut bytes).map_err(|error| io_error(error, *line + 1))?;
        if count == 0 {
            return Ok(None);
        }
        *line += 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let cells = match serde_json::from_slice(&bytes) {
            Ok(Json::Object(mut members)) => {
                Ok(columns.iter().map(|column| members.remove(column).map_or(Cell::Absent, of_json)).collect())
            }
            _ => Err(BadRow::Json),
        };
        return Ok(Some(Row { line: *line, bytes: u64::try_from(count).unwrap_or(u64::MAX), cells }));
    }
}

fn of_json(json: Json) -> Cell {
    match json {
        Json::String(text) => Cell::Text(text),
        other => Cell::Json(other),
    }
}

/// An empty line is no row.
fn is_blank(record: &csv::ByteRecord) -> bool {
    record.len() == 1 && record.get(0).is_none_or(|cell| trim_end(cell).is_empty())
}

fn trim_end(cell: &[u8]) -> &[u8] {
    cell.strip_suffix(b"\r").unwrap_or(cell)
}

/// UTF-8, unless only GBK explains the bytes. The last letter may be cut in two.
fn guessed(begin: &[u8]) -> Encoding {
    let is_utf8 = match std::str::from_utf8(begin) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let whole = begin.split_last().map_or(begin, |(_, rest)| rest);
    let is_gbk = || [begin, whole].iter().any(|bytes| decoded(bytes, Encoding::Gbk).is_some());
    if !is_utf8 && is_gbk() { Encoding::Gbk } else { Encoding::Utf8 }
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Option<String> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Encoding::Gbk => encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned),
    }
}

fn io_error(error: io::Error, line: u64) -> SourceError {
    if error.kind() == io::ErrorKind::FileTooLarge { SourceError::RowTooLong { line } } else { SourceError::Io(error) }
}

fn csv_error(error: csv::Error, line: u64) -> SourceError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => io_error(error, line),
        _ => SourceError::Header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(encoding: Encoding) -> Reading {
        Reading { encoding: Some(encoding), delimiter: b',', date: None, decimal: '.', zone: None }
    }

    fn open(bytes: Vec<u8>, encoding: Encoding) -> Result<Source, SourceError> {
        Source::open(Box::new(io::Cursor::new(bytes)), Format::Csv, &reading(encoding), Vec::new())
    }

    #[test]
    fn rows_come_with_their_lines() {
        let mut source = open(b"\xef\xbb\xbfa,b\r\n1,\"x\r\ny\"\r\n2\r\n\r\n\xff,3\r\n\r\n".to_vec(), Encoding::Utf8).unwrap();
        assert_eq!(source.columns, ["a", "b"]);
        let first = source.next().unwrap().unwrap();
        assert_eq!((first.line, first.cells), (2, Ok(vec![Cell::Text("1".to_owned()), Cell::Text("x\r\ny".to_owned())])));
        let short = source.next().unwrap().unwrap();
        assert_eq!((short.line, short.cells), (4, Err(BadRow::Length)));
        assert_eq!(source.next().unwrap().unwrap().cells, Err(BadRow::Encoding));
        assert!(source.next().unwrap().is_none());
    }

    #[test]
    fn gbk_is_read() {
        let (bytes, ..) = encoding_rs::GBK.encode("名称\n上海,公司\n");
        let mut source = open(bytes.into_owned(), Encoding::Gbk).unwrap();
        assert_eq!(source.columns, ["名称"]);
        assert_eq!(source.next().unwrap().unwrap().cells, Err(BadRow::Length));
    }

    #[test]
    fn a_file_that_is_one_line_is_refused_early() {
        let endless = io::repeat(b'x').take(RECORD_BYTES_MAX * 3);
        let source = Source::open(Box::new(endless), Format::Csv, &reading(Encoding::Utf8), Vec::new());
        assert!(matches!(source, Err(SourceError::RowTooLong { line: 1 })));
        let quoted = io::Cursor::new(b"a\n\"".to_vec()).chain(io::repeat(b'\n').take(RECORD_BYTES_MAX * 3));
        let mut source = Source::open(Box::new(quoted), Format::Csv, &reading(Encoding::Utf8), Vec::new()).unwrap();
        assert!(matches!(source.next(), Err(SourceError::RowTooLong { line: 2 })));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_with_its_line() {
        let mut source = open(b"a,b\n1,2\n3,\"4\n5,6\n".to_vec(), Encoding::Utf8).unwrap();
        assert_eq!(source.next().unwrap().unwrap().line, 2);
        assert!(matches!(source.next(), Err(SourceError::QuoteOpen { line: 3 })));
        assert!(matches!(open(b"\"a,b\n1,2\n".to_vec(), Encoding::Utf8), Err(SourceError::QuoteOpen { line: 1 })));
    }

    #[test]
    fn an_encoding_that_is_not_said_is_guessed() {
        let (gbk, ..) = encoding_rs::GBK.encode("名称\n上海,公司\n");
        assert_eq!(guessed(&gbk), Encoding::Gbk);
        assert_eq!(guessed(gbk.get(..gbk.len() - 2).unwrap_or_default()), Encoding::Gbk, "cut within a letter");
        assert_eq!(guessed("名称".as_bytes()), Encoding::Utf8);
        assert_eq!(guessed("名称".as_bytes().get(..4).unwrap_or_default()), Encoding::Utf8, "cut within a letter");
        assert_eq!(guessed(b"name\n\xff\xfe\n"), Encoding::Utf8, "neither");
        assert_eq!(guessed(b""), Encoding::Utf8);
        let reading = Reading { encoding: None, delimiter: b',', date: None, decimal: '.', zone: None };
        let mut source = Source::open(Box::new(io::Cursor::new(gbk.into_owned())), Format::Csv, &reading, Vec::new()).unwrap();
        assert_eq!(source.columns, ["名称"]);
        assert!(source.next().unwrap().is_some());
    }

    #[test]
    fn jsonl_rows_follow_the_mapping() {
        let text = b"{\"a\":1,\"b\":\"x\"}\n\n[]\n{\"b\":null}\n".to_vec();
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let mut source = Source::open(Box::new(io::Cursor::new(text)), Format::Jsonl, &reading(Encoding::Utf8), columns).unwrap();
        assert_eq!(source.next().unwrap().unwrap().cells, Ok(vec![Cell::Json(Json::from(1)), Cell::Text("x".to_owned())]));
        let wrong = source.next().unwrap().unwrap();
        assert_eq!((wrong.line, wrong.cells), (3, Err(BadRow::Json)));
        assert_eq!(source.next().unwrap().unwrap().cells, Ok(vec![Cell::Absent, Cell::Json(Json::Null)]));
    }
}
