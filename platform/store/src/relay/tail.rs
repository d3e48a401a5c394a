//! What was committed after a place, found without waiting for anybody.

use std::sync::Arc;

use tenon_value::{TenantId, Value};

use super::change::{Change, Head};
use super::position::{Position, Snapshot};
use super::{moved, prune};
use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::store::Weight;
use crate::{Dialect, Store, StoreError};

/// Rows read at once.
const ROWS: usize = 200;
/// Changes handed out at once (`changes`).
pub const CHANGES_MAX: usize = 500;

/// What comes after a place.
#[derive(Clone, Debug)]
pub struct Tail {
    /// In order. Of one record the earlier change always comes first.
    pub changes: Vec<Change>,
    /// Where the reader stood: what places of these changes are made of, see [`Change::place`].
    pub from: Position,
    /// Where he stands when he has read all of them.
    pub next: Position,
    /// There is more, or may be.
    pub more: bool,
}

impl Store {
    /// The place after everything committed until now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_end(&self, tenant: TenantId) -> Result<Position, StoreError> {
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let marks = prune::marks(&mut conn, &self.fixture(tenant, "relay")).await?;
        let end = match conn.dialect() {
            Dialect::Postgres => Position { done: Some(snapshot(&mut conn).await?), ..Position::default() },
            Dialect::Sqlite => Position { after: last(&mut conn).await?, ..Position::default() },
        };
        conn.mark(true);
        Ok(Position { era: marks.era, ..end })
    }

    /// The place before everything that is kept.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_begin(&self, tenant: TenantId) -> Result<Position, StoreError> {
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let begin = prune::marks(&mut conn, &self.fixture(tenant, "relay")).await?.begin(conn.dialect());
        conn.mark(true);
        Ok(begin)
    }

    /// What was committed after a place; none where some of that is pruned already, or the place is one of another home of the
    /// tenant. One of a home that it was moved from becomes one of this. Without a place: all that is kept.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_tail(&self, tenant: TenantId, place: Option<&Position>) -> Result<Option<Tail>, StoreError> {
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let tables = (self.fixture(tenant, "outbox"), self.fixture(tenant, "relay"));
        let mut tail = read(&mut conn, (&tables.0, &tables.1), place).await?;
        if let (None, Some(place), Dialect::Postgres) = (&tail, place, conn.dialect())
            && let Some(here) = moved::here(&mut conn, &schema_of(tenant, Dialect::Postgres), place).await?
        {
            tail = read(&mut conn, (&tables.0, &tables.1), Some(&here)).await?;
        }
        conn.mark(true);
        Ok(tail)
    }
}

/// The number of the last row that was ever written. SQLite.
async fn last(conn: &mut Conn) -> Result<i64, Fault> {
    let sql = "select s.\"seq\" from \"main\".sqlite_sequence as s where s.\"name\" = 'outbox'";
    let rows = conn.fetch(sql, &[], &[Shape::Int]).await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default())
}

