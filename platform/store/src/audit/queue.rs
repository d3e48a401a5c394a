//! What is committed and not linked yet, found without waiting for anybody.
//!
//! PostgreSQL: rows that the snapshot of now sees and the one of last time did not; a transaction that is slow to commit is
//! taken when it has, and holds up nobody. SQLite: rows after a number, since there is one writer.

use serde::{Deserialize, Serialize};
use tenon_value::{DateTime, Json, Value};

use crate::Dialect;
use crate::StoreError;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::relay::position::Snapshot;

/// Rows taken at once, at most.
const ROWS_MAX: usize = 500;
/// Records of saves taken at once, at most (a bulk write is one row, so it may be more by one row).
const RECORDS_MAX: usize = 5_000;
/// A snapshot that sees nothing.
const NOTHING: &str = "1:1:";

/// How far the chain has come. Stored with each batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// PostgreSQL: everything this snapshot sees is linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<String>,
    /// PostgreSQL: what this snapshot sees is being linked, up to `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upto: Option<String>,
    /// The number of the last row that was linked.
    after: i64,
}

/// A row of the outbox.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) seq: i64,
    pub(crate) at: DateTime,
    pub(crate) payload: Json,
}

impl Cursor {
    /// Whether a row is linked.
    pub(crate) fn has_linked(&self, transaction: u64, seq: i64) -> bool {
        if transaction == 0 {
            return seq <= self.after;
        }
        let sees =
            |snapshot: &Option<String>| snapshot.as_deref().and_then(Snapshot::parse).is_some_and(|snapshot| snapshot.sees(transaction));
        sees(&self.done) || (seq <= self.after && sees(&self.upto))
    }
}

impl Cursor {
    /// The same in SQL, of rows `o`. PostgreSQL only.
    pub(crate) fn linked_words(&self) -> String {
        let sees = |snapshot: &Option<String>| {
            let snapshot = snapshot.as_deref().and_then(Snapshot::parse).unwrap_or(Snapshot::NOTHING);
            format!("pg_visible_in_snapshot(o.\"xid\", '{snapshot}'::pg_snapshot)")
        };
        format!("({} or (o.\"seq\" <= {} and {}))", sees(&self.done), self.after, sees(&self.upto))
    }
}

impl Waiting {
    fn records(&self) -> usize {
        self.payload.get("records").and_then(Json::as_array).map_or(0, Vec::len)
    }
}

/// Rows to be linked, the cursor after them, and whether there are more.
pub(crate) async fn take(conn: &mut Conn, schema: &str, cursor: &Cursor) -> Result<(Vec<Waiting>, Cursor, bool), Fault> {
    let table = format!("\"{schema}\".\"outbox\"");
    let shapes = [Shape::Int, Shape::DateTime, Shape::Json];
    let (rows, upto) = match conn.dialect() {
        Dialect::Sqlite => {
            let sql = format!(
                "select o.\"seq\", o.\"at\", o.\"payload\" from {table} as o where o.\"seq\" > ?1 order by o.\"seq\" limit {ROWS_MAX}"
            );
            (conn.fetch(&sql, &[Arg::int(cursor.after)], &shapes).await?, None)
        }
        Dialect::Postgres => {
            let upto = match &cursor.upto {
                Some(upto) => upto.clone(),
                None => snapshot(conn).await?,
            };
            let after = if cursor.upto.is_some() { cursor.after } else { 0 };
            let sql = format!(
                "select o.\"seq\", o.\"at\", o.\"payload\" from {table} as o where o.\"xid\" >= pg_snapshot_xmin($1::pg_snapshot) and o.\"xid\" < pg_snapshot_xmax($2::pg_snapshot) \
                 and pg_visible_in_snapshot(o.\"xid\", $2::pg_snapshot) and not pg_visible_in_snapshot(o.\"xid\", $1::pg_snapshot) and o.\"seq\" > $3 order by o.\"seq\" limit {ROWS_MAX}"
            );
            let done = cursor.done.as_deref().unwrap_or(NOTHING);
            (conn.fetch(&sql, &[Arg::text(done), Arg::text(upto.clone()), Arg::int(after)], &shapes).await?, Some(upto))
        }
    };
    let mut more = rows.len() == ROWS_MAX;
    let mut taken: Vec<Waiting> = Vec::with_capacity(rows.len());
    let mut records = 0;
    for row in rows {
        let Ok([Value::Int(seq), Value::DateTime(at), Value::Json(payload)]) = <[Value; 3]>::try_from(row) else {
            return Err(StoreError::Damaged("a row of the outbox".to_owned()).into());
        };
        let waiting = Waiting { seq, at, payload };
        records += waiting.records();
        if records > RECORDS_MAX && !taken.is_empty() {
            more = true;
            break;
        }
        taken.push(waiting);
    }
    let after = taken.last().map_or(cursor.after, |last| last.seq);
    let next = match (upto, more) {
        (None, _) => Cursor { after, ..Cursor::default() },
        (Some(upto), true) => Cursor { done: cursor.done.clone(), upto: Some(upto), after },
        (Some(upto), false) => Cursor { done: Some(upto), upto: None, after },
    };
    Ok((taken, next, more))
}

/// What can be seen now.
pub(crate) async fn snapshot(conn: &mut Conn) -> Result<String, Fault> {
    let rows = conn.fetch("select pg_current_snapshot()::text", &[], &[Shape::Text]).await?;
    let text = rows.first().and_then(|row| row.first()).and_then(Value::as_text).map(str::to_owned);
    text.ok_or_else(|| StoreError::Damaged("a snapshot".to_owned()).into())
}

/// A cursor as stored.
pub(crate) fn parse(text: &str) -> Result<Cursor, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged("how far the audit chain has come".to_owned()))
}

/// A cursor before everything that comes after a snapshot (PostgreSQL), or before everything (SQLite), as stored.
pub(crate) fn beginning(done: Option<String>) -> Result<String, StoreError> {
    serde_json::to_string(&Cursor { done, upto: None, after: 0 }).map_err(|_| StoreError::Value("a cursor"))
}
