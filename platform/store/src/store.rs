//! The store: one per process, cheap to clone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use sqlx::postgres::PgListener;
use tenon_context::OpContext;
use tenon_model::Model;
use tenon_query::{Answer, Params, Read};
use tenon_value::TenantId;
use tokio::sync::broadcast;

use crate::audit::told::Told;
use crate::cells::{Cells, Place};
use crate::credentials::law::Epoch;
use crate::db::files::Files;
use crate::db::{Conn, Fault};
use crate::files::blobs::Blobs;
use crate::jobs::told::JobsTold;
use crate::prepared::{Plan, Prepared};
use crate::quota::Gauge;
use crate::relay::told::{COMMITS_CHANNEL, Commits};
use crate::run::Runner;
use crate::run::values::Values;
use crate::system::System;
use crate::tables::Tables;
use crate::tx::load::Loads;
use crate::{Database, Dialect, StoreConfig, StoreError};

/// The channel on which PostgreSQL tells of changed metadata.
pub(crate) const METADATA_CHANNEL: &str = "tenon_metadata";
/// What a read on a shared connection is, for others that wait behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A page, a record.
    Light,
    /// An aggregate.
    Heavy,
}

/// Where tenants' data is.
#[derive(Debug)]
pub(crate) enum Home {
    Postgres(Box<Cells>),
    Sqlite(Files),
}

