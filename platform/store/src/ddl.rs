//! Tables and indexes, in text of our own: no library's emitter covers both databases without panics.
//!
//! Invariants: names come from the model or from this crate; nothing that holds rows is dropped.

pub(crate) mod catalog;
pub(crate) mod fixtures;
pub(crate) mod object;
pub(crate) mod reach;
pub(crate) mod shape;

use std::borrow::Cow;

use tenon_model::ColumnType;

use crate::Dialect;
use crate::lower::columns::Physical;
use crate::lower::statement::type_name;

/// A column as `create table` and `add column` have it.
pub(crate) fn column(column: &Physical, dialect: Dialect) -> String {
    let name = type_name(column.kind, dialect);
    let rest = match (column.kind, column.required) {
        (ColumnType::Bool, _) if dialect == Dialect::Postgres => " not null default false",
        (ColumnType::Bool, _) => " not null default 0",
        (_, true) => " not null",
        (_, false) => "",
    };
    format!("\"{}\" {name}{rest}", column.name)
}

/// `"a", "b"`.
pub(crate) fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// An index. SQLite wants its schema before the index, PostgreSQL before the table.
pub(crate) fn index(dialect: Dialect, schema: &str, index: &Index<'_>) -> String {
    let unique = if index.unique { "unique " } else { "" };
    let only = match index.rows {
        Rows::All => "",
        Rows::Live => " where \"deleted_at\" is null",
        Rows::Deleted => " where \"deleted_at\" is not null",
        Rows::Filled => &format!(" where {} is not null", quoted(index.columns.first().map(String::as_str))),
        Rows::Guided => &format!(" where \"deleted_at\" is null and {} is not null", quoted(index.columns.first().map(String::as_str))),
    };
    let (name, table) = match dialect {
        Dialect::Postgres => (format!("\"{}\"", index.name), format!("\"{schema}\".\"{}\"", index.table)),
        Dialect::Sqlite => (format!("\"{schema}\".\"{}\"", index.name), format!("\"{}\"", index.table)),
    };
    let downwards = match dialect {
        Dialect::Postgres => " desc nulls last",
        // Nulls are the least there, so they are last by themselves.
        Dialect::Sqlite => " desc",
    };
    let way = |at| if index.newest == Some(at) { downwards } else { "" };
    let columns: Vec<String> = index.columns.iter().enumerate().map(|(at, name)| format!("\"{name}\"{}", way(at))).collect();
    let columns = columns.join(", ");
    let carried = quoted(index.carried.iter().map(String::as_str));
    let (columns, carried) = match (carried.is_empty(), dialect) {
        (true, _) => (columns, String::new()),
        (false, Dialect::Postgres) => (columns, format!(" include ({carried})")),
        (false, Dialect::Sqlite) => (format!("{columns}, {carried}"), String::new()),
    };
    format!("create {unique}index if not exists {name} on {table} ({columns}){carried}{only}")
}

/// What an index is over.
pub(crate) struct Index<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) table: &'a str,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
    /// Columns that it holds beside, so that those who ask for no others need not look at the rows.
    pub(crate) carried: Vec<String>,
    pub(crate) rows: Rows,
    /// The place of the column that goes downwards, with what has none at the end, as lists are asked for.
    pub(crate) newest: Option<usize>,
}

/// Which rows an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    Live,
    Deleted,
    /// Rows that have something in the first column.
    Filled,
    /// Live rows that have something in the first column, by which lists find them.
    Guided,
}
