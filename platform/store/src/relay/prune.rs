//! Rows of the outbox that are old and linked into the audit trail are removed; how far is noted, so that a reader who
//! comes too late learns that he does.

use std::time::Duration;

use tenon_value::{DateTime, TenantId, Value};

use super::position::{Position, Snapshot};
use crate::audit::seal;
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape, Target};
use crate::lower::schema_of;
use crate::metadata::change::undo;
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError};

/// How long changes are kept for those who read on (`resume_window`).
pub const RESUME_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// What is kept beyond: clocks of nodes differ.
const MARGIN: Duration = Duration::from_secs(60 * 60);
/// Rows removed in one transaction.
const ROWS: usize = 1_000;

/// An old row: its number, its transaction, when it was written by machine time.
struct Old {
    seq: i64,
    transaction: u64,
    clock: Option<DateTime>,
}

impl Store {
    /// Removes rows that nobody can ask for any more; how many. Call again while it removes some.
    ///
    /// # Errors
    /// What the database says; then nothing was removed.
    pub async fn outbox_prune(&self, tenant: TenantId) -> Result<usize, StoreError> {
        let kept = i64::try_from((RESUME_WINDOW + MARGIN).as_millis()).unwrap_or(i64::MAX);
        let before = DateTime::from_millis(self.clock().millis().saturating_sub(kept));
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        // The sealer's lock: it reads what this removes. Who finds another at it comes back later.
        if !self.seal_begin(&mut conn, tenant).await? {
            undo(&mut conn).await?;
            return Ok(0);
        }
        match prune(&mut conn, &schema, before).await {
            Ok(0) => {
                undo(&mut conn).await?;
                Ok(0)
            }
            Ok(count) => {
                conn.script("commit").await?;
                conn.mark(true);
                Ok(count)
            }
            Err(fault) => {
                undo(&mut conn).await?;
                Err(fault.into())
            }
        }
    }
}

async fn prune(conn: &mut Conn, schema: &str, before: DateTime) -> Result<usize, Fault> {
    let transaction = if conn.dialect() == Dialect::Postgres { "o.\"xid\"::text" } else { "'0'" };
    let sql = format!(
        "select o.\"seq\", {transaction}, o.\"payload\" ->> 'clock' from \"{schema}\".\"outbox\" as o order by o.\"seq\" limit {ROWS}"
    );
    let sql = if conn.dialect() == Dialect::Postgres { sql.replace("o.\"payload\" ->>", "o.\"payload\"::jsonb ->>") } else { sql };
    let rows = conn.fetch(&sql, &[], &[Shape::Int, Shape::Text, Shape::Text]).await?;
    let head = seal::head(conn, schema).await?;
    let old: Vec<Old> = rows
        .into_iter()
        .filter_map(|row| {
            let [seq, transaction, clock] = <[Value; 3]>::try_from(row).ok()?;
            let clock = clock.as_text().and_then(|clock| clock.parse().ok());
            Some(Old { seq: seq.as_int()?, transaction: transaction.as_text()?.parse().ok()?, clock })
        })
        .take_while(|row| row.clock.is_none_or(|clock| clock < before) && head.cursor.has_linked(row.transaction, row.seq))
        .collect();
    let Some(seq) = old.iter().map(|row| row.seq).max() else { return Ok(0) };
    let transaction = old.iter().map(|row| row.transaction).max().unwrap_or_default();
    let known = marks(conn, &format!("\"{schema}\".\"relay\"")).await?;
    let values = [Arg::int(seq.max(known.seq)), Arg::text(transaction.max(known.transaction).to_string()), Arg::int(known.era)];
    let sql = format!(
        "insert into \"{schema}\".\"relay\" (\"id\", \"pruned\", \"transaction\", \"era\") values (1, $1, $2, $3) \
         on conflict (\"id\") do update set \"pruned\" = excluded.\"pruned\", \"transaction\" = excluded.\"transaction\""
    );
    conn.execute(&numbered(&sql, conn), &values).await?;
    let count = old.len();
    let rows = old.into_iter().map(|row| vec![Scalar::Int(row.seq)]).collect();
    conn.delete(&format!("\"{schema}\".\"outbox\""), &[Target::new("seq", Kind::Int)], rows).await?;
    if conn.dialect() == Dialect::Postgres {
        prune_before(conn, schema, seq).await?;
    }
    Ok(count)
}

/// The same of what came along from other homes: rows up to a number are gone.
async fn prune_before(conn: &mut Conn, schema: &str, seq: i64) -> Result<(), Fault> {
    let sql = format!(
        "with gone as (delete from \"{schema}\".\"outbox_before\" where \"row\" <= $1 returning \"era\", \"transaction\"::numeric as number), \
         most as (select g.\"era\", max(g.number) as number from gone as g group by g.\"era\") \
         update \"{schema}\".\"relay_before\" as r set \"transaction\" = greatest(r.\"transaction\"::numeric, m.number)::text \
         from most as m where m.\"era\" = r.\"era\""
    );
    conn.execute(&sql, &[Arg::int(seq)]).await?;
    let sql = format!("delete from \"{schema}\".\"relay_before\" where \"last\" < $1");
    conn.execute(&sql, &[Arg::int(seq)]).await.map(|_| ())
}

/// The greatest number and transaction that were ever removed, and which home of its tenant this is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) seq: i64,
    pub(super) transaction: u64,
    pub(super) era: i64,
}

pub(super) async fn marks(conn: &mut Conn, relay: &str) -> Result<Marks, Fault> {
    let sql = format!("select r.\"pruned\", r.\"transaction\", r.\"era\" from {relay} as r");
    let rows = conn.fetch(&sql, &[], &[Shape::Int, Shape::Text, Shape::Int]).await?;
    let Some(row) = rows.first() else { return Ok(Marks::default()) };
    let int = |place: usize| row.get(place).and_then(Value::as_int).unwrap_or_default();
    let transaction = row.get(1).and_then(Value::as_text).and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Marks { seq: int(0), transaction, era: int(2) })
}

impl Marks {
    /// The place before everything that is kept. What is pruned later may come to lie after it.
    pub(super) fn begin(self, dialect: Dialect) -> Position {
        match dialect {
            Dialect::Sqlite => Position { era: self.era, after: self.seq, ..Position::default() },
            // Everything before the next of those that were removed is seen; what is left of them comes once more.
            Dialect::Postgres => Position { era: self.era, done: Some(Snapshot::before(self.transaction + 1)), ..Position::default() },
        }
    }

    /// Whether a place is one of this home, and nothing after it was removed.
    pub(super) fn are_before(&self, place: &Position) -> bool {
        if place.era != self.era {
            return false;
        }
        if place.done.is_none() && place.upto.is_none() {
            return place.after >= self.seq;
        }
        let ended = |snapshot: &Option<Snapshot>| snapshot.as_ref().is_some_and(|snapshot| self.transaction < snapshot.low);
        self.transaction == 0 || ended(&place.done) || (ended(&place.upto) && place.after >= self.seq)
    }
}