async fn read(conn: &mut Conn, (table, relay): (&str, &str), place: Option<&Position>) -> Result<Option<Tail>, Fault> {
    let mut from = place.cloned().unwrap_or_default();
    let (rows, next) = match conn.dialect() {
        Dialect::Sqlite => {
            if place.is_some_and(|place| place.done.is_some() || place.upto.is_some()) || last(conn).await? < from.after {
                return Ok(None);
            }
            let sql = format!(
                "select o.\"seq\", '0', o.\"at\", o.\"payload\" from {table} as o where o.\"seq\" > ?1 order by o.\"seq\" limit {ROWS}"
            );
            (rows(conn, &sql, &[Arg::int(from.after)]).await?, None)
        }
        Dialect::Postgres => {
            if place.is_some_and(|place| place.done.is_none() && place.upto.is_none()) {
                return Ok(None);
            }
            let now = snapshot(conn).await?;
            if [&from.done, &from.upto].into_iter().flatten().any(|known| !now.is_since(known)) {
                return Ok(None);
            }
            let done = from.done.clone().unwrap_or(Snapshot::NOTHING);
            let upto = match from.upto.take() {
                Some(upto) => upto,
                None => {
                    (from.after, from.part) = (0, 0);
                    now
                }
            };
            if done == upto {
                return Ok(Some(Tail { changes: Vec::new(), next: from.clone(), from, more: false }));
            }
            let sql = format!(
                "select o.\"seq\", o.\"xid\"::text, o.\"at\", o.\"payload\" from {table} as o where o.\"xid\" >= pg_snapshot_xmin($1::text::pg_snapshot) \
                 and o.\"xid\" < pg_snapshot_xmax($2::text::pg_snapshot) and pg_visible_in_snapshot(o.\"xid\", $2::text::pg_snapshot) \
                 and not pg_visible_in_snapshot(o.\"xid\", $1::text::pg_snapshot) and o.\"seq\" > $3 order by o.\"seq\" limit {ROWS}"
            );
            let args = [Arg::text(done.to_string()), Arg::text(upto.to_string()), Arg::int(from.after)];
            let rows = rows(conn, &sql, &args).await?;
            from.upto = Some(upto.clone());
            (rows, Some(Position { era: from.era, done: Some(upto), ..Position::default() }))
        }
    };
    // Looked at afterwards: what was pruned while this was read is noticed.
    let marks = prune::marks(conn, relay).await?;
    if place.is_some_and(|place| !marks.are_before(place)) {
        return Ok(None);
    }
    let with_era = |place: Position| Position { era: marks.era, ..place };
    let tail = gathered(rows, with_era(from), next.map(with_era));
    // Who goes on in the middle of what an older snapshot saw has not looked at what came since.
    let more = tail.more || place.is_some_and(|place| place.upto.is_some());
    Ok(Some(Tail { more, ..tail }))
}

/// A row as read: its number, and what it tells of records.
type Read = (i64, Option<Arc<Head>>);

fn gathered(rows: Vec<Read>, from: Position, end: Option<Position>) -> Tail {
    let (mut more, mut part) = (rows.len() >= ROWS, usize::try_from(from.part).unwrap_or(usize::MAX));
    let mut next = from.clone();
    let mut changes: Vec<Change> = Vec::new();
    for (seq, head) in rows {
        let Some(head) = head else {
            (next.after, next.part, part) = (seq, 0, 0);
            continue;
        };
        let room = CHANGES_MAX.saturating_sub(changes.len());
        let left = head.records().saturating_sub(part);
        if room == 0 {
            more = true;
            break;
        }
        changes.extend(head.changes().skip(part).take(room));
        if left > room {
            (next.after, next.part) = (seq - 1, u32::try_from(part + room).unwrap_or(u32::MAX));
            more = true;
            break;
        }
        (next.after, next.part, part) = (seq, 0, 0);
    }
    let next = if more { next } else { end.unwrap_or(next) };
    Tail { changes, from, next, more }
}

async fn rows(conn: &mut Conn, sql: &str, args: &[Arg]) -> Result<Vec<Read>, Fault> {
    let rows = conn.fetch(sql, args, &[Shape::Int, Shape::Text, Shape::DateTime, Shape::Json]).await?;
    let read = |row: Vec<Value>| match <[Value; 4]>::try_from(row) {
        Ok([Value::Int(seq), Value::Text(transaction), Value::DateTime(at), Value::Json(payload)]) => {
            let transaction = transaction.parse().map_err(|_| damaged())?;
            Ok((seq, Head::read(seq, transaction, at, &payload).map(Arc::new)))
        }
        _ => Err(damaged()),
    };
    rows.into_iter().map(read).collect()
}

fn damaged() -> Fault {
    StoreError::Damaged("a row of the outbox".to_owned()).into()
}

/// What can be seen now.
pub(crate) async fn snapshot(conn: &mut Conn) -> Result<Snapshot, Fault> {
    let rows = conn.fetch("select pg_current_snapshot()::text", &[], &[Shape::Text]).await?;
    let text = rows.first().and_then(|row| row.first()).and_then(Value::as_text);
    text.and_then(Snapshot::parse).ok_or_else(|| StoreError::Damaged("a snapshot".to_owned()).into())
}
