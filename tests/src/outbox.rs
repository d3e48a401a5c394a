//! Behind the doors: a tenant's outbox, which no public door shows, and what somebody does who has the database itself.
//!
//! The only place of the tests that goes there. Invariant: it names no table but those that every tenant has.

use anyhow::Context;
use rusqlite::{Connection, OpenFlags};

use crate::TestServer;
use crate::postgres;

/// The outbox rows of a tenant, oldest first, as text.
pub(crate) async fn rows(server: &TestServer, tenant: &str) -> anyhow::Result<Vec<String>> {
    let (url, data) = (server.url().map(str::to_owned), server.data().to_owned());
    let tenant = tenant.to_owned();
    tokio::task::spawn_blocking(move || match url {
        Some(url) => of_postgres(&url, &tenant),
        None => of_sqlite(&data, &tenant),
    })
    .await?
}

/// Waits until every transaction has ended that is under way now, other tests' included: PostgreSQL has one count of them, and a
/// cursor given meanwhile does not say that it is past those before it.
pub(crate) async fn settled(server: &TestServer) -> anyhow::Result<()> {
    let Some(url) = server.url().map(str::to_owned) else { return Ok(()) };
    tokio::task::spawn_blocking(move || {
        let one = |sql: &str| -> anyhow::Result<u64> {
            let rows = postgres::rows(&url, sql)?;
            Ok(rows.first().and_then(|row| row.first()?.clone()).context("no answer")?.parse()?)
        };
        let end = one("select pg_snapshot_xmax(pg_current_snapshot())")?;
        while one("select pg_snapshot_xmin(pg_current_snapshot())")? < end {
            std::thread::yield_now();
        }
        Ok(())
    })
    .await?
}

/// Carries out one statement in a tenant's own schema or file, as somebody with the database at hand would.
pub(crate) fn by_hand(url: Option<&str>, data: &std::path::Path, (tenant, sql): (&str, &str)) -> anyhow::Result<()> {
    match url {
        Some(url) => postgres::rows(url, &format!("set search_path to \"{}\"; {sql}", schema_of(url, tenant)?)).map(drop),
        None => Ok(Connection::open(file_of_tenant(data, tenant)?)?.execute_batch(sql)?),
    }
}

fn lines(url: &str, sql: &str) -> anyhow::Result<Vec<String>> {
    let rows = postgres::rows(url, sql).with_context(|| sql.to_owned())?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" ")).collect())
}

fn of_postgres(url: &str, tenant: &str) -> anyhow::Result<Vec<String>> {
    let schema = schema_of(url, tenant)?;
    lines(url, &format!("select seq, at, payload from \"{schema}\".outbox order by seq"))
}

/// The id of a tenant, without dashes.
pub(crate) async fn id_of(url: &str, tenant: &str) -> anyhow::Result<String> {
    let (url, sql) = (url.to_owned(), format!("select replace(id::text, '-', '') from tenon_system.tenant where name = '{tenant}'"));
    let id = tokio::task::spawn_blocking(move || lines(&url, &sql)).await??;
    id.into_iter().next().context("no such tenant")
}

/// Whether a database has something of the tenant of this id.
pub(crate) async fn has_home(url: &str, id: &str) -> anyhow::Result<bool> {
    let url = url.to_owned();
    let schemas = tokio::task::spawn_blocking(move || lines(&url, "select nspname from pg_namespace where nspname like 't\\_%'")).await??;
    Ok(schemas.iter().any(|schema| id.ends_with(schema.trim_start_matches("t_"))))
}

fn schema_of(url: &str, tenant: &str) -> anyhow::Result<String> {
    let one = |sql: &str| lines(url, sql);
    let id = one(&format!("select replace(id::text, '-', '') from tenon_system.tenant where name = '{tenant}'"))?;
    let id = id.first().context("no such tenant")?;
    // A schema is named by the end of its tenant's id.
    let schemas = one("select nspname from pg_namespace where nspname like 't\\_%'")?;
    schemas.into_iter().find(|schema| id.ends_with(schema.trim_start_matches("t_"))).context("a tenant without a schema")
}

fn of_sqlite(data: &std::path::Path, tenant: &str) -> anyhow::Result<Vec<String>> {
    let own = Connection::open_with_flags(file_of_tenant(data, tenant)?, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = own.prepare("select seq || ' ' || at || ' ' || cast(payload as text) from outbox order by seq")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows)
}

fn file_of_tenant(data: &std::path::Path, tenant: &str) -> anyhow::Result<std::path::PathBuf> {
    let system = Connection::open_with_flags(data.join("system.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let id: rusqlite::types::Value = system.query_row("select id from tenant where name = ?1", [tenant], |row| row.get(0))?;
    let id = match id {
        rusqlite::types::Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        rusqlite::types::Value::Text(text) => text.replace('-', ""),
        other => anyhow::bail!("an id is {other:?}"),
    };
    file_of(data, &id)?.context("a tenant without a file")
}

/// The database file whose name is this id, with or without dashes.
fn file_of(folder: &std::path::Path, id: &str) -> anyhow::Result<Option<std::path::PathBuf>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().replace('-', "")).unwrap_or_default();
        if path.is_dir() {
            if let Some(found) = file_of(&path, id)? {
                return Ok(Some(found));
            }
        } else if stem.ends_with(id) && path.extension().is_some_and(|extension| extension == "db") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
