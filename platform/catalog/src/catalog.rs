//! The cache of models.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::sync::Cache;
use tenon_model::{Model, ModelVersion};
use tenon_store::Store;
use tenon_value::TenantId;

use crate::CatalogError;
use crate::alike::Alike;
use crate::load::load;
use crate::weight::model_bytes;

/// Bytes of models kept; the least used are forgotten first.
pub const MODELS_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// How long a model answers before the store is asked whether there is a newer one.
pub const CHECK_EVERY: Duration = Duration::from_millis(500);
/// How long [`Catalog::reload`] waits for a version that another node has promised.
pub const RELOAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// How often a waiting [`Catalog::reload`] looks again.
const RELOAD_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Tenants share this many loading slots, so that one tenant is loaded once however many requests wait.
const SLOTS: usize = 64;

/// A model, and when it was last known to be the newest.
struct Entry {
    model: Arc<Model>,
    /// What it takes beside what it shared when it came.
    bytes: u32,
    checked: Mutex<Instant>,
}

impl Entry {
    fn new(mut model: Arc<Model>, alike: &Alike) -> Arc<Self> {
        let own = alike.share(Arc::make_mut(&mut model));
        let bytes = model_bytes(&model, &own);
        Arc::new(Self { model, bytes, checked: Mutex::new(Instant::now()) })
    }

    /// True for exactly one caller per [`CHECK_EVERY`]: that one looks, the others go on with what they have.
    fn claims_check(&self) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = checked.elapsed() >= CHECK_EVERY;
        if due {
            *checked = Instant::now();
        }
        due
    }

    fn distrust(&self) {
        let long_ago = Instant::now().checked_sub(CHECK_EVERY);
        if let Some(long_ago) = long_ago {
            *self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = long_ago;
        }
    }
}

/// What goes with a model: brought in whenever one is loaded, before anybody meets it.
#[async_trait]
pub trait Follower: Send + Sync {
    /// A tenant's model has been loaded and is about to be served.
    ///
    /// # Errors
    /// Where the store does not answer: then the model is not served either.
    async fn follow(&self, tenant: TenantId) -> Result<(), CatalogError>;
}

struct Inner {
    store: Store,
    follower: OnceLock<Arc<dyn Follower>>,
    models: Cache<TenantId, Arc<Entry>>,
    alike: Alike,
    loading: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
}

/// Models by tenant. Cheap to clone: all clones share one cache.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("models", &self.inner.models.entry_count()).finish_non_exhaustive()
    }
}

impl Catalog {
    /// An empty catalog over a store. Inside a runtime it also listens for changes of metadata made elsewhere.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let models = Cache::builder().max_capacity(MODELS_BYTES_MAX).weigher(|_: &TenantId, entry: &Arc<Entry>| entry.bytes).build();
        let loading = (0..SLOTS).map(|_| tokio::sync::Mutex::new(())).collect();
        let inner =
            Arc::new(Inner { store, follower: OnceLock::new(), models, alike: Alike::default(), loading, hasher: RandomState::new() });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(listen(Arc::downgrade(&inner), inner.store.clone()));
        }
        Self { inner }
    }

    /// The tenant's model: the newest one known, at most [`CHECK_EVERY`] behind the store.
    ///
    /// # Errors
    /// Where the store does not answer, or holds no model.
    pub async fn model(&self, tenant: TenantId) -> Result<Arc<Model>, CatalogError> {
        let Some(entry) = self.inner.models.get(&tenant) else {
            return self.load_past(tenant, None).await;
        };
        if !entry.claims_check() {
            return Ok(Arc::clone(&entry.model));
        }
        let newest = self.inner.store.model_version(tenant).await?;
        if newest == entry.model.version {
            return Ok(Arc::clone(&entry.model));
        }
        self.load_past(tenant, Some(entry.model.version)).await
    }

    /// The tenant's model, of `at_least` this version: for who knows that it is there, or is about to be.
    ///
    /// # Errors
    /// `NotYet` where it does not appear within [`RELOAD_WAIT_MAX`]; as [`Catalog::model`] otherwise.
    pub async fn reload(&self, tenant: TenantId, at_least: ModelVersion) -> Result<Arc<Model>, CatalogError> {
        if let Some(entry) = self.inner.models.get(&tenant)
            && entry.model.version >= at_least
        {
            return Ok(Arc::clone(&entry.model));
        }
        let begun = Instant::now();
        loop {
            if self.inner.store.model_version(tenant).await? >= at_least {
                let held = self.inner.models.get(&tenant).map(|entry| entry.model.version);
                return self.load_past(tenant, held.filter(|held| *held < at_least)).await;
            }
            if begun.elapsed() >= RELOAD_WAIT_MAX {
                return Err(CatalogError::NotYet);
            }
            tokio::time::sleep(RELOAD_LOOK_EVERY).await;
        }
    }

    /// Who is told of models that are loaded; the first who asks for it.
    pub fn follow(&self, follower: Arc<dyn Follower>) {
        drop(self.inner.follower.set(follower));
    }

    /// Takes a model that was just committed, so that nobody has to load it again.
    pub fn offer(&self, model: Arc<Model>) {
        let held = self.inner.models.get(&model.tenant).map(|entry| entry.model.version);
        if held.is_none_or(|held| held < model.version) {
            self.inner.models.insert(model.tenant, Entry::new(model, &self.inner.alike));
        }
    }

    /// The newest version in the store; one cheap statement.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn current_version(&self, tenant: TenantId) -> Result<ModelVersion, CatalogError> {
        Ok(self.inner.store.model_version(tenant).await?)
    }

    /// Forgets a tenant, as when it is deleted.
    pub fn forget(&self, tenant: TenantId) {
        self.inner.models.invalidate(&tenant);
    }

    /// Loads, unless somebody else did so while we waited for the slot: whatever is newer than `known` will do.
    async fn load_past(&self, tenant: TenantId, known: Option<ModelVersion>) -> Result<Arc<Model>, CatalogError> {
        let slot = usize::try_from(self.inner.hasher.hash_one(tenant) % SLOTS as u64).unwrap_or_default();
        let _turn = match self.inner.loading.get(slot) {
            Some(slot) => Some(slot.lock().await),
            None => None,
        };
        if let Some(entry) = self.inner.models.get(&tenant)
            && known.is_none_or(|known| entry.model.version > known)
        {
            return Ok(Arc::clone(&entry.model));
        }
        let entry = Entry::new(Arc::new(load(&self.inner.store, tenant).await?), &self.inner.alike);
        let model = Arc::clone(&entry.model);
        tracing::debug!(tenant = %tenant, version = model.version.0, bytes = entry.bytes, "model loaded");
        if let Some(follower) = self.inner.follower.get() {
            follower.follow(tenant).await?;
        }
        self.inner.models.insert(tenant, entry);
        Ok(model)
    }
}

/// Distrusts the models of tenants whose metadata changed elsewhere, until the catalog is gone.
async fn listen(inner: Weak<Inner>, store: Store) {
    let mut events = store.metadata_events();
    drop(store);
    while let Ok(tenant) = events.recv().await {
        let Some(inner) = inner.upgrade() else { return };
        if let Some(entry) = inner.models.get(&tenant) {
            entry.distrust();
        }
    }
}
