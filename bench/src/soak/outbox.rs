//! The outbox, read behind the platform's back: it names every acknowledged save, and none twice.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use tokio_postgres::NoTls;

use super::writer::Writer;
use crate::databases::Database;

/// How often each (record, version) is named.
type Named = HashMap<(String, u64), u32>;

/// Compares the outbox with the journals.
pub(crate) async fn check(database: &Database, writers: &[Writer], findings: &mut Vec<String>) -> anyhow::Result<()> {
    let mut named = Named::new();
    match &database.place.database {
        Some(url) => postgres(url, &mut named).await?,
        None => sqlite(&database.place.data, &mut named)?,
    }
    anyhow::ensure!(!named.is_empty(), "no outbox was found, or it is empty");
    for ((id, version), times) in named.iter().filter(|(_, times)| **times > 1) {
        findings.push(format!("{id}: the outbox names version {version} {times} times"));
    }
    for entry in writers.iter().flat_map(|writer| &writer.journal.entries) {
        for version in 1..=u64::try_from(entry.version())? {
            if !named.contains_key(&(entry.id.clone(), version)) {
                findings.push(format!("{}: the outbox does not name version {version}", entry.id));
            }
        }
    }
    Ok(())
}

async fn postgres(url: &str, named: &mut Named) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let schemas = client.query("select table_schema::text from information_schema.tables where table_name = 'outbox'", &[]).await?;
    for schema in schemas {
        let schema: String = schema.try_get(0)?;
        for row in client.query(&format!("select payload::text from \"{schema}\".outbox order by seq"), &[]).await? {
            note(row.try_get(0)?, named)?;
        }
    }
    drop(client);
    Ok(driver.await??)
}

/// Looks at every SQLite file below the folder that has an outbox.
fn sqlite(folder: &Path, named: &mut Named) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sqlite(&path, named)?;
        } else if is_database(&path) {
            let connection = rusqlite::Connection::open(&path)?;
            let known: i64 = connection.query_row("select count(*) from sqlite_master where name = 'outbox'", [], |row| row.get(0))?;
            if known == 0 {
                continue;
            }
            let mut statement = connection.prepare("select cast(payload as text) from outbox order by seq")?;
            for payload in statement.query_map([], |row| row.get::<_, String>(0))? {
                note(&payload?, named)?;
            }
        }
    }
    Ok(())
}

fn is_database(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))
}

/// Notes the records of one payload, each `{ id, version }` or `[id, version]`. What goes to the audit trail alone names no save.
fn note(payload: &str, named: &mut Named) -> anyhow::Result<()> {
    let payload: Value = serde_json::from_str(payload)?;
    if payload.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("audit.")) {
        return Ok(());
    }
    let records = payload.get("records").and_then(Value::as_array).context("an outbox row names records")?;
    for record in records {
        let id = record.get("id").or_else(|| record.get(0)).and_then(Value::as_str);
        let version = record.get("version").or_else(|| record.get(1)).and_then(Value::as_u64);
        let (Some(id), Some(version)) = (id, version) else { anyhow::bail!("an outbox row names `{record}`") };
        *named.entry((id.to_owned(), version)).or_default() += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Named, note};

    #[test]
    fn both_ways_of_naming_a_record_are_read() {
        let mut named = Named::new();
        note(r#"{"records":[{"id":"a","version":1},["b",2]]}"#, &mut named).unwrap();
        note(r#"{"records":[["b",2]]}"#, &mut named).unwrap();
        assert_eq!(named.get(&("a".to_owned(), 1)), Some(&1));
        assert_eq!(named.get(&("b".to_owned(), 2)), Some(&2));
        note(r#"{"type":"audit.key_made","record":"c"}"#, &mut named).unwrap();
        assert_eq!(named.len(), 2);
        assert!(note(r#"{"records":["a"]}"#, &mut named).is_err());
        assert!(note(r#"{"type":"account.created"}"#, &mut named).is_err());
    }
}
