//! The server, started in this process on port 0, on SQLite or PostgreSQL, over folders that vanish with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;
use tenon_server::{Answer, BackupPlan, Cell, Command, Running, ServeConfig, TenantRequest, start};

use crate::postgres::OwnDatabase;
use crate::{Setting, Tenant};

/// The zone of tenants that do not say otherwise.
pub(crate) const ZONE: &str = "Asia/Shanghai";

/// How often a stopped server's directory is looked at before we give up, and what lies between two looks.
const RESTART_TRIES: u32 = 250;
const RESTART_LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// Which database a server stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// Files in a temporary folder.
    Sqlite,
    /// A database of its own in the cluster of `TENON_TEST_POSTGRES`.
    Postgres,
}

/// A running server.
pub struct TestServer {
    running: Running,
    tenants: AtomicU32,
    // Dropped after the server: fields are dropped in order.
    database: Option<OwnDatabase>,
    cells: Vec<(Cell, OwnDatabase)>,
    data: TempDir,
}

impl TestServer {
    /// Starts a server; `None` where there is no PostgreSQL to start it on.
    ///
    /// # Errors
    /// When it does not start, or PostgreSQL is missing under `CI=true`.
    pub async fn start(database: Database, setting: &Setting) -> anyhow::Result<Option<Self>> {
        Self::start_with(database, setting, Vec::new()).await
    }

