//! One connection to a tenant's data, and the only place that hands SQL text to a driver.
//!
//! Invariant: text arrives here from our own writers only; every value travels as an argument.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Row, SqlSafeStr, SqlStr};
use tenon_value::Value;

use super::line::Cells;
use super::pgslot::{Later, Lead, PgSlot, Planning};
use super::slot::LiteSlot;
use super::{Arg, Fault, Shape, sqlite};
use crate::{Dialect, StoreError, meter};

/// A connection.
#[derive(Debug)]
pub(crate) enum Conn {
    Postgres(Box<PgSlot>),
    Sqlite(LiteSlot),
}

/// The only door for SQL text to SQLite.
fn ours(sql: &str) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// Every statement can be seen in the trace, without its values: what a request asked, and whether another asked the same.
fn told(sql: &str) {
    meter::statement();
    tracing::trace!(target: "tenon_store::sql", sql);
}

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
            Self::Postgres(slot) => slot.discard(),
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

    /// Keeps the first words of a transaction for its first statement. PostgreSQL only.
    pub(crate) fn lead(&mut self, lead: Lead) {
        if let Self::Postgres(slot) = self {
            slot.lead(lead);
        }
    }

    /// Keeps a write for the next statement, where that saves a round trip; else writes now.
    pub(crate) async fn later(&mut self, later: Later) -> Result<(), Fault> {
        if let Self::Postgres(slot) = self {
            told(&later.sql);
            return slot.later(later).await;
        }
        match self.execute(&later.sql, &later.args).await {
            Ok(touched) if touched == later.rows => Ok(()),
            Ok(_) => Err((later.told)(StoreError::Serialization.into())),
            Err(fault) => Err((later.told)(fault)),
        }
    }

    /// Forgets what has not been sent; whether there is a transaction to roll back.
    pub(crate) fn forget_waiting(&mut self) -> bool {
        match self {
            Self::Postgres(slot) => slot.forget_waiting(),
            Self::Sqlite(_) => true,
        }
    }

    /// Rows of a statement that many requests share: it stays prepared.
    pub(crate) async fn fetch(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        self.explain(sql, args).await?;
        told(sql);
        let fetched = match self {
            Self::Postgres(slot) => slot.fetch(sql, args, shapes, Planning::Kept).await,
            Self::Sqlite(slot) => sqlite_fetch(slot, sql, args, shapes).await,
        };
        fetched.inspect(|cells| meter::rows(cells.len()))
    }

    /// Rows of a statement that PostgreSQL plans with its values each time.
    pub(crate) async fn fetch_planned(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        self.explain(sql, args).await?;
        told(sql);
        let fetched = match self {
            Self::Postgres(slot) => slot.fetch(sql, args, shapes, Planning::WithValues).await,
            Self::Sqlite(slot) => sqlite_fetch(slot, sql, args, shapes).await,
        };
        fetched.inspect(|cells| meter::rows(cells.len()))
    }

    /// Has the database tell how it will carry out a statement with these values, where the request wants to know.
    async fn explain(&mut self, sql: &str, args: &[Arg]) -> Result<(), Fault> {
        if !meter::explains() {
            return Ok(());
        }
        let plan = match self {
            Self::Postgres(slot) => {
                let lines = slot.fetch(&format!("explain {sql}"), args, &[Shape::Text], Planning::WithValues).await?;
                lines.into_iter().filter_map(|mut line| line.pop()?.as_text().map(str::to_owned)).collect()
            }
            Self::Sqlite(slot) => {
                let shapes = [Shape::Int, Shape::Int, Shape::Int, Shape::Text];
                sqlite_plan(&sqlite_fetch(slot, &format!("explain query plan {sql}"), args, &shapes).await?)
            }
        };
        meter::explained(sql, plan);
        Ok(())
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        told(sql);
        match self {
            Self::Postgres(slot) => slot.execute(sql, args).await,
            Self::Sqlite(slot) => {
                let query = sqlx::query_with(ours(sql), sqlite_arguments(args)?);
                Ok(query.execute(slot.conn()?).await?.rows_affected())
            }
        }
    }

    /// Runs statements without arguments, one round trip for all.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        told(sql);
        match self {
            Self::Postgres(slot) => slot.script(sql).await,
            Self::Sqlite(slot) => Ok(sqlx::raw_sql(ours(sql)).execute(slot.conn()?).await.map(|_| ())?),
        }
    }

    /// Runs statements without arguments, of which the last gives one text.
    pub(crate) async fn script_text(&mut self, sql: &str) -> Result<Option<String>, Fault> {
        told(sql);
        match self {
            Self::Postgres(slot) => slot.script_text(sql).await,
            Self::Sqlite(slot) => {
                let rows = sqlx::raw_sql(ours(sql)).fetch_all(slot.conn()?).await?;
                Ok(rows.last().and_then(|row| row.try_get_unchecked::<Option<String>, _>(0).ok().flatten()))
            }
        }
    }

    /// Forgets prepared statements: SQLite's driver would keep one that a change of shape has broken for ever. PostgreSQL's
    /// are forgotten where the error is seen.
    pub(crate) async fn forget_statements(&mut self) -> Result<(), Fault> {
        if let Self::Sqlite(slot) = self {
            slot.conn()?.clear_cached_statements().await?;
        }
        Ok(())
    }
}

async fn sqlite_fetch(slot: &mut LiteSlot, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
    let query = sqlx::query_with(ours(sql), sqlite_arguments(args)?);
    let rows: Vec<SqliteRow> = query.fetch_all(slot.conn()?).await?;
    rows.iter().map(|row| sqlite_cells(row, shapes)).collect()
}

/// The steps of a plan of SQLite (id, parent, unused, words), each indented below the one it is a part of.
fn sqlite_plan(steps: &Cells) -> Vec<String> {
    let mut depths = std::collections::HashMap::new();
    let mut lines = Vec::with_capacity(steps.len());
    for step in steps {
        let [Value::Int(id), Value::Int(parent), _, Value::Text(words)] = step.as_slice() else { continue };
        let depth: usize = depths.get(parent).map_or(0, |depth| depth + 1);
        depths.insert(*id, depth);
        lines.push(format!("{}{words}", "  ".repeat(depth)));
    }
    lines
}

fn sqlite_arguments(args: &[Arg]) -> Result<SqliteArguments, Fault> {
    let mut arguments = SqliteArguments::default();
    for arg in args {
        arguments.add(arg).map_err(|_| StoreError::Value("an argument cannot be encoded"))?;
    }
    Ok(arguments)
}

fn sqlite_cells(row: &SqliteRow, shapes: &[Shape]) -> Result<Vec<Value>, Fault> {
    let cells = shapes.iter().enumerate().map(|(place, shape)| Ok(sqlite::decode(row.try_get_raw(place)?, *shape)?));
    cells.collect()
}
