//! A home copied from one cell into another: one snapshot, streamed table by table, in one transaction on the other side.
//! Until that commits, nothing is there; and it commits only what was found to be the same.

use std::pin::pin;
use std::time::Duration;

use futures::SinkExt;
use tenon_value::Value;

use super::changes::{self, Changes};
use super::text::{self, Table};
use super::verify;
use crate::StoreError;
use crate::db::line::Line;
use crate::db::{Fault, Shape};
use crate::ddl::fixtures::{OUTBOX, OUTBOX_BEFORE, RELAY_BEFORE};

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) tables: u64,
    pub(super) rows: u64,
}

/// Copies a home that nobody writes.
pub(super) async fn copy(from: &Line, to: &Line, schema: &str) -> Result<Copied, Fault> {
    from.script("begin isolation level repeatable read read only").await?;
    let home = text::read(from, schema).await?;
    let changes = Changes::read(from, schema).await?;
    to.script(&format!("begin; create schema \"{schema}\"")).await?;
    let own = changes::own_transaction(to).await?;
    let mut copied = Copied::default();
    for table in &home.tables {
        to.script(&table.making(schema)).await?;
        let name = format!("\"{schema}\".\"{}\"", table.name);
        let rows = match table.name.as_str() {
            OUTBOX => changes.rows(&table.stored, &own),
            OUTBOX_BEFORE => changes.transactions(),
            RELAY_BEFORE => changes.homes(),
            _ => format!("select {} from {name}", table.stored.join(", ")),
        };
        stream((from, &rows), (to, &name, &table.stored.join(", "))).await?;
        copied.rows += checked(from, to, &name, table).await?;
        copied.tables += 1;
        if let Some(column) = &table.numbered {
            number((from, to), &name, column).await?;
        }
    }
    for statement in &home.after {
        to.script(statement).await?;
    }
    changes.say(to).await?;
    to.script("commit").await?;
    from.script("rollback").await?;
    Ok(copied)
}

/// Streams rows of one side into a table of the other.
async fn stream((from, rows): (&Line, &str), (to, name, columns): (&Line, &str, &str)) -> Result<(), Fault> {
    let mut out = pin!(from.copy_out(&format!("copy ({rows}) to stdout (format binary)")).await?);
    let mut into = pin!(to.copy_in(&format!("copy {name} ({columns}) from stdin (format binary)")).await?);
    into.send_all(&mut out).await.map_err(Fault::from)?;
    into.finish().await.map(|_| ()).map_err(Fault::from)
}

/// Sees that both sides have the same of a table; how many rows. Transactions of the outbox, and what is kept of them, are meant to
/// differ.
async fn checked(from: &Line, to: &Line, name: &str, table: &Table) -> Result<u64, Fault> {
    if matches!(table.name.as_str(), OUTBOX_BEFORE | RELAY_BEFORE) {
        return Ok(0);
    }
    let same: Vec<&str> = table.stored.iter().map(String::as_str).filter(|name| !changes::is_transaction(name)).collect();
    verify::same(from, to, name, &same.join(", ")).await
}

/// The database goes on numbering where it was.
async fn number((from, to): (&Line, &Line), name: &str, column: &str) -> Result<(), Fault> {
    let sequence = format!("pg_get_serial_sequence('{name}', '{column}')");
    let rows = from.fetch(&format!("select {sequence}"), &[], &[Shape::Text]).await?;
    let named = rows.first().and_then(|row| row.first()).and_then(Value::as_text);
    let named = named.ok_or_else(|| StoreError::Damaged(format!("the numbers of {name}")))?;
    let rows = from.fetch(&format!("select last_value, is_called from {named}"), &[], &[Shape::Int, Shape::Bool]).await?;
    let Some([Value::Int(last), Value::Bool(called)]) = rows.first().map(Vec::as_slice) else {
        return Err(StoreError::Damaged(format!("the numbers of {name}")).into());
    };
    to.script(&format!("select setval({sequence}, {last}, {called})")).await
}

/// Removes a home that is not the living one.
pub(super) async fn remove(line: &Line, schema: &str, wait: Duration) -> Result<(), Fault> {
    let sql = format!("begin; set local lock_timeout = {}; drop schema if exists \"{schema}\" cascade; commit", wait.as_millis());
    let done = line.script(&sql).await;
    if done.is_err() {
        line.script("rollback").await?;
    }
    done
}
