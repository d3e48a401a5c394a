//! One connection to a tenant's data, and the only place that hands SQL text to a driver.
//!
//! Invariant: text arrives here from our own writers only; every value travels as an argument.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Row, SqlSafeStr, SqlStr};
use tenon_value::Value;

use super::slot::{LiteSlot, PgSlot};
use super::{Arg, Fault, Shape, postgres, sqlite};
use crate::{Dialect, StoreError};

/// A connection.
#[derive(Debug)]
pub(crate) enum Conn {
    Postgres(PgSlot),
    Sqlite(LiteSlot),
}

/// The only door for SQL text.
fn ours(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

type Cells = Vec<Vec<Value>>;

impl Conn {
    /// Until when its statements may run. PostgreSQL has `statement_timeout` and the caller's own clock.
    pub(crate) fn limit(&mut self, until: Option<std::time::Instant>) {
        if let Self::Sqlite(slot) = self {
            slot.limit(until);
        }
    }

    /// Throws the connection away when the loan ends: something is under way on it, or it is dead.
    pub(crate) fn discard(&mut self) {
        match self {
            Self::Postgres(slot) => slot.mark(false),
            Self::Sqlite(slot) => slot.discard(),
        }
    }

    /// Whether the connection can be lent again. A transaction is not something to lend.
    pub(crate) fn mark(&mut self, clean: bool) {
        if let Self::Postgres(slot) = self {
            slot.mark(clean);
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Rows of a statement that many requests share: it stays prepared.
    pub(crate) async fn fetch(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        self.run(sql, args, shapes, true).await
    }

    /// Rows of a statement that PostgreSQL plans with its values each time.
    pub(crate) async fn fetch_planned(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        self.run(sql, args, shapes, false).await
    }

    async fn run(&mut self, sql: &str, args: &[Arg], shapes: &[Shape], persistent: bool) -> Result<Cells, Fault> {
        match self {
            Self::Postgres(slot) => {
                let query = sqlx::query_with(ours(sql), postgres_arguments(args)?).persistent(persistent);
                let rows: Vec<PgRow> = query.fetch_all(slot.conn()?).await?;
                rows.iter().map(|row| postgres_cells(row, shapes)).collect()
            }
            Self::Sqlite(slot) => {
                let query = sqlx::query_with(ours(sql), sqlite_arguments(args)?);
                let rows: Vec<SqliteRow> = query.fetch_all(slot.conn()?).await?;
                rows.iter().map(|row| sqlite_cells(row, shapes)).collect()
            }
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        match self {
            Self::Postgres(slot) => {
                let query = sqlx::query_with(ours(sql), postgres_arguments(args)?);
                Ok(query.execute(slot.conn()?).await?.rows_affected())
            }
            Self::Sqlite(slot) => {
                let query = sqlx::query_with(ours(sql), sqlite_arguments(args)?);
                Ok(query.execute(slot.conn()?).await?.rows_affected())
            }
        }
    }

    /// Runs statements without arguments, one round trip for all.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        match self {
            Self::Postgres(slot) => sqlx::raw_sql(ours(sql)).execute(slot.conn()?).await.map(|_| ())?,
            Self::Sqlite(slot) => sqlx::raw_sql(ours(sql)).execute(slot.conn()?).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Runs statements without arguments, of which the last gives one text.
    pub(crate) async fn script_text(&mut self, sql: &str) -> Result<Option<String>, Fault> {
        match self {
            Self::Postgres(slot) => {
                let rows = sqlx::raw_sql(ours(sql)).fetch_all(slot.conn()?).await?;
                Ok(rows.last().and_then(|row| row.try_get_unchecked::<Option<String>, _>(0).ok().flatten()))
            }
            Self::Sqlite(slot) => {
                let rows = sqlx::raw_sql(ours(sql)).fetch_all(slot.conn()?).await?;
                Ok(rows.last().and_then(|row| row.try_get_unchecked::<Option<String>, _>(0).ok().flatten()))
            }
        }
    }

    /// Forgets prepared statements: the driver would keep one that a change of shape has broken for ever.
    pub(crate) async fn forget_statements(&mut self) -> Result<(), Fault> {
        match self {
            Self::Postgres(slot) => slot.conn()?.clear_cached_statements().await?,
            Self::Sqlite(slot) => slot.conn()?.clear_cached_statements().await?,
        }
        Ok(())
    }
}

fn postgres_arguments(args: &[Arg]) -> Result<PgArguments, Fault> {
    let mut arguments = PgArguments::default();
    for arg in args {
        arguments.add(arg).map_err(|_| StoreError::Value("an argument cannot be encoded"))?;
    }
    Ok(arguments)
}

fn sqlite_arguments(args: &[Arg]) -> Result<SqliteArguments, Fault> {
    let mut arguments = SqliteArguments::default();
    for arg in args {
        arguments.add(arg).map_err(|_| StoreError::Value("an argument cannot be encoded"))?;
    }
    Ok(arguments)
}

fn postgres_cells(row: &PgRow, shapes: &[Shape]) -> Result<Vec<Value>, Fault> {
    let cells = shapes.iter().enumerate().map(|(place, shape)| Ok(postgres::decode(&row.try_get_raw(place)?, *shape)?));
    cells.collect()
}

fn sqlite_cells(row: &SqliteRow, shapes: &[Shape]) -> Result<Vec<Value>, Fault> {
    let cells = shapes.iter().enumerate().map(|(place, shape)| Ok(sqlite::decode(row.try_get_raw(place)?, *shape)?));
    cells.collect()
}
