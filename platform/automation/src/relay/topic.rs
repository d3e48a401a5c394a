//! One followed tenant: its outbox is read once, for all who follow.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tenon_store::{Position, Store, StoreError};
use tenon_value::TenantId;
use tokio::sync::{Notify, broadcast};

use super::Batch;

/// Pieces that wait for the slowest follower of a tenant; beyond, he reads the outbox himself (`batches`).
pub const BATCHES_MAX: usize = 16;
/// How long a lost notification can hold a change back.
pub const SWEEP: Duration = Duration::from_millis(500);

/// A followed tenant. It is read for as long as somebody holds this.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) tenant: TenantId,
    pieces: broadcast::Sender<Arc<Batch>>,
    bell: Notify,
}

impl Topic {
    /// Begins to read a tenant's outbox, from a place on.
    pub(super) fn begin(store: &Store, tenant: TenantId, place: Position) -> Arc<Self> {
        let topic = Arc::new(Self { tenant, pieces: broadcast::channel(BATCHES_MAX).0, bell: Notify::new() });
        tokio::spawn(read(store.clone(), tenant, Arc::downgrade(&topic), place));
        topic
    }

    /// There may be something.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<Batch>> {
        self.pieces.subscribe()
    }
}

/// Reads until nobody follows any more.
async fn read(store: Store, tenant: TenantId, topic: Weak<Topic>, mut place: Position) {
    loop {
        match ahead(&store, tenant, &topic, &mut place).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                // A tenant that is being removed, or a database that is away: followers who look by themselves are told.
                tracing::debug!(%tenant, %error, "the outbox could not be read");
                tokio::time::sleep(SWEEP).await;
            }
        }
        let Some(topic) = topic.upgrade() else { return };
        // Holding the topic while it waits keeps it alive no longer than one sweep.
        drop(tokio::time::timeout(SWEEP, topic.bell.notified()).await);
    }
}

/// Reads and hands around all there is; false where nobody follows.
async fn ahead(store: &Store, tenant: TenantId, topic: &Weak<Topic>, place: &mut Position) -> Result<bool, StoreError> {
    loop {
        let tail = store.outbox_tail(tenant, Some(place)).await?;
        let (batch, more) = match tail {
            Some(tail) => {
                *place = tail.next.clone();
                (Batch::new(tail.clone()), tail.more)
            }
            // Asleep for a day: those who follow look for themselves, and learn it.
            None => {
                *place = store.outbox_end(tenant).await?;
                (Batch::gap(), false)
            }
        };
        let Some(topic) = topic.upgrade() else { return Ok(false) };
        if batch.is_gap() || !batch.tail().changes.is_empty() {
            // Nobody listening is no failure.
            topic.pieces.send(Arc::new(batch)).map(drop).unwrap_or_default();
        }
        if !more {
            return Ok(true);
        }
    }
}
