//! The SQLite files of the tenants: how each is opened, and how many are open at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tenon_value::TenantId;
use tokio::sync::{Mutex as FairMutex, Semaphore};

use super::Fault;
use super::slot::{LiteConn, LiteSlot};
use crate::StoreError;
use crate::config::{READERS_MAX, WRITER_QUEUE_MAX};

/// Descriptors of one connection: database, log, shared memory.
const DESCRIPTORS: usize = 3;
/// Open files at most, however many descriptors there are: one takes about a megabyte, most of it for its connections.
const OPEN_FILES_MAX: usize = 128;

/// One tenant's file.
#[derive(Debug)]
pub(crate) struct File {
    options: SqliteConnectOptions,
    writer: Arc<FairMutex<Option<LiteConn>>>,
    queue: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    shelf: Arc<Mutex<Vec<LiteConn>>>,
}

/// How a tenant's file is opened. `FULL`: what is acknowledged survives a loss of power, at one `fsync` a commit.
fn options(path: &Path, statements: usize) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(statements)
        .pragma("case_sensitive_like", "on")
        .pragma("temp_store", "memory")
}

impl File {
    fn new(path: &Path, statements: usize) -> Self {
        Self {
            options: options(path, statements),
            writer: Arc::default(),
            queue: Arc::new(Semaphore::new(WRITER_QUEUE_MAX)),
            readers: Arc::new(Semaphore::new(READERS_MAX)),
            shelf: Arc::default(),
        }
    }

    /// The writer, in turn. A queue that is full refuses.
    pub(crate) async fn writer(&self) -> Result<LiteSlot, Fault> {
        let limit = StoreError::Limit { limit: "writer_queue", max: u64::try_from(WRITER_QUEUE_MAX).unwrap_or(u64::MAX) };
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Fault::Store(limit))?;
        let mut guard = Arc::clone(&self.writer).lock_owned().await;
        if guard.is_none() {
            *guard = Some(LiteConn::open(&self.options).await?);
        }
        Ok(LiteSlot::Writer { conn: guard, _place: place })
    }

    pub(crate) async fn reader(&self) -> Result<LiteSlot, Fault> {
        let permit =
            Arc::clone(&self.readers).acquire_owned().await.map_err(|error| Fault::Store(StoreError::Unavailable(error.to_string())))?;
        let shelved = self.shelf.lock().ok().and_then(|mut shelf| shelf.pop());
        let conn = match shelved {
            Some(conn) => conn,
            None => LiteConn::open(&self.options).await?,
        };
        Ok(LiteSlot::Reader { conn: Some(conn), shelf: Arc::clone(&self.shelf), _permit: permit })
    }

    /// A reader beside the others, for long reads; it is closed when it is let go.
    pub(crate) async fn reader_apart(&self) -> Result<LiteSlot, Fault> {
        let apart = Arc::new(Semaphore::new(1));
        let permit = apart.acquire_owned().await.map_err(|error| Fault::Store(StoreError::Unavailable(error.to_string())))?;
        Ok(LiteSlot::Reader { conn: Some(LiteConn::open(&self.options).await?), shelf: Arc::default(), _permit: permit })
    }

    fn is_idle(&self) -> bool {
        self.queue.available_permits() == WRITER_QUEUE_MAX && self.readers.available_permits() == READERS_MAX
    }
}

/// Open files with when each was last used, by a clock that counts uses.
type Open = (u64, HashMap<TenantId, (u64, Arc<File>)>);

/// All files, of which the ones used last stay open.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    statements: usize,
    open_max: usize,
    open: Mutex<Open>,
}

impl Files {
    pub(crate) fn new(folder: PathBuf, statements: usize, open_max: Option<usize>) -> Self {
        Self { folder, statements, open_max: open_max.unwrap_or_else(share_of_descriptors).max(1), open: Mutex::default() }
    }

    pub(crate) fn path(&self, tenant: TenantId) -> PathBuf {
        self.folder.join(format!("{tenant}.db"))
    }

    /// A tenant's file; the one unused for the longest time is closed where there are too many.
    pub(crate) fn get(&self, tenant: TenantId) -> Result<Arc<File>, StoreError> {
        let mut open = self.open.lock().map_err(|_| StoreError::Unavailable("the list of files is damaged".to_owned()))?;
        let (clock, files) = &mut *open;
        *clock += 1;
        if let Some((used, file)) = files.get_mut(&tenant) {
            *used = *clock;
            return Ok(Arc::clone(file));
        }
        if files.len() >= self.open_max {
            let oldest = files.iter().filter(|(_, (_, file))| file.is_idle()).min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                files.remove(&oldest);
            }
        }
        let file = Arc::new(File::new(&self.path(tenant), self.statements));
        files.insert(tenant, (*clock, Arc::clone(&file)));
        Ok(file)
    }

    /// Makes an empty file.
    pub(crate) async fn create(&self, tenant: TenantId) -> Result<(), Fault> {
        let path = self.path(tenant);
        std::fs::create_dir_all(&self.folder).map_err(sqlx::Error::Io)?;
        drop(LiteConn::open(&options(&path, self.statements).create_if_missing(true)).await?);
        Ok(())
    }

    /// Removes a file and what belongs to it.
    pub(crate) fn remove(&self, tenant: TenantId) -> Result<(), StoreError> {
        if let Ok(mut open) = self.open.lock() {
            open.1.remove(&tenant);
        }
        let path = self.path(tenant);
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(StoreError::Unavailable(error.to_string())),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Half of the descriptors the process may have, shared among files with all their connections open.
fn share_of_descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)).and_then(|number| number.parse().ok()).unwrap_or(1024_usize);
    (soft / 2 / (DESCRIPTORS * (READERS_MAX + 1))).clamp(8, OPEN_FILES_MAX)
}
