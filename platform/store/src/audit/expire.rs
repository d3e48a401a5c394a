//! Retention: payloads older than the tenant keeps them are removed, old values of records with them; every hash stays.
//!
//! Run by the server's sealer now and then. It is said in the chain itself up to which entry, so that `verify` can tell
//! what has expired from what was taken away.

use tenon_value::{Json, TenantId, Value};

use crate::audit::entry::{COLUMNS, Entry, SHAPES};
use crate::audit::past::Key;
use crate::audit::{AuditBy, AuditKind, AuditNote, note};
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape};
use crate::lower::schema_of;
use crate::metadata::change::undo;
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError};

/// Entries whose payload is removed in one transaction, at most.
const ENTRIES_MAX: i64 = 500;
/// A day in milliseconds.
const DAY: i64 = 86_400_000;

impl Store {
    /// Removes payloads older than the tenant's setting `audit_retention_days`; how many. Some may be left for another call.
    ///
    /// # Errors
    /// What the database says; then whole chunks were removed, or nothing.
    pub async fn audit_expire(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let table = self.fixture(tenant, "model");
        let rows = self.ask(tenant, &format!("select m.\"settings\" from {table} as m"), &[], &[Shape::Json]).await?;
        let days = match rows.first().and_then(|row| row.first()) {
            Some(Value::Json(settings)) => settings.get("audit_retention_days").and_then(Json::as_i64),
            _ => return Err(StoreError::NoTenant),
        };
        let Some(days) = days else { return Ok(0) };
        let before = self.clock().millis().saturating_sub(days.saturating_mul(DAY));
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        if !self.seal_begin(&mut conn, tenant).await? {
            undo(&mut conn).await?;
            return Ok(0);
        }
        match self.expire(&mut conn, &schema, before).await {
            Ok(0) => {
                undo(&mut conn).await?;
                Ok(0)
            }
            Ok(count) => {
                conn.script("commit").await?;
                conn.mark(true);
                self.audit_tell(tenant);
                Ok(count)
            }
            Err(fault) => {
                undo(&mut conn).await?;
                Err(fault.into())
            }
        }
    }

    async fn expire(&self, conn: &mut Conn, schema: &str, before: i64) -> Result<u64, Fault> {
        let audit = format!("\"{schema}\".\"audit\"");
        // The oldest that still have one; the chain is in the order of time but for transactions that were slow.
        let sql = format!(
            "select {COLUMNS} from {audit} as a where a.\"number\" > coalesce((select max(x.\"number\") from {audit} as x where x.\"salt\" is null), 0) order by a.\"number\" limit {ENTRIES_MAX}"
        );
        let rows = conn.fetch_planned(&sql, &[], &SHAPES).await?;
        let entries: Vec<Entry> = rows.into_iter().filter_map(Entry::read).collect();
        let old = |entry: &&Entry| entry.found.as_ref().is_some_and(|found| found.clock.millis() < before);
        let entries: Vec<&Entry> = entries.iter().take_while(old).collect();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(0) };
        forget_values(conn, schema, entries.iter().flat_map(|entry| entry.keys())).await?;
        let nothing = ["kind", "at", "clock", "by_kind", "by_id", "object", "record", "payload", "detail", "salt"];
        let nothing: Vec<String> = nothing.iter().map(|name| format!("\"{name}\" = null")).collect();
        let sql = format!("update {audit} set {}, \"salts\" = '[]' where \"number\" between $1 and $2", nothing.join(", "));
        conn.execute(&numbered(&sql, conn), &[Arg::int(first.number), Arg::int(last.number)]).await?;
        let now = self.clock();
        let said = AuditNote::new(AuditKind::AuditExpired).facts(serde_json::json!({ "upto": last.number }));
        let row = note::bulk(format!("\"{schema}\".\"outbox\""), vec![(now, said.payload(&AuditBy::system(now), now))]);
        conn.insert_with(row, "", Vec::new()).await?;
        Ok(u64::try_from(entries.len()).unwrap_or(u64::MAX))
    }
}

/// Takes old values and reasons out of rows of history; who and when stay.
async fn forget_values(conn: &mut Conn, schema: &str, keys: impl Iterator<Item = Key>) -> Result<(), Fault> {
    let (mut tables, mut records, mut versions) = (Vec::new(), Vec::new(), Vec::new());
    for key in keys {
        tables.push(Scalar::Text(key.table));
        records.push(Scalar::Id(key.record));
        versions.push(Scalar::Int(key.version));
    }
    let history = format!("\"{schema}\".\"history\"");
    if conn.dialect() == Dialect::Postgres {
        let sql = format!(
            "update {history} as h set \"changes\" = '{{}}', \"reason\" = null from unnest($1::text[], $2::uuid[], $3::bigint[]) as k(o, r, v) where h.\"object\" = k.o and h.\"record\" = k.r and h.\"version\" = k.v"
        );
        let args = [Arg::Many(Kind::Text, tables), Arg::Many(Kind::Id, records), Arg::Many(Kind::Int, versions)];
        conn.execute(&sql, &args).await?;
        return Ok(());
    }
    let sql = format!(
        "update {history} set \"changes\" = '{{}}', \"reason\" = null where \"object\" = ?1 and \"record\" = ?2 and \"version\" = ?3"
    );
    for ((table, record), version) in tables.into_iter().zip(records).zip(versions) {
        conn.execute(&sql, &[Arg::One(Kind::Text, table), Arg::One(Kind::Id, record), Arg::One(Kind::Int, version)]).await?;
    }
    Ok(())
}
