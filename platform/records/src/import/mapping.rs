//! A mapping: which column of a file goes where (the file `mapping.yaml` of API.md §5), as data.

use std::collections::HashMap;

use tenon_query::OnMatch;

/// How the letters of a file are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GBK and its superset GB 18030.
    Gbk,
}

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its letters.
    pub encoding: Encoding,
    /// What stands between the columns of a CSV file.
    pub delimiter: u8,
    /// How days and moments are written; none: ISO 8601.
    pub date: Option<String>,
    /// The decimal sign, `.` or `,`.
    pub decimal: char,
    /// IANA zone of moments without offset; none: the tenant's.
    pub zone: Option<String>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { encoding: Encoding::Utf8, delimiter: b',', date: None, decimal: '.', zone: None }
    }
}

/// By what a row finds its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchBy {
    /// An id in another system.
    External(String),
    /// The record's id.
    Id,
    /// A unique field or a named unique key.
    Key(String),
}

/// What happens where no record has the key a cell names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The row fails.
    #[default]
    Error,
    /// The relation stays as it is; counted.
    Empty,
    /// The record is made.
    Create,
}

/// What an empty cell does to a record that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// Nothing.
    #[default]
    Keep,
    /// It clears.
    Clear,
}

/// One way of a cell into the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Field, part of a field, relation, `external_id.<system>` or `id`.
    pub to: String,
    /// By what a relation's target is found.
    pub by: Option<String>,
    /// Cell → cell.
    pub replace: HashMap<String, String>,
    /// A relation's target that is not there.
    pub missing: Missing,
    /// Constants for the other parts of the same field.
    pub with: Vec<(String, String)>,
    /// An empty cell.
    pub empty: Empty,
}

/// A mapping of a file's columns to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// API name of the object.
    pub object: String,
    /// How the file is read.
    pub read: Reading,
    /// By what rows find their records; none: every row makes one.
    pub match_by: Option<MatchBy>,
    /// What happens to a record that is there.
    pub on_match: OnMatch,
    /// Column of the file → where it goes; an empty list is `skip`.
    pub columns: Vec<(String, Vec<Column>)>,
    /// Target → the two columns whose days are subtracted (`days_between`).
    pub compute: Vec<(String, [String; 2])>,
}
