//! Jobs, looked at behind the platform's back: which step the newest change of shape is at, so that a kill can hit each of them.
//!
//! And the lease of a dead node is ended there: otherwise each kill would cost the fifteen seconds after which another takes
//! the job, in which there is nothing to see.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

use crate::databases::Database;

/// The steps of a job, as it keeps them, in their order.
pub(crate) const STEPS: [&str; 6] = ["check", "begin", "fill", "index", "last", "drop"];
/// What comes after the last of them.
pub(crate) const DONE: &str = "done";

const NEWEST: &str = "select cast(progress as text), state from {job} where kind in ('shape', 'index') order by id desc limit 1";

/// Where the tenant's jobs are.
pub(crate) enum Behind {
    Postgres(Client, String),
    Sqlite(PathBuf),
}

impl Behind {
    /// Finds the jobs of the only tenant there is.
    pub(crate) async fn open(database: &Database) -> anyhow::Result<Self> {
        let Some(url) = &database.place.database else {
            return tenant_file(&database.place.data.join("tenants")).map(Self::Sqlite);
        };
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let schemas = "select table_schema::text from information_schema.tables where table_name = 'job'";
        let schema: String = client.query_one(schemas, &[]).await.context("no tenant has jobs")?.try_get(0)?;
        Ok(Self::Postgres(client, format!("\"{schema}\".job")))
    }

    /// The step at which the newest job is; none where there is no job.
    pub(crate) async fn step(&self) -> anyhow::Result<Option<&'static str>> {
        let found: Option<(Option<String>, String)> = match self {
            Self::Postgres(client, table) => match client.query_opt(&NEWEST.replace("{job}", table), &[]).await? {
                Some(row) => Some((row.try_get(0)?, row.try_get(1)?)),
                None => None,
            },
            Self::Sqlite(file) => {
                let connection = opened(file)?;
                let mut statement = connection.prepare(&NEWEST.replace("{job}", "job"))?;
                let mut rows = statement.query([])?;
                rows.next()?.map(|row| anyhow::Ok((row.get(0)?, row.get(1)?))).transpose()?
            }
        };
        let Some((progress, state)) = found else { return Ok(None) };
        if state != "running" && state != "queued" {
            return Ok(Some(DONE));
        }
        let progress: Value = progress.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let step = progress.get("phase").and_then(Value::as_str).unwrap_or("check");
        Ok(Some(STEPS.into_iter().find(|one| *one == step).unwrap_or(DONE)))
    }

    /// Nobody waits for the dead.
    pub(crate) async fn end_leases(&self) -> anyhow::Result<()> {
        match self {
            Self::Postgres(client, table) => {
                let end = format!("update {table} set lease_until = now() - interval '1 minute' where state = 'running'");
                client.batch_execute(&end).await?;
            }
            Self::Sqlite(file) => {
                opened(file)?.execute("update job set lease_until = 1 where state = 'running'", [])?;
            }
        }
        Ok(())
    }
}

fn opened(file: &Path) -> anyhow::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

fn tenant_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.into_iter().find(|path| path.extension().is_some_and(|end| end == "db")).context("no tenant has a file")
}
