//! The floor: the least a server can do for the same answers. One hand-written statement per load, no rights, no
//! history, no GraphQL; the database builds the JSON.
//!
//! `POST /w1` … `/w6` take the parameters as JSON. What it reaches is what the platform's figures are divided by.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clap::Args;
use serde_json::Value;

/// Which floor, and where.
#[derive(Args)]
pub(crate) struct Wish {
    /// PostgreSQL's address
    #[arg(long)]
    database: Option<String>,
    /// The SQLite file
    #[arg(long)]
    file: Option<PathBuf>,
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
}

/// A database with its prepared statements.
enum Floor {
    Postgres(postgres::Floor),
    Sqlite(sqlite::Floor),
}

/// Serves until killed.
pub(crate) async fn serve(wish: Wish) -> anyhow::Result<()> {
    let floor = match (&wish.database, &wish.file) {
        (Some(url), None) => Floor::Postgres(postgres::Floor::open(url).await?),
        (None, Some(file)) => Floor::Sqlite(sqlite::Floor::open(file)?),
        _ => anyhow::bail!("either --database or --file"),
    };
    let router = Router::new().route("/{load}", post(answer)).with_state(Arc::new(floor));
    let listener = tokio::net::TcpListener::bind(wish.listen).await?;
    crate::say::result(&format!("listening on http://{}", listener.local_addr()?));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn answer(State(floor): State<Arc<Floor>>, Path(load): Path<String>, body: Bytes) -> Response {
    let done = match serde_json::from_slice::<Value>(&body) {
        Ok(parameters) => match &*floor {
            Floor::Postgres(floor) => floor.answer(&load, &parameters).await,
            Floor::Sqlite(floor) => floor.answer(&load, parameters).await,
        },
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

/// One text of the parameters.
pub(crate) fn text<'a>(parameters: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    parameters.get(name).and_then(Value::as_str).ok_or_else(|| anyhow::anyhow!("no parameter `{name}`"))
}

/// A list of texts of the parameters.
pub(crate) fn texts(parameters: &Value, name: &str) -> Vec<String> {
    let list = parameters.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{postgres, sqlite};
    use crate::chance::Chance;
    use crate::databases::fresh_database;
    use crate::measure::workload::{Ids, LOADS};
    use std::sync::Arc;

    const ROWS: usize = 300;

    fn ids() -> Ids {
        let of = |table: u8| Arc::new((0..ROWS).map(|number| format!("{table:08}-0000-7000-8000-{number:012x}")).collect());
        Ids { accounts: of(2), opportunities: of(4), users: of(1) }
    }

    #[tokio::test]
    async fn the_floor_on_sqlite_answers_every_load() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("floor.sqlite");
        sqlite::fill(&file, ROWS, ROWS, ROWS).unwrap();
        let floor = sqlite::Floor::open(&file).unwrap();
        let mut chance = Chance::new(1);
        for load in &LOADS {
            let answer = floor.answer(load.name, load.next(&ids(), &mut chance)).await.unwrap();
            assert!(answer.len() > 40, "{}: {answer}", load.name);
        }
    }

    #[tokio::test]
    async fn the_floor_on_postgresql_answers_every_load() {
        // Set by `cargo xtask test`; without a server there is nothing to say.
        let Ok(url) = fresh_database("tenon_floor_test").await else { return };
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&postgres::fill(ROWS, ROWS, ROWS)).await.unwrap();
        let floor = postgres::Floor::open(&url).await.unwrap();
        let mut chance = Chance::new(1);
        for load in &LOADS {
            let answer = floor.answer(load.name, &load.next(&ids(), &mut chance)).await.unwrap();
            assert!(answer.len() > 40, "{}: {answer}", load.name);
        }
    }
}
