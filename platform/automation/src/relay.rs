//! The relay: reads each followed tenant's outbox after commits, once for all who follow, and hands the pieces around.
//!
//! It is told which tenants committed and looks by itself now and then, since what is told may be lost. A tenant that
//! nobody follows costs nothing. Queues are bounded: who falls behind reads the outbox himself, from where he stood, until
//! he has caught up. Invariant: a follower is handed every change after his place, in order, or learns that it is too old.

mod batch;
mod follower;
mod topic;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tenon_store::{Position, Store, StoreError};
use tenon_value::TenantId;
use tokio::sync::broadcast::error::RecvError;

pub use batch::{Batch, SightKey};
pub use follower::{Followed, Follower};
use topic::Topic;
pub use topic::{BATCHES_MAX, SWEEP};

/// Why following ends.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Changes after the follower's place are no longer kept.
    #[error("changes are kept for a day; this place is older")]
    TooOld,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug)]
struct Inner {
    store: Store,
    topics: Mutex<HashMap<TenantId, Weak<Topic>>>,
}

/// Passes on what was committed. Cheap to clone; one per process.
#[derive(Clone, Debug)]
pub struct Relay {
    inner: Arc<Inner>,
}

impl Relay {
    /// A relay over a store. It works while [`Relay::run`] does.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { inner: Arc::new(Inner { store, topics: Mutex::default() }) }
    }

    /// Wakes those who follow when a tenant commits, and tells the other nodes; for ever.
    pub async fn run(self) {
        let store = self.inner.store.clone();
        tokio::join!(self.listen(), store.commits_tell_others());
    }

    async fn listen(&self) {
        let mut commits = self.inner.store.commits();
        loop {
            match commits.recv().await {
                Ok(committed) => {
                    if let Some(topic) = self.known(committed.tenant) {
                        topic.ring();
                    }
                }
                // Some were missed: everybody looks.
                Err(RecvError::Lagged(_)) => self.all().iter().for_each(|topic| topic.ring()),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Follows a tenant from a place on; without one, from now on.
    ///
    /// # Errors
    /// What the store says.
    pub async fn follow(&self, tenant: TenantId, place: Option<Position>) -> Result<Follower, RelayError> {
        let topic = self.topic(tenant).await?;
        // Listening first: what is committed between the two is not missed.
        let pieces = topic.listen();
        let (place, behind) = match place {
            Some(place) => (place, true),
            None => (self.inner.store.outbox_end(tenant).await?, false),
        };
        Ok(Follower::new(self.inner.store.clone(), topic, pieces, (place, behind)))
    }

    /// How many tenants are followed.
    #[must_use]
    pub fn followed(&self) -> usize {
        self.all().len()
    }

    async fn topic(&self, tenant: TenantId) -> Result<Arc<Topic>, RelayError> {
        if let Some(known) = self.known(tenant) {
            return Ok(known);
        }
        // Before anybody's own place is taken: what is committed between the two is read by the topic.
        let place = self.inner.store.outbox_end(tenant).await?;
        let mut topics = self.inner.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = topics.get(&tenant).and_then(Weak::upgrade) {
            return Ok(known);
        }
        topics.retain(|_, topic| topic.strong_count() > 0);
        let topic = Topic::begin(&self.inner.store, tenant, place);
        topics.insert(tenant, Arc::downgrade(&topic));
        Ok(topic)
    }

    fn known(&self, tenant: TenantId) -> Option<Arc<Topic>> {
        self.inner.topics.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).and_then(Weak::upgrade)
    }

    fn all(&self) -> Vec<Arc<Topic>> {
        self.inner.topics.lock().unwrap_or_else(PoisonError::into_inner).values().filter_map(Weak::upgrade).collect()
    }
}
