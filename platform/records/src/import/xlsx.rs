//! Rows of a workbook's first sheet, as a spreadsheet shows them.
//!
//! A workbook is a compressed archive and may be a bomb: what it unfolds to is counted before anything is read of it, and
//! cells are read one after the other on a thread of their own, never as a whole sheet. Numbers come as the shortest text
//! that is the same number, dates in the mapping's own form.

use std::io::{Cursor, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};
use jiff::civil;

use super::source::{RECORD_BYTES_MAX, SourceError};

/// Bytes of a workbook (`xlsx_bytes`).
pub const XLSX_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes that it unfolds to (`xlsx_inflated_bytes`).
pub const XLSX_INFLATED_MAX: u64 = 512 * 1024 * 1024;
/// Rows of its sheet (`xlsx_rows`): as many as a sheet can have.
pub const XLSX_ROWS_MAX: u64 = 1_048_576;
/// Cells of its sheet (`xlsx_cells`).
pub const XLSX_CELLS_MAX: u64 = 20_000_000;
/// Columns of its sheet (`xlsx_columns`).
pub const XLSX_COLUMNS_MAX: u64 = 1_000;
/// Files in the archive.
const ENTRIES_MAX: usize = 10_000;
/// Rows read ahead.
const ROWS_AHEAD: usize = 16;

type Line = (u64, Vec<String>);

/// What the reading thread sends: rows, then none. Where it falls silent before, the file was the death of it.
type Sent = Result<Option<Line>, SourceError>;

/// The rows of a sheet, with their numbers in it.
pub(super) struct Sheet {
    rows: Receiver<Sent>,
    ended: bool,
}

impl Sheet {
    /// Opens a workbook.
    pub(super) fn open(inner: Box<dyn Read + Send>, date: Option<String>) -> Result<Self, SourceError> {
        let mut bytes = Vec::new();
        inner.take(XLSX_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > XLSX_BYTES_MAX) {
            return Err(SourceError::Bomb { limit: "xlsx_bytes", max: XLSX_BYTES_MAX });
        }
        unfold(&bytes)?;
        let (sender, receiver) = sync_channel(ROWS_AHEAD);
        std::thread::Builder::new().name("xlsx".to_owned()).spawn(move || {
            if let Err(error) = read(bytes, date.as_deref(), &sender) {
                // Nobody waits for it where the import has ended already.
                drop(sender.send(Err(error)));
            }
        })?;
        Ok(Self { rows: receiver, ended: false })
    }

    /// The next row that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<Line>, SourceError> {
        if self.ended {
            return Ok(None);
        }
        let row = self.rows.recv().unwrap_or(Err(SourceError::Failed))?;
        self.ended = row.is_none();
        Ok(row)
    }
}

/// Unfolds every file of the archive into nothing, counting: what the archive says of itself is not believed.
fn unfold(bytes: &[u8]) -> Result<(), SourceError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| SourceError::Workbook)?;
    if archive.len() > ENTRIES_MAX {
        return Err(SourceError::Workbook);
    }
    let mut left = XLSX_INFLATED_MAX;
    for place in 0..archive.len() {
        let file = archive.by_index(place).map_err(|_| SourceError::Workbook)?;
        let taken = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(|_| SourceError::Workbook)?;
        left = left.checked_sub(taken).ok_or(SourceError::Bomb { limit: "xlsx_inflated_bytes", max: XLSX_INFLATED_MAX })?;
    }
    Ok(())
}

fn read(bytes: Vec<u8>, date: Option<&str>, sender: &SyncSender<Sent>) -> Result<(), SourceError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| SourceError::Workbook)?;
    let name = book.sheet_names().first().cloned().ok_or(SourceError::Workbook)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| SourceError::Workbook)?;
    let mut row = Building::default();
    let mut seen = 0_u64;
    while let Some(cell) = cells.next_cell().map_err(|_| SourceError::Workbook)? {
        let (line, column) = cell.get_position();
        let (line, column) = (u64::from(line) + 1, u64::from(column));
        seen += 1;
        for (limit, max, actual) in
            [("xlsx_rows", XLSX_ROWS_MAX, line), ("xlsx_columns", XLSX_COLUMNS_MAX, column + 1), ("xlsx_cells", XLSX_CELLS_MAX, seen)]
        {
            if actual > max {
                return Err(SourceError::Bomb { limit, max });
            }
        }
        if line != row.line && !row.send(line, sender) {
            return Ok(());
        }
        row.put(column, text(cell.get_value(), date))?;
    }
    if row.send(0, sender) {
        // Nobody waits for it where the import has ended already.
        drop(sender.send(Ok(None)));
    }
    Ok(())
}

/// A row whose cells come one after the other.
#[derive(Default)]
struct Building {
    line: u64,
    cells: Vec<String>,
    bytes: u64,
}

impl Building {
    fn put(&mut self, column: u64, text: String) -> Result<(), SourceError> {
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.bytes > RECORD_BYTES_MAX {
            return Err(SourceError::RowTooLong { line: self.line });
        }
        let place = usize::try_from(column).unwrap_or(usize::MAX);
        if self.cells.len() <= place {
            self.cells.resize(place + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = text;
        }
        Ok(())
    }

    /// Sends the row and begins the next; false where nobody wants any more.
    fn send(&mut self, next: u64, sender: &SyncSender<Sent>) -> bool {
        let cells = std::mem::take(&mut self.cells);
        let line = std::mem::replace(&mut self.line, next);
        self.bytes = 0;
        cells.iter().all(|cell| cell.trim().is_empty()) || sender.send(Ok(Some((line, cells)))).is_ok()
    }
}

fn text(cell: &DataRef<'_>, date: Option<&str>) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::DateTime(at) => moment(*at, date),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A day or a moment in the mapping's form, or ISO 8601.
fn moment(at: ExcelDateTime, pattern: Option<&str>) -> String {
    if at.is_duration() {
        return at.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let small = |number: u8| i8::try_from(number).unwrap_or_default();
    let whole = civil::DateTime::new(
        i16::try_from(year).unwrap_or_default(),
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        i32::from(milli) * 1_000_000,
    );
    match (whole, pattern) {
        (Ok(whole), Some(pattern)) => jiff::fmt::strtime::format(pattern, whole).unwrap_or_else(|_| whole.to_string()),
        (Ok(whole), None) if whole.time() == civil::Time::midnight() => whole.date().to_string(),
        (Ok(whole), None) => whole.to_string(),
        (Err(_), _) => String::new(),
    }
}
