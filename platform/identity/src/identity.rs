//! The credential of a request, resolved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::future::Cache;
use tenon_catalog::Catalog;
use tenon_context::{ActorKind, OpContext, OpContextParts, Principal, Via};
use tenon_model::ModelVersion;
use tenon_store::{Store, StoredKey, TenantInfo};
use tenon_value::{DateTime, Locale, RequestId, Uuid};

use crate::{ApiKey, IdentityError};

/// Looked-up keys kept at most; a key is looked up again after [`KEY_FRESH`].
const KEYS_CACHED_MAX: u64 = 10_000;
/// How long a looked-up key is believed. Keys revoked through this node are forgotten at once.
const KEY_FRESH: Duration = Duration::from_millis(500);
/// Tenants kept by name at most.
const TENANTS_CACHED_MAX: u64 = 10_000;

/// The wall clock, handed in by `server` so that tests can hold it still.
pub type Clock = fn() -> DateTime;

/// What the door knows of a request.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// The id of the request.
    pub request: RequestId,
    /// The language the caller asks for.
    pub locale: Option<Locale>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// The door.
    pub via: Via,
}

type KeyHash = [u8; 32];

/// Resolves credentials to contexts.
#[derive(Clone)]
pub struct Identity {
    store: Store,
    catalog: Arc<Catalog>,
    clock: Clock,
    tenants: Cache<String, Arc<TenantInfo>>,
    keys: Cache<(Uuid, KeyHash), Arc<StoredKey>>,
}

impl Identity {
    /// An identity over a store and its models.
    #[must_use]
    pub fn new(store: Store, catalog: Arc<Catalog>, clock: Clock) -> Self {
        let tenants = Cache::builder().max_capacity(TENANTS_CACHED_MAX).time_to_live(KEY_FRESH).build();
        let keys = Cache::builder().max_capacity(KEYS_CACHED_MAX).time_to_live(KEY_FRESH).build();
        Self { store, catalog, clock, tenants, keys }
    }

    /// The context of a request with this `Authorization` header to this tenant.
    ///
    /// # Errors
    /// `Unrecognized` for everything that is wrong with the credential or the tenant's name.
    #[tracing::instrument(name = "identity.resolve", skip_all)]
    pub async fn resolve(&self, tenant: &str, authorization: Option<&str>, facts: RequestFacts) -> Result<OpContext, IdentityError> {
        let key: ApiKey =
            authorization.and_then(bearer).ok_or(IdentityError::Unrecognized)?.parse().map_err(|_| IdentityError::Unrecognized)?;
        let tenant = self.tenant(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let stored = self.key(&tenant, key.hash()).await?.ok_or(IdentityError::Unrecognized)?;
        let wall = (self.clock)();
        if stored.expires_at.is_some_and(|end| end <= wall) {
            return Err(IdentityError::Unrecognized);
        }
        let principal = Principal { roles: stored.roles.clone(), ..Principal::new(ActorKind::ApiKey, stored.id, stored.display.clone()) };
        self.context(&tenant, principal, facts).await
    }

    /// The same context on a model of at least this version: who has just changed it waits for it.
    ///
    /// # Errors
    /// UNAVAILABLE where that version does not appear in time.
    pub async fn at_least(&self, mut cx: OpContext, version: ModelVersion) -> Result<OpContext, IdentityError> {
        if cx.model.version < version {
            cx.model = self.catalog.reload(cx.model.tenant, version).await?;
        }
        Ok(cx)
    }

    /// The origins from which browsers may call a tenant; none listed means all. A tenant that is not there lists none.
    ///
    /// # Errors
    /// Where the tenant's settings cannot be loaded.
    pub async fn origins(&self, tenant: &str) -> Result<Vec<String>, IdentityError> {
        let Some(tenant) = self.tenant(tenant).await? else { return Ok(Vec::new()) };
        Ok(self.catalog.model(tenant.id).await?.settings.cors.clone())
    }

    /// The context of Tenon itself within a tenant: installs, the command line on the data directory.
    ///
    /// # Errors
    /// Where the tenant's model cannot be loaded.
    pub async fn system(&self, tenant: &TenantInfo, facts: RequestFacts) -> Result<OpContext, IdentityError> {
        self.context(tenant, Principal::system(), facts).await
    }

    async fn context(&self, tenant: &TenantInfo, principal: Principal, facts: RequestFacts) -> Result<OpContext, IdentityError> {
        let model = self.catalog.model(tenant.id).await?;
        let RequestFacts { request, locale, deadline, via } = facts;
        let locale = locale.unwrap_or(model.settings.locale);
        let now = self.business_time(tenant);
        #[expect(clippy::disallowed_methods, reason = "this is the one place that makes contexts of requests")]
        Ok(OpContext::assume(OpContextParts { model, principal, now, deadline, request, locale, via }))
    }

    /// Business time: the wall clock; in a sandbox it stands still (DESIGN §8) at the moment the sandbox was made.
    fn business_time(&self, tenant: &TenantInfo) -> DateTime {
        if tenant.sandbox { tenant.created_at } else { (self.clock)() }
    }

    async fn tenant(&self, name: &str) -> Result<Option<Arc<TenantInfo>>, IdentityError> {
        if let Some(known) = self.tenants.get(name).await {
            return Ok(Some(known));
        }
        let Some(found) = self.store.tenant(name).await?.map(Arc::new) else { return Ok(None) };
        self.tenants.insert(name.to_owned(), Arc::clone(&found)).await;
        Ok(Some(found))
    }

    async fn key(&self, tenant: &TenantInfo, hash: KeyHash) -> Result<Option<Arc<StoredKey>>, IdentityError> {
        let place = (tenant.id.0, hash);
        if let Some(known) = self.keys.get(&place).await {
            return Ok(Some(known));
        }
        let Some(found) = self.store.key_by_hash(tenant.id, &hash).await?.map(Arc::new) else { return Ok(None) };
        self.keys.insert(place, Arc::clone(&found)).await;
        Ok(Some(found))
    }

    /// Forgets what was looked up: after a revocation or a tenant's deletion through this node.
    pub fn forget(&self) {
        self.keys.invalidate_all();
        self.tenants.invalidate_all();
    }
}

/// The credential of an `Authorization: Bearer …` header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, credential) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}
