//! The error file: `line,field,code,rule,message` and the row's own columns, one line a problem.

use std::io::Write;

use tenon_diagnostics::Problem;
use tenon_value::Locale;

use super::source::Cell;

/// Writes the rows that failed.
pub(crate) struct Errors {
    writer: csv::Writer<Box<dyn Write + Send>>,
    locale: Locale,
}

impl Errors {
    /// Begins a file with its header.
    pub(crate) fn begin(inner: Box<dyn Write + Send>, columns: &[String], locale: Locale) -> Result<Self, csv::Error> {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(inner);
        let own = ["line", "field", "code", "rule", "message"];
        writer.write_record(own.into_iter().chain(columns.iter().map(String::as_str)))?;
        Ok(Self { writer, locale })
    }

    /// Writes one problem of a row.
    pub(crate) fn write(&mut self, line: u64, problem: &Problem, cells: &[Cell]) -> Result<(), csv::Error> {
        let own = [
            line.to_string(),
            problem.field.clone().unwrap_or_default(),
            problem.kind.code().to_owned(),
            problem.rule.as_deref().or(problem.limit).unwrap_or_default().to_owned(),
            problem.message.in_locale(self.locale).to_owned(),
        ];
        self.writer.write_record(own.into_iter().chain(cells.iter().map(text)))
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Json(json) => json.to_string(),
    }
}
