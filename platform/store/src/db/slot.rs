//! Connections to a SQLite file on loan: its one writer, and readers that go back to their shelf.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

use super::Fault;
use crate::StoreError;

/// SQLite asks every so many steps whether time is up.
const PROGRESS_STEPS: i32 = 10_000;

fn gone() -> Fault {
    Fault::Store(StoreError::Unavailable("the connection is gone".to_owned()))
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
