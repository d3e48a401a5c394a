//! What stops the writes of a home: a trigger on each of its tables that refuses every statement that would write.
//!
//! It is durable, holds for every node and for whoever writes by hand, and lets reads go on. It comes while nobody writes,
//! under the tenant's model lock and that of making tables. Who puts it there leaves a token in it; it is taken away by who
//! knows that token.

use std::time::Duration;

use tenon_value::{TenantId, Value};

use crate::db::line::Line;
use crate::db::{Arg, Fault, Shape};
use crate::metadata::change::lock_key;

/// The name of the triggers and of their function.
pub(super) const FENCE: &str = "tenon_leaving";
/// What they say, as PostgreSQL's code of an error.
pub(crate) const FENCED: &str = "TN001";

/// A statement that writes nothing and fails where writes are stopped: for who makes a table, which has no trigger yet.
pub(crate) fn asking(schema: &str) -> String {
    format!("update \"{schema}\".\"model\" set \"version\" = \"version\" where false")
}

/// Stops all writes. Those under way end first; they and all that come after are waited for no longer than `wait` each.
pub(super) async fn put(line: &Line, (tenant, schema): (TenantId, &str), token: &str, wait: Duration) -> Result<(), Fault> {
    let done = putting(line, (tenant, schema), token, wait).await;
    if done.is_err() {
        line.script("rollback").await?;
    }
    done
}

async fn putting(line: &Line, (tenant, schema): (TenantId, &str), token: &str, wait: Duration) -> Result<(), Fault> {
    begin(line, tenant, wait).await?;
    let says = format!("raise exception 'this tenant is being moved' using errcode = '{FENCED}', detail = '{token}';");
    line.script(&function(schema, &says)).await?;
    let sql = "select c.relname::text from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
               where n.nspname = $1 and c.relkind = 'r' order by c.relname";
    for row in line.fetch(sql, &[Arg::text(schema)], &[Shape::Text]).await? {
        let Some(table) = row.first().and_then(Value::as_text) else { continue };
        line.script(&format!(
            "create or replace trigger \"{FENCE}\" before insert or update or delete or truncate on \"{schema}\".\"{table}\" \
             for each statement execute function \"{schema}\".\"{FENCE}\"()"
        ))
        .await?;
    }
    line.script("commit").await
}

/// Lets writes go on, where the fence has one of these tokens.
pub(super) async fn lift(line: &Line, (tenant, schema): (TenantId, &str), tokens: &str, wait: Duration) -> Result<(), Fault> {
    begin(line, tenant, wait).await?;
    let sql = "select p.prosrc from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace \
               where n.nspname = $1 and p.proname = $2";
    let found = line.fetch(sql, &[Arg::text(schema), Arg::text(FENCE)], &[Shape::Text]).await;
    let found = found?;
    let text = found.first().and_then(|row| row.first()).and_then(Value::as_text).unwrap_or_default();
    let own = tokens.split_whitespace().any(|token| text.contains(token));
    if !own {
        return line.script("rollback").await;
    }
    // At once, and without waiting for those who read: a trigger that says nothing. Then the triggers themselves, if they
    // can be had; what stays does no harm, and the next move takes it along no further.
    line.script(&format!("{}; commit", function(schema, "return null;"))).await?;
    let removed = line
        .script(&format!("begin; set local lock_timeout = {}; drop function \"{schema}\".\"{FENCE}\"() cascade; commit", wait.as_millis()))
        .await;
    if let Err(fault) = removed {
        tracing::debug!(?fault, "triggers that stop nothing are left");
        line.script("rollback").await?;
    }
    Ok(())
}

/// A transaction with the tenant's model lock and the lock of making tables.
async fn begin(line: &Line, tenant: TenantId, wait: Duration) -> Result<(), Fault> {
    let lock = lock_key(tenant);
    line.script(&format!(
        "begin; set local lock_timeout = {}; select pg_advisory_xact_lock({lock}); select pg_advisory_xact_lock({})",
        wait.as_millis(),
        lock.wrapping_add(1)
    ))
    .await
}

fn function(schema: &str, body: &str) -> String {
    format!("create or replace function \"{schema}\".\"{FENCE}\"() returns trigger language plpgsql as $fence$ begin {body} end $fence$")
}
