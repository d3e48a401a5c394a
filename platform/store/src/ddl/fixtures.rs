//! The tables every tenant has, whatever its model says: its *home*. One file per topic.
//!
//! A home has a version. A build that brings a table, a column or an index says so with `since`, and homes made by builds
//! before it are brought up when they are first opened (`home.rs` of this crate). Invariants: what is here only ever grows, so
//! that a server of the build before works beside one of this build; a column added later is optional.

mod audit;
mod credentials;
mod federation;
mod files;
mod home;
mod jobs;
mod links;
mod model;
mod packages;
mod plugins;
mod records;
mod relay;
mod search;

use tenon_model::ColumnType;

use super::{Index, Rows, column, index, quoted};
use crate::Dialect;
use crate::archive::table::Archived;
use crate::lower::columns::Physical;

/// The version of a home that this build makes.
pub(crate) const VERSION: u32 = 20;
/// The oldest build, by the version of the homes it makes, that may work on homes of this build.
pub(crate) const READABLE_BY: u32 = 1;
/// The table that says which version a home has.
pub(crate) const HOME: &str = "home";

/// A column: name, type, whether it is required.
type Column = (&'static str, ColumnType, bool);

/// A table: columns with whether they are required, the primary key, further indexes.
struct Fixture {
    /// The version of the home that brought it.
    since: u32,
    name: &'static str,
    columns: &'static [Column],
    key: &'static [&'static str],
    /// Columns that came later, with the version that brought each.
    added: &'static [(u32, Column)],
    /// Columns and whether they are unique. An index made later stands in homes of every version: it is cheap to look for.
    indexes: &'static [(&'static [&'static str], bool)],
}

/// A number given by the database: `outbox` and `journal` are read in its order.
pub(crate) const SEQ: &str = "seq";

/// On PostgreSQL each row of the outbox knows its transaction, so that what is committed is found without waiting.
pub(crate) const OUTBOX: &str = "outbox";
/// What the transactions of its rows were in the homes that the tenant had before, and those homes.
pub(crate) const OUTBOX_BEFORE: &str = "outbox_before";
pub(crate) const RELAY_BEFORE: &str = "relay_before";
const XID: &str = "\"xid\" xid8 not null default pg_current_xact_id()";

fn all() -> impl Iterator<Item = &'static Fixture> {
    [
        home::TABLES,
        files::TABLES,
        jobs::TABLES,
        links::TABLES,
        model::TABLES,
        plugins::TABLES,
        records::TABLES,
        search::TABLES,
        relay::TABLES,
        audit::TABLES,
        credentials::TABLES,
        federation::TABLES,
        packages::TABLES,
    ]
    .into_iter()
    .flatten()
}

/// Names of the tables every tenant has.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|fixture| fixture.name)
}

/// The tables every tenant has, as an archive of one holds them.
pub(crate) fn tables() -> impl Iterator<Item = Archived> {
    all().map(|fixture| Archived {
        name: fixture.name.to_owned(),
        columns: fixture
            .columns
            .iter()
            .chain(fixture.added.iter().map(|(_, column)| column))
            .map(|(name, kind, _)| ((*name).to_owned(), *kind))
            .collect(),
        key: fixture.key.iter().map(|name| (*name).to_owned()).collect(),
    })
}

/// Whether a table is the index of another: SQLite's full-text index stands among its tables.
pub(crate) fn is_index(table: &str) -> bool {
    table.starts_with("search_words")
}

/// The statements that make a tenant's home.
pub(crate) fn making(dialect: Dialect, schema: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        statements.push(format!("create schema \"{schema}\""));
    }
    statements.extend(upgrading(dialect, schema, 0));
    statements
}

/// The statements that bring a home of version `from` to that of this build. Done twice they do nothing.
pub(crate) fn upgrading(dialect: Dialect, schema: &str, from: u32) -> Vec<String> {
    let mut statements = Vec::new();
    for fixture in all() {
        if fixture.since > from {
            statements.push(table(fixture, dialect, schema));
        } else {
            let added = fixture.added.iter().filter(|(since, _)| *since > from);
            statements.extend(added.map(|(_, (name, kind, required))| {
                let column = column(&Physical::new(name, *kind, *required), dialect);
                format!("alter table \"{schema}\".\"{}\" add column {column}", fixture.name)
            }));
        }
        statements.extend(indexes_of(fixture, dialect, schema));
    }
    statements.extend(search::indexes(dialect, schema));
    if from < search::SINCE {
        statements.push(search::missing(dialect, schema));
    }
    statements
}

fn table(fixture: &Fixture, dialect: Dialect, schema: &str) -> String {
    let serial = fixture.key == [SEQ];
    let every = fixture.columns.iter().chain(fixture.added.iter().map(|(_, column)| column));
    let mut columns: Vec<String> = every
        .map(|(name, kind, required)| match (serial && *name == SEQ, dialect) {
            (true, Dialect::Postgres) => format!("\"{name}\" bigint generated always as identity"),
            (true, Dialect::Sqlite) => format!("\"{name}\" integer primary key autoincrement"),
            (false, _) => column(&Physical::new(name, *kind, *required), dialect),
        })
        .collect();
    if knows_transaction(fixture, dialect) {
        columns.push(XID.to_owned());
    }
    if !(serial && dialect == Dialect::Sqlite) {
        columns.push(format!("primary key ({})", quoted(fixture.key.iter().copied())));
    }
    format!("create table if not exists \"{schema}\".\"{}\" ({})", fixture.name, columns.join(", "))
}

fn knows_transaction(fixture: &Fixture, dialect: Dialect) -> bool {
    fixture.name == OUTBOX && dialect == Dialect::Postgres
}

fn indexes_of(fixture: &Fixture, dialect: Dialect, schema: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if knows_transaction(fixture, dialect) {
        statements.push(format!("create index if not exists \"outbox_xid\" on \"{schema}\".\"{OUTBOX}\" (\"xid\")"));
    }
    for (place, (over, unique)) in fixture.indexes.iter().enumerate() {
        let over = Index {
            name: format!("{}_{place}", fixture.name).into(),
            table: fixture.name,
            columns: over.iter().map(|column| (*column).to_owned()).collect(),
            unique: *unique,
            carried: Vec::new(),
            rows: Rows::All,
            newest: None,
        };
        statements.push(index(dialect, schema, &over));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::{READABLE_BY, VERSION, all};

    #[test]
    fn what_came_later_fits_the_rows_that_were_there() {
        for fixture in all() {
            assert!((1..=VERSION).contains(&fixture.since), "{} is of a version that is not", fixture.name);
            for (since, (column, kind, required)) in fixture.added {
                assert!((fixture.since + 1..=VERSION).contains(since), "{}.{column} is of a version that is not", fixture.name);
                assert!(!required || *kind == tenon_model::ColumnType::Bool, "{}.{column} must be optional", fixture.name);
            }
        }
        const { assert!(READABLE_BY <= VERSION) };
    }
}
