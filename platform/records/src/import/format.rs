//! The formats of files, told by their names.

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, RFC 4180, a header line first.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// The first sheet of a workbook, a header row first.
    Xlsx,
    /// Columns with types, its schema in place of a header.
    Parquet,
}

impl Format {
    /// By the ending of a file's name; CSV where it says nothing.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends(&[".jsonl", ".ndjson"]) {
            Self::Jsonl
        } else if ends(&[".xlsx", ".xlsm"]) {
            Self::Xlsx
        } else if ends(&[".parquet"]) {
            Self::Parquet
        } else {
            Self::Csv
        }
    }

    /// The word in a stored job.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The format of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Csv, Self::Jsonl, Self::Xlsx, Self::Parquet].into_iter().find(|format| format.word() == word)
    }
}
