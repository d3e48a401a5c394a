//! What an import has done, while it runs and in the end; and the file of rows that failed.

use std::io::Write;

use tenon_diagnostics::Problem;
use tenon_value::{Json, Locale};

/// Cells that `replace` changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The column.
    pub column: String,
    /// What was read.
    pub from: String,
    /// What was written for it.
    pub to: String,
    /// How often.
    pub count: u64,
}

/// Relations left empty, for no record had the key (`missing: empty`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCount {
    /// The column.
    pub column: String,
    /// How often.
    pub count: u64,
}

/// What an import has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// New records.
    pub created: u64,
    /// Changed ones, also those taken out of the recycle bin.
    pub updated: u64,
    /// Those already as the file has them.
    pub unchanged: u64,
    /// Those there and left alone.
    pub skipped: u64,
    /// Rows that could not be done.
    pub failed: u64,
    /// Cells that the mapping replaced.
    pub replaced: Vec<Replaced>,
    /// Relations left empty.
    pub missing: Vec<MissingCount>,
}

impl ImportReport {
    /// Rows worked so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }

    /// As the command line prints it.
    #[must_use]
    pub fn to_json(&self, error_file: Option<&str>) -> Json {
        let replaced: Vec<Json> = self
            .replaced
            .iter()
            .map(|one| serde_json::json!({ "column": one.column, "from": one.from, "to": one.to, "count": one.count }))
            .collect();
        let missing: Vec<Json> = self.missing.iter().map(|one| serde_json::json!({ "column": one.column, "count": one.count })).collect();
        serde_json::json!({
            "created": self.created, "updated": self.updated, "unchanged": self.unchanged, "skipped": self.skipped, "failed": self.failed,
            "errorFile": error_file, "replaced": replaced, "missing": missing,
        })
    }
}

/// How far an import has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What it has done so far.
    pub report: ImportReport,
    /// Bytes of the file worked.
    pub bytes: u64,
    /// Bytes of the file, where known.
    pub total_bytes: Option<u64>,
    /// Rows a second so far.
    pub rows_per_second: f64,
    /// Seconds to go, where known.
    pub eta_seconds: Option<f64>,
}

/// The file of rows that failed: `line,field,code,rule,message` and the row's own columns.
pub(crate) struct ErrorFile<'w> {
    writer: Option<csv::Writer<&'w mut (dyn Write + Send)>>,
    columns: Option<Vec<String>>,
    locale: Locale,
}

impl<'w> ErrorFile<'w> {
    pub(crate) fn new(writer: Option<&'w mut (dyn Write + Send)>, columns: Option<Vec<String>>, locale: Locale) -> Self {
        Self { writer: writer.map(|writer| csv::WriterBuilder::new().flexible(true).from_writer(writer)), columns, locale }
    }

    /// One line per problem of a row. The header stands above the first.
    pub(crate) fn add(&mut self, line: u64, problems: &[Problem], row: &[String]) -> std::io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if let Some(columns) = self.columns.take() {
            let fixed = ["line", "field", "code", "rule", "message"];
            writer.write_record(fixed.into_iter().chain(columns.iter().map(String::as_str)))?;
        }
        for problem in problems {
            let rule = problem.rule.as_deref().or(problem.limit).unwrap_or_default();
            let line = line.to_string();
            let fixed =
                [line.as_str(), problem.field.as_deref().unwrap_or_default(), problem.kind.code(), rule, problem.message.in_locale(self.locale)];
            writer.write_record(fixed.into_iter().chain(row.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> std::io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), csv::Writer::flush)
    }
}
