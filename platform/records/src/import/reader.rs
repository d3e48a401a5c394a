//! Rows of a file with the line on which each begins: CSV (RFC 4180) and JSONL.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use tenon_diagnostics::{Kind, Problem};
use tenon_value::{Json, JsonMap};

use super::decode::{Decoded, Marks, TOO_LONG};
use super::error::ImportError;
use super::mapping::Reading;
use super::{CHUNK_BYTES_MAX, COLUMNS_MAX, LINE_BYTES_MAX};

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// One JSON object per line.
    Jsonl,
}

/// What a row holds.
#[derive(Clone, Debug)]
pub(crate) enum Cells {
    /// One per header.
    Csv(csv::StringRecord),
    /// By key.
    Json(JsonMap<String, Json>),
    /// It cannot be read.
    Broken(Box<Problem>, String),
}

/// One row of a file.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    /// The line on which it begins; the header is on line 1.
    pub(crate) line: u64,
    pub(crate) cells: Cells,
}

/// Reads a file in chunks.
pub(crate) enum Rows<R: Read> {
    Csv { reader: Box<csv::Reader<Decoded<R>>>, headers: Vec<String> },
    Jsonl { reader: Box<BufReader<Decoded<R>>>, line: u64 },
}

/// A reader of rows, and where it stands.
pub(crate) struct RowReader<R: Read> {
    rows: Rows<R>,
    marks: Marks,
}

impl<R: Read> RowReader<R> {
    /// Opens a file; a CSV file's header is read.
    pub(crate) fn open(source: R, format: Format, reading: &Reading, marks: Marks) -> Result<Self, ImportError> {
        let decoded = Decoded::new(source, reading.encoding, marks.clone());
        let rows = match format {
            Format::Jsonl => Rows::Jsonl { reader: Box::new(BufReader::new(decoded)), line: 0 },
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new().delimiter(reading.delimiter).flexible(true).has_headers(true).from_reader(decoded);
                let headers = header_names(reader.headers())?;
                marks.row_ended();
                Rows::Csv { reader: Box::new(reader), headers }
            }
        };
        Ok(Self { rows, marks })
    }

    /// The columns a CSV file has.
    pub(crate) fn headers(&self) -> Option<&[String]> {
        match &self.rows {
            Rows::Csv { headers, .. } => Some(headers),
            Rows::Jsonl { .. } => None,
        }
    }

    /// The next rows; none at the end.
    pub(crate) fn chunk(&mut self, rows_max: usize) -> Result<Vec<Raw>, ImportError> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < rows_max && bytes < CHUNK_BYTES_MAX {
            let row = match &mut self.rows {
                Rows::Csv { reader, headers } => csv_row(reader, headers.len())?,
                Rows::Jsonl { reader, line } => json_row(reader, line)?,
            };
            let Some((row, size)) = row else { break };
            self.marks.row_ended();
            bytes += size;
            chunk.push(row);
        }
        Ok(chunk)
    }
}

fn header_names(headers: Result<&csv::StringRecord, csv::Error>) -> Result<Vec<String>, ImportError> {
    let wrong = |en: String, zh: String| ImportError::from(Problem::invalid("import/header", en, zh));
    let headers = headers.map_err(|error| match error.kind() {
        csv::ErrorKind::Utf8 { .. } => wrong("the header is not UTF-8; say `read: { encoding: gbk }` if it is GBK".to_owned(), "表头不是 UTF-8;若为 GBK,请写 `read: { encoding: gbk }`".to_owned()),
        _ => too_long_or_io(error),
    })?;
    let names: Vec<String> = headers.iter().map(|header| header.trim().to_owned()).collect();
    if names.is_empty() || names.iter().all(String::is_empty) {
        return Err(wrong("the file has no header".to_owned(), "文件没有表头".to_owned()));
    }
    if names.len() > COLUMNS_MAX {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        return Err(Problem::exhausted("columns", number(COLUMNS_MAX), number(names.len())).into());
    }
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(wrong(format!("the file has two columns `{name}`"), format!("文件中有两列 `{name}`"))),
        None => Ok(names),
    }
}

fn csv_row<R: Read>(reader: &mut csv::Reader<Decoded<R>>, columns: usize) -> Result<Option<(Raw, usize)>, ImportError> {
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(too_long_or_io)? {
        return Ok(None);
    }
    let line = record.position().map_or(0, csv::Position::line);
    let size = record.as_slice().len();
    let shown = |record: &csv::ByteRecord| record.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
    let broken = |record: &csv::ByteRecord, problem| Raw { line, cells: Cells::Broken(Box::new(problem), shown(record)) };
    let raw = if size > LINE_BYTES_MAX {
        broken(&record, too_long(size))
    } else if record.len() != columns {
        let problem = Problem::invalid(
            "import/columns",
            format!("this row has {} columns, the header has {columns}", record.len()),
            format!("此行有 {} 列,表头有 {columns} 列", record.len()),
        );
        broken(&record, problem)
    } else {
        match csv::StringRecord::from_byte_record(record) {
            Ok(record) if record.as_slice().contains('\u{FFFD}') => broken(record.as_byte_record(), encoding()),
            Ok(record) => Raw { line, cells: Cells::Csv(record) },
            Err(error) => broken(&error.into_byte_record(), encoding()),
        }
    };
    Ok(Some((raw, size)))
}

fn json_row<R: Read>(reader: &mut BufReader<Decoded<R>>, line: &mut u64) -> Result<Option<(Raw, usize)>, ImportError> {
    loop {
        let mut bytes = Vec::new();
        let count = reader.read_until(b'\n', &mut bytes).map_err(limited)?;
        if count == 0 {
            return Ok(None);
        }
        *line += 1;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Ok(Some((Raw { line: *line, cells: Cells::Broken(Box::new(encoding()), String::new()) }, count)));
        };
        if text.trim().is_empty() {
            continue;
        }
        let cells = match serde_json::from_str::<Json>(text) {
            _ if count > LINE_BYTES_MAX => Cells::Broken(Box::new(too_long(count)), String::new()),
            Ok(Json::Object(members)) => Cells::Json(members),
            _ => {
                let problem = Problem::invalid("import/json", "this line is not one JSON object", "此行不是一个 JSON 对象");
                Cells::Broken(Box::new(problem), text.trim().to_owned())
            }
        };
        return Ok(Some((Raw { line: *line, cells }, count)));
    }
}

fn encoding() -> Problem {
    Problem::invalid("import/encoding", "this row has letters that the file's encoding does not have", "此行含有文件编码之外的字符")
}

fn too_long(actual: usize) -> Problem {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Problem::exhausted("line_bytes", number(LINE_BYTES_MAX), number(actual))
}

fn too_long_or_io(error: csv::Error) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => limited(error),
        _ => Problem::of_kind(Kind::Invalid).into(),
    }
}

fn limited(error: std::io::Error) -> ImportError {
    if error.to_string() == TOO_LONG { too_long(LINE_BYTES_MAX + 1).into() } else { error.into() }
}
