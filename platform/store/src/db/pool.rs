//! Connections to PostgreSQL: some for one transaction at a time, bounded by permits, and few that many reads share.
//!
//! A connection that failed, or was left in the middle of something, is marked and never put back; nothing is pinged.
//! Reads that share a connection wait for each other there, so a connection on which nothing moves is left alone.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Config;

use super::Fault;
use super::line::Line;
use super::pgslot::PgSlot;
use crate::StoreError;

/// How long a request waits for a connection.
const ACQUIRE_WAIT: Duration = Duration::from_secs(5);
/// A connection this old is replaced: backends keep what they learnt of every tenant they served.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// A shared connection that has not answered anything for so long gets no more to do.
pub(crate) const STUCK_AFTER: Duration = Duration::from_millis(50);

pub(crate) type Shelf = Arc<Mutex<Vec<Arc<Line>>>>;

/// How connections are opened.
#[derive(Debug)]
struct Opening {
    config: Config,
    /// Prepared statements kept per connection.
    kept: usize,
    /// See [`Line`].
    broken: Arc<AtomicU64>,
}

impl Opening {
    async fn open(&self) -> Result<Arc<Line>, Fault> {
        Ok(Arc::new(Line::open(&self.config, self.kept, Arc::clone(&self.broken)).await?))
    }
}

fn is_good(line: &Line) -> bool {
    line.age() < LIFETIME && !line.is_closed()
}

/// Connections for one transaction at a time.
#[derive(Debug)]
pub(crate) struct PgPool {
    opening: Opening,
    permits: Arc<Semaphore>,
    shelf: Shelf,
}

impl PgPool {
    pub(crate) fn new(config: Config, connections: u32, kept: usize) -> Self {
        Self {
            opening: Opening { config, kept, broken: Arc::default() },
            permits: Arc::new(Semaphore::new(usize::try_from(connections.max(1)).unwrap_or(1))),
            shelf: Arc::default(),
        }
    }

    pub(crate) async fn acquire(&self) -> Result<PgSlot, Fault> {
        let (line, permit) = self.take().await?;
        Ok(PgSlot::own(line, Arc::clone(&self.shelf), permit))
    }

    async fn take(&self) -> Result<(Arc<Line>, OwnedSemaphorePermit), Fault> {
        let permit = tokio::time::timeout(ACQUIRE_WAIT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| Fault::Store(StoreError::Unavailable("no connection became free in time".to_owned())))?;
        while let Some(line) = self.shelf.lock().ok().and_then(|mut shelf| shelf.pop()) {
            if is_good(&line) {
                return Ok((line, permit));
            }
        }
        Ok((self.opening.open().await?, permit))
    }

    /// A connection beside those that are counted.
    pub(crate) async fn open_beside(&self) -> Result<Arc<Line>, Fault> {
        self.opening.open().await
    }

    /// Forgets idle connections, after one of them turned out to be dead: the others may be, too.
    pub(crate) fn clear(&self) {
        if let Ok(mut shelf) = self.shelf.lock() {
            shelf.clear();
        }
    }
}

/// Connections that reads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pool: Arc<PgPool>,
    lines: Vec<Place>,
}

#[derive(Debug, Default)]
struct Place {
    line: Mutex<Option<Arc<Line>>>,
    /// Held by the one who opens it.
    opening: tokio::sync::Mutex<()>,
}

impl Place {
    fn line(&self) -> Option<Arc<Line>> {
        self.line.lock().ok()?.clone().filter(|line| is_good(line))
    }
}

impl Shared {
    /// So many connections, opened when first needed. Where all are stuck, one of the pool's is lent.
    pub(crate) fn new(pool: Arc<PgPool>, count: usize) -> Self {
        Self { pool, lines: (0..count.max(1)).map(|_| Place::default()).collect() }
    }

    pub(crate) async fn get(&self) -> Result<PgSlot, Fault> {
        let mut best: Option<(&Place, Option<Arc<Line>>, usize)> = None;
        for place in &self.lines {
            let line = place.line();
            let waiting = match &line {
                Some(line) if line.stuck_for() > STUCK_AFTER => continue,
                Some(line) => line.under_way(),
                None => 0,
            };
            if best.as_ref().is_none_or(|(_, _, least)| waiting < *least) {
                best = Some((place, line, waiting));
            }
            if waiting == 0 {
                break;
            }
        }
        match best {
            None => self.pool.acquire().await,
            Some((_, Some(line), _)) => Ok(PgSlot::shared(line, Arc::clone(&self.pool))),
            Some((place, None, _)) => Ok(PgSlot::shared(self.open(place).await?, Arc::clone(&self.pool))),
        }
    }

    async fn open(&self, place: &Place) -> Result<Arc<Line>, Fault> {
        let _alone = place.opening.lock().await;
        if let Some(line) = place.line() {
            return Ok(line);
        }
        let line = self.pool.opening.open().await?;
        if let Ok(mut slot) = place.line.lock() {
            *slot = Some(Arc::clone(&line));
        }
        Ok(line)
    }

    /// Forgets the connections, after one turned out to be dead.
    pub(crate) fn clear(&self) {
        for place in &self.lines {
            if let Ok(mut line) = place.line.lock() {
                *line = None;
            }
        }
    }
}
