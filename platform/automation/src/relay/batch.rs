//! A piece of an outbox, with what is known of it: made once, used by all who follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenon_model::{Model, ModelVersion};
use tenon_store::{Images, Position, Store, StoreError, Tail};
use tokio::sync::OnceCell;

/// For whom something was looked at: equal keys see equally.
pub type SightKey = u64;

type Shared<T> = Arc<OnceCell<Arc<T>>>;

/// Answers kept of one piece, at most: those who ask beyond ask for themselves.
const SIGHTS_MAX: usize = 1_024;

/// A piece of an outbox.
#[derive(Debug)]
pub struct Batch {
    tail: Tail,
    is_gap: bool,
    images: Mutex<Option<(ModelVersion, Shared<Images>)>>,
    sights: Mutex<HashMap<SightKey, Shared<Vec<bool>>>>,
}

impl Batch {
    pub(super) fn new(tail: Tail) -> Self {
        Self { tail, is_gap: false, images: Mutex::default(), sights: Mutex::default() }
    }

    /// Says that something was missed: whoever gets it looks for himself.
    pub(super) fn gap() -> Self {
        let tail = Tail { changes: Vec::new(), from: Position::default(), next: Position::default(), more: false };
        Self { is_gap: true, ..Self::new(tail) }
    }

    pub(super) const fn is_gap(&self) -> bool {
        self.is_gap
    }

    /// The changes and their places.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The records before and after each change.
    ///
    /// # Errors
    /// As [`Store::images`].
    pub async fn images(&self, store: &Store, model: &Arc<Model>) -> Result<Arc<Images>, StoreError> {
        let cell = {
            let mut known = self.images.lock().unwrap_or_else(PoisonError::into_inner);
            match &*known {
                Some((version, cell)) if *version == model.version => Arc::clone(cell),
                _ => {
                    let cell = Shared::default();
                    *known = Some((model.version, Arc::clone(&cell)));
                    cell
                }
            }
        };
        let images = async || store.images(model, &self.tail.changes).await.map(Arc::new);
        cell.get_or_try_init(images).await.cloned()
    }

    /// What those of this key see: asked once.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn sight<F>(&self, key: SightKey, ask: F) -> Result<Arc<Vec<bool>>, StoreError>
    where
        F: Future<Output = Result<Vec<bool>, StoreError>>,
    {
        let cell = {
            let mut known = self.sights.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= SIGHTS_MAX && !known.contains_key(&key) {
                Shared::default()
            } else {
                Arc::clone(known.entry(key).or_default())
            }
        };
        cell.get_or_try_init(async || ask.await.map(Arc::new)).await.cloned()
    }
}