/// What this process remembers of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) tables: Tables,
    pub(crate) loads: Loads,
    /// Actors whose display names are known to be stored: kind, id → display.
    pub(crate) actors: Mutex<HashMap<(String, tenon_value::Uuid), String>>,
    /// The cell it lies in.
    pub(crate) place: Place,
    /// The epoch of its law.
    pub(crate) epoch: Epoch,
    /// Set once its home is known to fit this build.
    pub(crate) settled: tokio::sync::OnceCell<()>,
    /// What it has of what its quotas count.
    pub(crate) gauge: Gauge,
    /// What signs the cursors of its lists.
    pub(crate) cursor_secret: tokio::sync::OnceCell<[u8; 32]>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) system: System,
    pub(crate) home: Home,
    pub(crate) events: broadcast::Sender<TenantId>,
    /// Who has something for the audit trail.
    pub(crate) told: Told,
    /// Who has committed something, for those who follow changes.
    pub(crate) commits: Arc<Commits>,
    /// Who may have a job to be taken.
    pub(crate) jobs: JobsTold,
    /// The bytes of files.
    pub(crate) blobs: Blobs,
    memory: RwLock<HashMap<TenantId, Arc<Memory>>>,
    listeners: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.listeners.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Everything stored, of all tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl Store {
    /// Opens the databases, brings `system` to its newest form, and removes what a crash left of half-made tenants.
    ///
    /// # Errors
    /// `Unavailable` where a database cannot be reached.
    pub async fn open(config: StoreConfig) -> Result<Self, StoreError> {
        let system = System::open(&config).await?;
        let (events, _) = broadcast::channel(256);
        let commits = Arc::new(Commits::default());
        let (home, listeners) = match &config.database {
            Database::Sqlite if !config.cells.is_empty() => {
                return Err(StoreError::Cell("cells are PostgreSQL databases beside another: `--database` is missing".to_owned()));
            }
            Database::Sqlite => {
                (Home::Sqlite(Files::new(config.data.join("tenants"), config.limits.statements, config.limits.open_files)), Vec::new())
            }
            Database::Postgres { url } => {
                let cells = Cells::new(url, &config)?;
                let listen = |cell: &str| tokio::spawn(listen(cell.to_owned(), events.clone(), Arc::clone(&commits)));
                let listeners = cells.each().map(|cell| listen(&cell.url)).collect();
                (Home::Postgres(Box::new(cells)), listeners)
            }
        };
        let blobs = Blobs::open(&config.files.clone().unwrap_or_else(|| config.data.join("files")))?;
        let inner = Inner {
            blobs,
            config,
            system,
            home,
            events,
            told: Told::default(),
            jobs: JobsTold::default(),
            commits,
            memory: RwLock::default(),
            listeners,
        };
        let store = Self { inner: Arc::new(inner) };
        store.finish_pending().await?;
        store.moves_end().await;
        Ok(store)
    }

    /// Which SQL it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.inner.home {
            Home::Postgres(_) => Dialect::Postgres,
            Home::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Whether requests can be served.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.inner.system.ready().await?;
        if let Home::Postgres(cells) = &self.inner.home {
            let mut conn = Conn::Postgres(Box::new(cells.main().pools.requests.acquire().await?));
            conn.mark(false);
            conn.script("select 1").await?;
            conn.mark(true);
        }
        Ok(())
    }

    /// A secret of the installation, made once: other secrets are derived from it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn installation_secret(&self) -> Result<[u8; 32], StoreError> {
        self.inner.system.secret("cursor").await
    }

    /// The key of the secrets in backups; made once per installation.
    ///
    /// # Errors
    /// What the database says.
    pub async fn backup_secret(&self) -> Result<[u8; 32], StoreError> {
        self.inner.system.secret("backup").await
    }

    /// The secret that compiled plugins are sealed with; made once per installation.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plugin_seal(&self) -> Result<[u8; 32], StoreError> {
        self.inner.system.secret("compiled_plugins").await
    }

    /// Tells which tenants' metadata changed, here or (PostgreSQL) in another process. May miss; versions decide.
    #[must_use]
    pub fn metadata_events(&self) -> broadcast::Receiver<TenantId> {
        self.inner.events.subscribe()
    }

    /// Lowers a read to statements.
    ///
    /// # Errors
    /// `Plan` for a plan that cannot be, `Value` for a constant in it that cannot.
    pub fn prepare(&self, model: &Arc<Model>, read: Read) -> Result<Prepared, StoreError> {
        Prepared::new(model, self.dialect(), &read)
    }

    /// Runs a prepared read. Once more by itself where a change of shape broke the driver's statement.
    ///
    /// # Errors
    /// `StaleModel` where the tenant's model moved and the plan no longer fits; otherwise what the database says.
    pub async fn read(&self, cx: &OpContext, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        let tenant = cx.model.tenant;
        match self.read_once(cx, prepared, params).await {
            Err(Fault::Undefined(_)) => {}
            // An idle connection may have died with its server: reading again does no harm.
            Err(Fault::Store(StoreError::Unavailable(_))) if self.dialect() == Dialect::Postgres => self.forget_connections(),
            done => return done.map_err(StoreError::from),
        }
        self.memory(tenant).tables.forget();
        match self.read_once(cx, prepared, params).await {
            Err(Fault::Undefined(_)) if self.model_version(tenant).await? != prepared.model().version => Err(StoreError::StaleModel),
            done => done.map_err(StoreError::from),
        }
    }

    async fn read_once(&self, cx: &OpContext, prepared: &Prepared, params: &Params) -> Result<Answer, Fault> {
        let memory = self.memory(cx.model.tenant);
        let weight = if matches!(prepared.plan, Plan::Aggregate(_)) { Weight::Heavy } else { Weight::Light };
        let mut conn = self.shared(cx.model.tenant, weight).await?;
        let until = self.until(cx);
        conn.limit(Some(until));
        conn.mark(false);
        let mut runner = Runner { conn: &mut conn, tables: &memory.tables, values: Values::of(cx, params) };
        let answer = match tokio::time::timeout_at(until.into(), runner.answer(prepared)).await {
            Ok(answer) => answer,
            Err(_) => {
                conn.discard();
                return Err(StoreError::Timeout.into());
            }
        };
        match &answer {
            Err(Fault::Undefined(_)) => conn.forget_statements().await?,
            Err(Fault::Store(StoreError::Unavailable(_))) => return answer,
            _ => {}
        }
        conn.mark(true);
        answer
    }

    fn forget_connections(&self) {
        if let Home::Postgres(cells) = &self.inner.home {
            cells.each().for_each(|cell| cell.pools.clear());
        }
    }

    /// When an operation must be done: its caller's patience, and `time`.
    pub(crate) fn until(&self, cx: &OpContext) -> Instant {
        let own = Instant::now() + self.inner.config.limits.time;
        cx.deadline.map_or(own, |deadline| deadline.min(own))
    }

    /// A connection for statements that read and stand alone: others may be under way on it.
    pub(crate) async fn shared(&self, tenant: TenantId, weight: Weight) -> Result<Conn, Fault> {
        self.settle(tenant).await?;
        match (&self.inner.home, weight) {
            (Home::Postgres(cells), Weight::Light) => {
                Ok(Conn::Postgres(Box::new(self.cell_of(cells, tenant).await?.pools.pages.get().await?)))
            }
            (Home::Postgres(cells), Weight::Heavy) => {
                Ok(Conn::Postgres(Box::new(self.cell_of(cells, tenant).await?.pools.aggregates.get().await?)))
            }
            (Home::Sqlite(files), _) => Ok(Conn::Sqlite(files.get(tenant)?.reader().await?)),
        }
    }

    /// A connection of one's own that only reads.
    pub(crate) async fn reader(&self, tenant: TenantId) -> Result<Conn, Fault> {
        self.settle(tenant).await?;
        match &self.inner.home {
            Home::Postgres(cells) => Ok(Conn::Postgres(Box::new(self.cell_of(cells, tenant).await?.pools.reads.acquire().await?))),
            Home::Sqlite(files) => Ok(Conn::Sqlite(files.get(tenant)?.reader().await?)),
        }
    }

    /// A connection for a long or large read, which goes with what it took: a file's connection is a thread, and would keep
    /// the memory of all those rows.
    pub(crate) async fn reader_apart(&self, tenant: TenantId) -> Result<Conn, Fault> {
        match &self.inner.home {
            Home::Postgres(_) => self.reader(tenant).await,
            Home::Sqlite(files) => {
                self.settle(tenant).await?;
                Ok(Conn::Sqlite(files.get(tenant)?.reader_apart().await?))
            }
        }
    }

    /// A connection that may write.
    pub(crate) async fn writer(&self, tenant: TenantId) -> Result<Conn, Fault> {
        self.settle(tenant).await?;
        self.writer_as_found(tenant).await
    }

    /// The same for who makes, brings up or removes a tenant's home.
    pub(crate) async fn writer_as_found(&self, tenant: TenantId) -> Result<Conn, Fault> {
        match &self.inner.home {
            Home::Postgres(cells) => Ok(Conn::Postgres(Box::new(self.cell_of(cells, tenant).await?.pools.requests.acquire().await?))),
            Home::Sqlite(files) => Ok(Conn::Sqlite(files.get(tenant)?.writer().await?)),
        }
    }

    /// A connection for making a table beside a transaction. PostgreSQL only: SQLite has one writer.
    pub(crate) async fn maker(&self, tenant: TenantId) -> Result<Option<Conn>, Fault> {
        match &self.inner.home {
            Home::Postgres(cells) => Ok(Some(Conn::Postgres(Box::new(self.cell_of(cells, tenant).await?.pools.tables.acquire().await?)))),
            Home::Sqlite(_) => Ok(None),
        }
    }

    pub(crate) fn memory(&self, tenant: TenantId) -> Arc<Memory> {
        if let Some(memory) = self.inner.memory.read().ok().and_then(|memory| memory.get(&tenant).cloned()) {
            return memory;
        }
        match self.inner.memory.write() {
            Ok(mut memory) => Arc::clone(memory.entry(tenant).or_default()),
            Err(_) => Arc::default(),
        }
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        if let Ok(mut memory) = self.inner.memory.write() {
            memory.remove(&tenant);
        }
    }
}

/// Passes on what PostgreSQL tells; listens again when the connection breaks.
async fn listen(url: String, events: broadcast::Sender<TenantId>, commits: Arc<Commits>) {
    loop {
        if let Ok(mut listener) = PgListener::connect(&url).await
            && listener.listen_all([METADATA_CHANNEL, COMMITS_CHANNEL]).await.is_ok()
        {
            while let Ok(notification) = listener.recv().await {
                if notification.channel() == COMMITS_CHANNEL {
                    commits.told(notification.payload());
                } else if let Ok(tenant) = notification.payload().parse() {
                    // Nobody listening is no failure.
                    events.send(tenant).map(drop).unwrap_or_default();
                }
            }
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