    /// The same with these plugins offered to every tenant.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub async fn start_with(database: Database, setting: &Setting, plugins: Vec<PathBuf>) -> anyhow::Result<Option<Self>> {
        Self::start_as(database, setting, |config| config.plugins = plugins).await
    }

    /// The same, configured otherwise.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub async fn start_as(database: Database, setting: &Setting, configure: impl FnOnce(&mut ServeConfig)) -> anyhow::Result<Option<Self>> {
        let own = match (database, &setting.postgres) {
            (Database::Sqlite, _) => None,
            (Database::Postgres, Some(cluster)) => {
                let cluster = cluster.clone();
                Some(tokio::task::spawn_blocking(move || OwnDatabase::create(&cluster)).await??)
            }
            (Database::Postgres, None) if setting.ci => bail!("TENON_TEST_POSTGRES is not set, and CI is"),
            (Database::Postgres, None) => {
                not_run("PostgreSQL");
                return Ok(None);
            }
        };
        let data = tempfile::Builder::new().prefix("tenon-tests-").tempdir()?;
        let mut config = ServeConfig::new(data.path());
        config.database = own.as_ref().map(|one| one.url.clone());
        configure(&mut config);
        let running = start(config).await.context("the server does not start")?;
        Ok(Some(Self { running, tenants: AtomicU32::new(0), database: own, cells: Vec::new(), data }))
    }

    /// A server on PostgreSQL with further cells, each a database of its own; `None` where there is no PostgreSQL.
    ///
    /// # Errors
    /// As [`TestServer::start`].
    pub async fn start_in_cells(setting: &Setting, names: &[&str]) -> anyhow::Result<Option<Self>> {
        let mut cells = Vec::new();
        for name in names {
            let Some(cluster) = setting.postgres.clone() else { break };
            let own = tokio::task::spawn_blocking(move || OwnDatabase::create(&cluster)).await??;
            cells.push((Cell { name: (*name).to_owned(), url: own.url.clone() }, own));
        }
        let known = cells.iter().map(|(cell, _)| cell.clone()).collect();
        let server = Self::start_as(Database::Postgres, setting, |config| config.cells = known).await?;
        // Others that move in have smaller numbers.
        Ok(server.map(|server| Self { cells, tenants: AtomicU32::new(1_000), ..server }))
    }

    /// The names of its further cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(cell, _)| cell.name.as_str())
    }

    /// In which of its cells something of a tenant lies: what a scan of their schemas finds.
    ///
    /// # Errors
    /// When a database does not answer.
    pub async fn homes(&self, tenant: &str) -> anyhow::Result<Vec<String>> {
        let main = self.url().context("a server on PostgreSQL")?.to_owned();
        let id = crate::outbox::id_of(&main, tenant).await?;
        let mut homes = Vec::new();
        for (name, url) in
            std::iter::once(("main", main.as_str())).chain(self.cells.iter().map(|(cell, _)| (cell.name.as_str(), cell.url.as_str())))
        {
            if crate::outbox::has_home(url, &id).await? {
                homes.push(name.to_owned());
            }
        }
        Ok(homes)
    }

    /// A new sandbox tenant with the base CRM; what is not said is Asia/Shanghai, en, CNY.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn tenant(&self, zone: Option<&str>, locale: Option<&str>, currency: Option<&str>) -> anyhow::Result<Tenant> {
        let number = self.tenants.fetch_add(1, Ordering::Relaxed);
        let request = TenantRequest {
            name: format!("story_{number}"),
            sandbox: true,
            zone: Some(zone.unwrap_or(ZONE).to_owned()),
            locale: Some(locale.unwrap_or("en").to_owned()),
            currency: Some(currency.unwrap_or("CNY").to_owned()),
        };
        let created = self.running.tenant_create(&request).await.context("tenant create")?;
        Ok(Tenant { address: self.running.address(), name: created.tenant, key: created.api_key, cookie: None })
    }

    /// Another node over the same database, in a folder of its own; `None` on SQLite, which has one process.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn another_node(&self) -> anyhow::Result<Option<Self>> {
        self.another_node_as(|_| ()).await
    }

    /// The same, configured otherwise.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn another_node_as(&self, configure: impl FnOnce(&mut ServeConfig)) -> anyhow::Result<Option<Self>> {
        let Some(database) = &self.database else { return Ok(None) };
        let data = tempfile::Builder::new().prefix("tenon-tests-").tempdir()?;
        let mut config = ServeConfig::new(data.path());
        config.database = Some(database.url.clone());
        config.cells = self.cells.iter().map(|(cell, _)| cell.clone()).collect();
        configure(&mut config);
        let running = start(config).await.context("the other node does not start")?;
        Ok(Some(Self { running, tenants: AtomicU32::new(0), database: None, cells: Vec::new(), data }))
    }

    /// The same tenant as this node serves it.
    #[must_use]
    pub fn serve(&self, tenant: &Tenant) -> Tenant {
        Tenant { address: self.running.address(), ..tenant.clone() }
    }

    /// What an operator asks of the data directory, and the answer.
    pub async fn answer(&self, command: &Command) -> Answer {
        self.running.engine().command(command).await
    }

    /// Takes the backups that are due, as the server does now and then.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn walk_backups(&self, plan: BackupPlan) -> anyhow::Result<()> {
        self.running.engine().backups_walk(plan).await
    }

    /// The same; none where it was declined.
    pub async fn command(&self, command: &Command) -> Option<Value> {
        match self.answer(command).await {
            Answer::Done(result) => Some(result),
            Answer::Failed(_) => None,
        }
    }

    /// Who plays host tests of packages on this server.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn host_tests(&self) -> anyhow::Result<tenon_server::HostTests> {
        self.running.host_tests().await
    }

    /// Ends every connection that listens for notifications: what is told now is lost.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn lose_notifications(&self) -> anyhow::Result<()> {
        let Some(database) = &self.database else { return Ok(()) };
        let url = database.url.clone();
        let end =
            "select pg_terminate_backend(pid)::text from pg_stat_activity where datname = current_database() and query ilike 'listen %'";
        tokio::task::spawn_blocking(move || crate::postgres::rows(&url, end)).await??;
        Ok(())
    }

    /// Lets go of a tenant's fields retired long ago, as the server does from hour to hour; their paths.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn purge_fields(&self, tenant: &Tenant) -> anyhow::Result<Vec<String>> {
        self.running.engine().fields_purge(&tenant.name).await
    }

    /// Lets go of a tenant's old changes, as the server does now and then; how many.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn prune_changes(&self, tenant: &Tenant) -> anyhow::Result<usize> {
        self.running.engine().changes_prune(&tenant.name).await
    }

    /// Waits until a cursor of the feed is past everything that was under way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settled(&self) -> anyhow::Result<()> {
        crate::outbox::settled(self).await
    }

    /// Sweeps a tenant's files, as the server does from hour to hour; what was removed.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn sweep_files(&self, tenant: &Tenant) -> anyhow::Result<Value> {
        self.running.engine().files_sweep(&tenant.name).await
    }

    /// Files under the folder it keeps files in, by their paths.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn blobs(&self) -> anyhow::Result<Vec<String>> {
        let (mut folders, mut found) = (vec![self.data.path().join("files")], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(entry.path().to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The folder it works in.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its PostgreSQL database, if that is what it stands on.
    pub(crate) fn url(&self) -> Option<&str> {
        self.database.as_ref().map(|own| own.url.as_str())
    }

    /// Stops the server, carries out statements in tenants' own tables, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not stop or start, or a statement fails.
    pub async fn restart(self, behind: &[(&str, &str)], configure: impl FnOnce(&mut ServeConfig)) -> anyhow::Result<Self> {
        let Self { running, tenants, database, cells, data } = self;
        running.stop().await?;
        for statement in behind {
            let (url, data) = (database.as_ref().map(|one| one.url.clone()), data.path().to_owned());
            let (tenant, sql) = (statement.0.to_owned(), statement.1.to_owned());
            tokio::task::spawn_blocking(move || crate::outbox::by_hand(url.as_deref(), &data, (&tenant, &sql))).await??;
        }
        let mut config = ServeConfig::new(data.path());
        config.database = database.as_ref().map(|one| one.url.clone());
        config.cells = cells.iter().map(|(cell, _)| cell.clone()).collect();
        configure(&mut config);
        // What was under way lets go of the directory when it ends, which may be a moment after the stop.
        let mut tries = 0;
        let running = loop {
            match start(config.clone()).await {
                Err(error) if tries < RESTART_TRIES && error.to_string().contains("cannot use") => tries += 1,
                other => break other.context("the server does not start again")?,
            }
            tokio::time::sleep(RESTART_LOOK).await;
        };
        Ok(Self { running, tenants, database, cells, data })
    }

    /// Stops the server and waits for it.
    ///
    /// # Errors
    /// When it does not stop in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await
    }
}

/// Says what did not run, past the test harness, which would swallow what a passing test prints.
pub(crate) fn not_run(what: &str) {
    drop(writeln!(std::io::stdout().lock(), "NOT RUN: {what}"));
}
