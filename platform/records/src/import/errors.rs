//! The error file: `line,field,code,rule,message` and the row's own columns, one line a problem.

use tenon_diagnostics::Problem;
use tenon_value::{Json, Locale};

use super::source::Cell;

/// The first line of an error file.
#[must_use]
pub fn error_header(columns: &[String]) -> String {
    let own = ["line", "field", "code", "rule", "message"];
    line(own.into_iter().chain(columns.iter().map(String::as_str)))
}

/// The line of one problem of a row.
#[must_use]
pub fn error_line(number: u64, problem: &Problem, cells: &[Cell], locale: Locale) -> String {
    let own = [
        number.to_string(),
        problem.field.clone().unwrap_or_default(),
        problem.kind.code().to_owned(),
        problem.rule.as_deref().or(problem.limit).unwrap_or_default().to_owned(),
        problem.message.in_locale(locale).to_owned(),
    ];
    line(own.into_iter().chain(cells.iter().map(text)))
}

fn line<T: AsRef<[u8]>>(cells: impl Iterator<Item = T>) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to a vector cannot fail.
    writer.write_record(cells).unwrap_or_default();
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Absent | Cell::Json(Json::Null) => String::new(),
        Cell::Text(text) | Cell::Exact(text) => text.clone(),
        Cell::Json(json) => json.to_string(),
    }
}
