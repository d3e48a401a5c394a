//! A place in a home that a tenant has left, found again in the one it came to, over any number of moves.
//!
//! What came along has smaller numbers than anything written since. The place becomes one before the first row that was not
//! read there: whoever stood in the middle of several slow transactions gets some rows twice, and misses none.

use tenon_value::Value;

use super::position::Position;
use super::prune::Marks;
use super::tail::snapshot;
use crate::db::{Arg, Conn, Fault, Shape};

/// The place here; none where it is one of no home it had, or something after it was removed. PostgreSQL only.
pub(super) async fn here(conn: &mut Conn, schema: &str, place: &Position) -> Result<Option<Position>, Fault> {
    let sql = format!(
        "select r.\"era\", r.\"pruned\", b.\"transaction\", b.\"last\" from \"{schema}\".\"relay\" as r, \"{schema}\".\"relay_before\" as b where b.\"era\" = $1"
    );
    let rows = conn.fetch(&sql, &[Arg::int(place.era)], &[Shape::Int, Shape::Int, Shape::Text, Shape::Int]).await?;
    let Some([Value::Int(era), Value::Int(pruned), Value::Text(transaction), Value::Int(last)]) = rows.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    let there = Marks { seq: *pruned, transaction: transaction.parse().unwrap_or(u64::MAX), era: place.era };
    // Beyond the last row of that home everything is unread.
    if pruned > last || !there.are_before(place) || (place.done.is_none() && place.upto.is_none()) {
        return Ok(None);
    }
    let sees = |at: usize| format!("(${at} <> '' and pg_visible_in_snapshot(b.\"transaction\"::xid8, nullif(${at}, '')::pg_snapshot))");
    let sql = format!(
        "select min(b.\"row\") filter (where ({} or (b.\"row\" <= $3 and {})) is not true) - 1 from \"{schema}\".\"outbox_before\" as b where b.\"era\" = $4",
        sees(1),
        sees(2)
    );
    let text = |one: &Option<super::position::Snapshot>| Arg::text(one.as_ref().map(ToString::to_string).unwrap_or_default());
    let args = [text(&place.done), text(&place.upto), Arg::int(place.after), Arg::int(place.era)];
    let rows = conn.fetch(&sql, &args, &[Shape::Int]).await?;
    let after = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or(*last);
    Ok(Some(Position { era: *era, done: None, upto: Some(snapshot(conn).await?), after, part: 0 }))
}
