//! Connections on loan: shelves of idle ones, bounded by permits, and slots that put them back.
//!
//! sqlx has a pool for PostgreSQL, but it pings at every return: a round trip per request that buys nothing here,
//! because a connection that failed, or was left in the middle of something, is marked and never put back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::Fault;
use crate::StoreError;

/// How long a request waits for a connection.
const ACQUIRE_WAIT: Duration = Duration::from_secs(5);
/// A connection this old is replaced: backends keep what they learnt of every tenant they served.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// SQLite asks every so many steps whether time is up.
const PROGRESS_STEPS: i32 = 10_000;

fn gone() -> Fault {
    Fault::Store(StoreError::Unavailable("the connection is gone".to_owned()))
}

#[derive(Debug)]
struct PgIdle {
    conn: PgConnection,
    since: Instant,
}

/// Connections to PostgreSQL.
#[derive(Debug)]
pub(crate) struct PgPool {
    options: PgConnectOptions,
    permits: Arc<Semaphore>,
    shelf: Arc<Mutex<Vec<PgIdle>>>,
}

/// A connection to PostgreSQL on loan.
#[derive(Debug)]
pub(crate) struct PgSlot {
    idle: Option<PgIdle>,
    /// False while something is under way: a slot dropped then is not put back.
    clean: bool,
    shelf: Arc<Mutex<Vec<PgIdle>>>,
    _permit: OwnedSemaphorePermit,
}

impl PgPool {
    pub(crate) fn new(options: PgConnectOptions, connections: u32) -> Self {
        Self { options, permits: Arc::new(Semaphore::new(usize::try_from(connections.max(1)).unwrap_or(1))), shelf: Arc::default() }
    }

    pub(crate) async fn acquire(&self) -> Result<PgSlot, Fault> {
        let permit = tokio::time::timeout(ACQUIRE_WAIT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| Fault::Store(StoreError::Unavailable("no connection became free in time".to_owned())))?;
        let idle = self.shelf.lock().ok().and_then(|mut shelf| shelf.pop()).filter(|idle| idle.since.elapsed() < LIFETIME);
        let idle = match idle {
            Some(idle) => idle,
            None => PgIdle { conn: self.options.connect().await?, since: Instant::now() },
        };
        Ok(PgSlot { idle: Some(idle), clean: true, shelf: Arc::clone(&self.shelf), _permit: permit })
    }

    /// Forgets idle connections, after one of them turned out to be dead: the others are, too.
    pub(crate) fn clear(&self) {
        if let Ok(mut shelf) = self.shelf.lock() {
            shelf.clear();
        }
    }
}

impl PgSlot {
    /// The connection, marked as in the middle of something.
    pub(crate) fn conn(&mut self) -> Result<&mut PgConnection, Fault> {
        self.idle.as_mut().map(|idle| &mut idle.conn).ok_or_else(gone)
    }

    pub(crate) const fn mark(&mut self, clean: bool) {
        self.clean = clean;
    }
}

impl Drop for PgSlot {
    fn drop(&mut self) {
        if let (true, Some(idle), Ok(mut shelf)) = (self.clean, self.idle.take(), self.shelf.lock()) {
            shelf.push(idle);
        }
    }
}

/// A connection to a SQLite file, and until when its statements may run (milliseconds since `start`; 0: no end).
#[derive(Debug)]
pub(crate) struct LiteConn {
    conn: SqliteConnection,
    until: Arc<AtomicU64>,
    start: Instant,
}

impl LiteConn {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self, Fault> {
        let mut conn = options.connect().await?;
        let (until, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let end = Arc::clone(&until);
        let goes_on = move || {
            let end = end.load(Ordering::Relaxed);
            end == 0 || start.elapsed() < Duration::from_millis(end)
        };
        conn.lock_handle().await?.set_progress_handler(PROGRESS_STEPS, goes_on);
        Ok(Self { conn, until, start })
    }

    fn limit(&self, until: Option<Instant>) {
        let millis =
            until.map_or(0, |until| u64::try_from(until.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX).max(1));
        self.until.store(millis, Ordering::Relaxed);
    }
}

/// A SQLite connection on loan.
#[derive(Debug)]
pub(crate) enum LiteSlot {
    /// The one writer of the file; others wait for the guard. The file counts as in use.
    Writer { conn: OwnedMutexGuard<Option<LiteConn>>, _place: OwnedSemaphorePermit },
    /// One of the readers; goes back to the shelf when dropped.
    Reader { conn: Option<LiteConn>, shelf: Arc<Mutex<Vec<LiteConn>>>, _permit: OwnedSemaphorePermit },
}

impl LiteSlot {
    pub(crate) fn conn(&mut self) -> Result<&mut SqliteConnection, Fault> {
        self.lite().map(|lite| &mut lite.conn)
    }

    fn lite(&mut self) -> Result<&mut LiteConn, Fault> {
        match self {
            Self::Writer { conn, .. } => conn.as_mut(),
            Self::Reader { conn, .. } => conn.as_mut(),
        }
        .ok_or_else(gone)
    }

    /// Statements are interrupted from then on.
    pub(crate) fn limit(&mut self, until: Option<Instant>) {
        if let Ok(lite) = self.lite() {
            lite.limit(until);
        }
    }

    /// Throws the connection away, with whatever it was in the middle of.
    pub(crate) fn discard(&mut self) {
        match self {
            Self::Writer { conn, .. } => drop(conn.take()),
            Self::Reader { conn, .. } => drop(conn.take()),
        }
    }
}

impl Drop for LiteSlot {
    fn drop(&mut self) {
        if let Self::Reader { conn, shelf, .. } = self
            && let (Some(conn), Ok(mut shelf)) = (conn.take(), shelf.lock())
        {
            shelf.push(conn);
        }
    }
}
