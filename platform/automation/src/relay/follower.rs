//! Somebody who follows a tenant: a place, and what comes after it.

use std::sync::Arc;

use tenon_store::{Change, Position, Store};
use tenon_value::TenantId;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::topic::Topic;
use super::{Batch, RelayError};

/// Follows one tenant.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    topic: Arc<Topic>,
    pieces: Receiver<Arc<Batch>>,
    place: Position,
    /// Reads the outbox himself until he has caught up.
    behind: bool,
}

/// A piece as one follower gets it.
#[derive(Clone, Debug)]
pub struct Followed {
    batch: Arc<Batch>,
    /// Which of its changes are new to him.
    fresh: Vec<usize>,
    /// Where he stood before it.
    stood: Position,
    /// Where he stands after it.
    place: Position,
    /// He is behind: more has happened already.
    behind: bool,
}

impl Follower {
    pub(super) fn new(store: Store, topic: Arc<Topic>, pieces: Receiver<Arc<Batch>>, (place, behind): (Position, bool)) -> Self {
        Self { store, topic, pieces, place, behind }
    }

    /// Whom he follows.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.topic.tenant
    }

    /// Where he stands.
    #[must_use]
    pub const fn place(&self) -> &Position {
        &self.place
    }

    /// Whether the place is one that can be gone on from.
    ///
    /// # Errors
    /// `TooOld`; what the store says.
    pub async fn check(&self) -> Result<(), RelayError> {
        self.store.outbox_tail(self.topic.tenant, Some(&self.place)).await?.map(drop).ok_or(RelayError::TooOld)
    }

    /// The next piece of what is committed already; none where there is none.
    ///
    /// # Errors
    /// As [`Follower::next`].
    pub async fn ready(&mut self) -> Result<Option<Followed>, RelayError> {
        // Nothing tells whether what comes by itself is all there is: it is looked for.
        self.behind = true;
        while self.behind {
            let followed = self.look().await?;
            if !followed.fresh.is_empty() {
                return Ok(Some(followed));
            }
        }
        Ok(None)
    }

    async fn look(&mut self) -> Result<Followed, RelayError> {
        let tail = self.store.outbox_tail(self.topic.tenant, Some(&self.place)).await?.ok_or(RelayError::TooOld)?;
        self.behind = tail.more;
        // The tenant has moved: this is the place where he stands there.
        if !self.place.is_of_home_of(&tail.from) {
            self.place = tail.from.clone();
        }
        Ok(self.take(Arc::new(Batch::new(tail))))
    }

    /// The next piece, when there is one. What was handed out counts as read. May be dropped while it waits.
    ///
    /// # Errors
    /// `TooOld`; what the store says.
    pub async fn next(&mut self) -> Result<Followed, RelayError> {
        loop {
            if self.behind {
                let followed = self.look().await?;
                if !followed.fresh.is_empty() {
                    return Ok(followed);
                }
                continue;
            }
            match self.pieces.recv().await {
                Ok(batch) if batch.is_gap() || !batch.tail().from.is_of_home_of(&self.place) => self.behind = true,
                Ok(batch) => {
                    let followed = self.take(batch);
                    if !followed.fresh.is_empty() {
                        return Ok(followed);
                    }
                }
                Err(RecvError::Lagged(_)) => self.behind = true,
                // The topic lives as long as this does.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Goes through a piece.
    fn take(&mut self, batch: Arc<Batch>) -> Followed {
        let tail = batch.tail();
        let unread = |(_, change): &(usize, &Change)| !change.is_read_at(&self.place);
        let fresh = tail.changes.iter().enumerate().filter(unread).map(|(place, _)| place).collect();
        let stood = self.place.clone();
        self.place = stood.clone().reaching(&tail.next);
        Followed { fresh, stood, place: self.place.clone(), behind: self.behind, batch }
    }
}

impl Followed {
    /// The piece that all share.
    #[must_use]
    pub const fn batch(&self) -> &Arc<Batch> {
        &self.batch
    }

    /// The changes that are new, with the place of each within the piece.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = (usize, &Change)> {
        self.fresh.iter().filter_map(|place| Some((*place, self.batch.tail().changes.get(*place)?)))
    }

    /// Where who has read this far stands.
    #[must_use]
    pub fn place_of(&self, change: &Change) -> Position {
        change.place(&self.stood, &self.batch.tail().from)
    }

    /// Where who has read all of it stands.
    #[must_use]
    pub const fn place(&self) -> &Position {
        &self.place
    }

    /// More has happened already: a burst may be merged.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.behind
    }
}
