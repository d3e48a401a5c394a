//! An export's pages as pieces of its file: text as it is, Parquet in base64.

use std::collections::HashSet;

use tenon_automation::{PIECE_BYTES, piece};
use tenon_diagnostics::{Kind, Problem};
use tenon_parquet::{WriteError, Writer};
use tenon_value::Json;

use super::columns::{Column, Columns, Manner};

/// The formats of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Jsonl,
    Parquet,
}

impl Format {
    /// The format that a request names.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// A file while it is made.
enum File {
    Csv {
        begun: bool,
    },
    Jsonl,
    /// None after its end.
    Parquet(Option<Box<Writer>>),
}

/// Writes pages.
pub(super) struct Written<'c> {
    columns: Vec<&'c Column>,
    manner: Manner,
    file: File,
}

impl<'c> Written<'c> {
    /// A file of these columns.
    pub(super) fn new(format: &str, columns: &'c Columns, manner: Manner) -> Result<Self, Problem> {
        let mut columns: Vec<&Column> = columns.all.iter().collect();
        let file = match Format::of_word(format) {
            Some(Format::Csv) => File::Csv { begun: false },
            Some(Format::Jsonl) => File::Jsonl,
            Some(Format::Parquet) => {
                // A column that was asked for twice is there once, as a member of a JSON object is.
                let mut names = HashSet::new();
                columns.retain(|column| names.insert(column.name.as_str()));
                let typed: Vec<_> = columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
                File::Parquet(Some(Box::new(Writer::new(&typed).map_err(|error| unwritten(&error))?)))
            }
            None => return Err(Problem::of_kind(Kind::Internal)),
        };
        Ok(Self { columns, manner, file })
    }

    /// The pieces that a page adds to the file, and the cursor after it where there is more; counts the rows.
    pub(super) fn page(&mut self, page: &Json, rows: &mut i64) -> Result<(Vec<String>, Option<String>), Problem> {
        let records = page.get("nodes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        *rows += i64::try_from(records.len()).unwrap_or_default();
        let info = page.get("pageInfo");
        let more = info.and_then(|info| info.get("hasNextPage")).and_then(Json::as_bool).unwrap_or_default();
        let cursor = info.and_then(|info| info.get("endCursor")).and_then(Json::as_str).map(str::to_owned).filter(|_| more);
        let (columns, manner) = (&self.columns, self.manner);
        let pieces = match &mut self.file {
            File::Csv { begun } => text(csv(columns, manner, std::mem::replace(begun, true), records)),
            File::Jsonl => text(jsonl(columns, manner, records)),
            File::Parquet(writer) => {
                let made = parquet(writer, (columns, manner), records, cursor.is_none());
                made.map_err(|error| unwritten(&error))?.chunks(PIECE_BYTES).map(piece).collect()
            }
        };
        Ok((pieces, cursor))
    }
}

fn text(text: String) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text] }
}

fn csv(columns: &[&Column], manner: Manner, begun: bool, records: &[Json]) -> String {
    let mut text = String::new();
    if !begun {
        // By it a spreadsheet knows that the file is UTF-8.
        text += if manner.labels { "\u{feff}" } else { "" };
        text += &line(columns.iter().map(|column| column.header.clone()));
    }
    for record in records {
        text += &line(columns.iter().map(|column| column.cell(record, manner)));
    }
    text
}

fn jsonl(columns: &[&Column], manner: Manner, records: &[Json]) -> String {
    let mut text = String::new();
    for record in records {
        let members = columns.iter().map(|column| (column.name.clone(), column.value(record, manner)));
        text += &Json::Object(members.collect()).to_string();
        text.push('\n');
    }
    text
}

/// The bytes of the row groups that a page completes; with the last page the end of the file.
fn parquet(
    writer: &mut Option<Box<Writer>>,
    (columns, manner): (&[&Column], Manner),
    records: &[Json],
    ends: bool,
) -> Result<Vec<u8>, WriteError> {
    let Some(open) = writer else { return Ok(Vec::new()) };
    for record in records {
        open.row(columns.iter().map(|column| column.value(record, manner)))?;
    }
    match writer.take_if(|_| ends) {
        Some(ended) => ended.finish(),
        None => Ok(writer.as_mut().map(|open| open.take()).unwrap_or_default()),
    }
}

/// Why a value cannot stand in a file that knows types.
fn unwritten(error: &WriteError) -> Problem {
    match error {
        WriteError::Unfit { column } => {
            let (en, zh) = (format!("a value of `{column}` does not fit its type"), format!("`{column}` 的某个值不符合其类型"));
            Problem::invalid("export/value", en, zh)
        }
        WriteError::Library(error) => {
            tracing::error!(%error, "an export cannot be written");
            Problem::of_kind(Kind::Internal)
        }
    }
}

/// A line of CSV, RFC 4180.
fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        let plain = !cell.contains(['"', ',', '\n', '\r']) && cell.trim() == cell;
        if plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    };
    let mut line = cells.map(quoted).collect::<Vec<_>>().join(",");
    line += "\r\n";
    line
}
