//! The databases a run works on, each empty: a folder of its own, and on PostgreSQL a database of its own.

use std::net::TcpListener;

use anyhow::Context;
use clap::ValueEnum;
use tokio_postgres::NoTls;

use crate::platform::{Place, empty_folder, required, required_text};

/// The databases to run on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum On {
    Sqlite,
    Postgres,
    Both,
}

/// One database with a name for the report.
pub(crate) struct Database {
    /// `sqlite` or `postgres`.
    pub(crate) name: &'static str,
    /// What the server is started on.
    pub(crate) place: Place,
}

impl Database {
    /// A place of the same kind for one measurement alone, empty.
    pub(crate) async fn own(&self, name: &str) -> anyhow::Result<Place> {
        let mut place = Place { data: empty_folder(&format!("{name}-{}", self.name))?, ..self.place.clone() };
        if place.database.is_some() {
            place.database = Some(fresh_database(&format!("tenon_{name}")).await?);
        }
        Ok(place)
    }
}

/// Makes those asked for.
pub(crate) async fn prepare(on: On, run: &str) -> anyhow::Result<Vec<Database>> {
    let program = std::path::PathBuf::from(required("TENON_TEST_PROGRAM")?);
    let mut databases = Vec::new();
    if on != On::Postgres {
        let data = empty_folder(&format!("{run}-sqlite"))?;
        databases.push(Database { name: "sqlite", place: Place { program: program.clone(), data, database: None } });
    }
    if on != On::Sqlite {
        let data = empty_folder(&format!("{run}-postgres"))?;
        let database = Some(fresh_database(&format!("tenon_{run}")).await?);
        databases.push(Database { name: "postgres", place: Place { program, data, database } });
    }
    Ok(databases)
}

/// Makes an empty database on the server `cargo xtask` started; the answer is its address.
pub(crate) async fn fresh_database(name: &str) -> anyhow::Result<String> {
    let url = required_text("TENON_TEST_POSTGRES")?;
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.context("cannot reach PostgreSQL")?;
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("drop database if exists {name} with (force)")).await?;
    client.batch_execute(&format!("create database {name}")).await?;
    drop(client);
    driver.await??;
    let (server, _) = url.rsplit_once('/').context("the address of PostgreSQL names no database")?;
    Ok(format!("{server}/{name}"))
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
