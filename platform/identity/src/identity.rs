//! The credential of a request, resolved.
//!
//! What was looked up (keys, sessions, principals with their standing) is kept under the epoch of the tenant's law: a
//! change of anybody's rights makes another epoch, and everything is looked up again. See `tenon_store::EPOCH_LEASE`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use tenon_catalog::Catalog;
use tenon_context::{OpContext, OpContextParts, Principal};
use tenon_model::{Model, ModelVersion};
use tenon_records::Pipeline;
use tenon_store::{MemberState, Store, StoreError, StoredKey, StoredMember, StoredSession, TenantInfo};
use tenon_value::{DateTime, Uuid};

use crate::attempts::Attempts;
use crate::credential::Proof;
use crate::mail::Mailer;
use crate::password::Hasher;
use crate::reader::Reader;
use crate::sessions::{SEEN_EVERY, SESSION_IDLE_MAX, millis};
use crate::{Caller, Credential, IdentityError, RequestFacts, standing};

/// Looked-up keys, sessions and principals kept at most, each.
const KNOWN_MAX: u64 = 20_000;
/// How long something looked up is kept: those of past epochs go by it, and a name that changed is seen.
const KNOWN_FRESH: Duration = Duration::from_secs(600);
/// Tenants kept by name at most.
const TENANTS_CACHED_MAX: u64 = 10_000;
/// How long a tenant's name is believed.
const TENANT_FRESH: Duration = Duration::from_millis(500);

/// The wall clock, handed in by `server` so that tests can hold it still.
pub type Clock = fn() -> DateTime;

type Hash = [u8; 32];
/// Tenant, epoch, hash of a credential.
type Place = (Uuid, i64, Hash);

/// A session looked up, with its member.
pub(crate) struct KnownSession {
    pub(crate) stored: StoredSession,
    pub(crate) member: StoredMember,
    /// When it was last used, as far as this node knows.
    seen: AtomicI64,
}

/// What an [`Identity`] is made of.
pub struct IdentityParts {
    /// Everything stored.
    pub store: Store,
    /// The models.
    pub catalog: Arc<Catalog>,
    /// Makes and changes the persons' own records.
    pub pipeline: Pipeline,
    /// The wall clock.
    pub clock: Clock,
    /// Sends mail; none: there is no server for it.
    pub mailer: Option<Mailer>,
    /// Where people reach this server, without a slash at the end: links in mails begin with it.
    pub public_url: String,
}

/// Resolves credentials to contexts; keeps members, sessions and keys. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) pipeline: Pipeline,
    pub(crate) clock: Clock,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) public_url: Arc<str>,
    pub(crate) hasher: Hasher,
    pub(crate) attempts: Attempts,
    tenants: Cache<String, Arc<TenantInfo>>,
    keys: Cache<Place, Arc<(StoredKey, Principal)>>,
    sessions: Cache<Place, Arc<KnownSession>>,
    principals: Cache<(Uuid, i64, u64, Uuid), Arc<Principal>>,
    /// Tenant → the epoch under which its model was last known to be the newest.
    models: Cache<Uuid, i64>,
}

fn kept<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(KNOWN_MAX).time_to_live(KNOWN_FRESH).build()
}

impl Identity {
    /// An identity over a store and its models.
    #[must_use]
    pub fn new(parts: IdentityParts) -> Self {
        let IdentityParts { store, catalog, pipeline, clock, mailer, public_url } = parts;
        Self {
            store,
            catalog,
            pipeline,
            clock,
            mailer,
            public_url: public_url.trim_end_matches('/').into(),
            hasher: Hasher::new(),
            attempts: Attempts::default(),
            tenants: Cache::builder().max_capacity(TENANTS_CACHED_MAX).time_to_live(TENANT_FRESH).build(),
            keys: kept(),
            sessions: kept(),
            principals: kept(),
            models: Cache::builder().max_capacity(TENANTS_CACHED_MAX).build(),
        }
    }

    /// Who calls this tenant with this credential.
    ///
    /// # Errors
    /// `Unrecognized` for everything that is wrong with the credential or the tenant's name.
    #[tracing::instrument(name = "identity.resolve", skip_all)]
    pub async fn resolve(&self, tenant: &str, credential: Credential<'_>, facts: RequestFacts) -> Result<Caller, IdentityError> {
        let proof = credential.proof().ok_or(IdentityError::Unrecognized)?;
        let tenant = self.tenant(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let epoch = self.store.epoch(tenant.id).await?;
        let model = self.model(&tenant, epoch).await?;
        let (principal, session) = match proof {
            Proof::Key(hash) => (self.by_key((tenant.id.0, epoch, hash), &tenant).await?, None),
            Proof::Session(hash) => {
                let known = self.by_session((tenant.id.0, epoch, hash), &tenant).await?;
                let principal = self.of_member(&tenant, epoch, &model, &known.member).await?;
                (principal.as_ref().clone(), Some(known.stored.id))
            }
        };
        let now = self.business_time(&tenant).await?;
        Ok(Caller { context: Self::assume(now, model, principal, facts), session })
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
        let model = self.catalog.model(tenant.id).await?;
        let now = self.business_time(tenant).await?;
        Ok(Self::assume(now, model, Principal::system(), facts))
    }

    /// The tenant's model. Another epoch may come of roles or rules that changed: then it is the newest there is.
    pub(crate) async fn model(&self, tenant: &TenantInfo, epoch: i64) -> Result<Arc<Model>, IdentityError> {
        if self.models.get(&tenant.id.0).await == Some(epoch) {
            return Ok(self.catalog.model(tenant.id).await?);
        }
        let newest = self.store.model_version(tenant.id).await?;
        let model = self.catalog.reload(tenant.id, newest).await?;
        self.models.insert(tenant.id.0, epoch).await;
        Ok(model)
    }

    pub(crate) fn assume(now: DateTime, model: Arc<Model>, principal: Principal, facts: RequestFacts) -> OpContext {
        let RequestFacts { request, locale, deadline, via } = facts;
        let locale = locale.unwrap_or(model.settings.locale);
        #[expect(clippy::disallowed_methods, reason = "this is the one place that makes contexts of requests")]
        OpContext::assume(OpContextParts { model, principal, now, deadline, request, locale, via })
    }

    /// The principal that a user would be, signed in now: for "view as". None where he may not sign in.
    ///
    /// # Errors
    /// What the store says.
    pub async fn principal_of(&self, cx: &OpContext, user: Uuid) -> Result<Option<Arc<Principal>>, IdentityError> {
        let Some(tenant) = self.store.tenant_by_id(cx.model.tenant).await? else { return Ok(None) };
        let Some(member) = self.store.member(tenant.id, user).await? else { return Ok(None) };
        let epoch = self.store.epoch(tenant.id).await?;
        match self.of_member(&tenant, epoch, &cx.model, &member).await {
            Ok(principal) => Ok(Some(principal)),
            Err(IdentityError::Unrecognized) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Business time: the wall clock; in a sandbox it stands still (DESIGN §8) where it was moved to, at first at the moment the
    /// sandbox was made.
    pub(crate) async fn business_time(&self, tenant: &TenantInfo) -> Result<DateTime, IdentityError> {
        if !tenant.sandbox {
            return Ok((self.clock)());
        }
        Ok(self.store.moved_clock(tenant.id).await?.unwrap_or(tenant.created_at))
    }

    pub(crate) async fn tenant(&self, name: &str) -> Result<Option<Arc<TenantInfo>>, IdentityError> {
        if let Some(known) = self.tenants.get(name).await {
            return Ok(Some(known));
        }
        let Some(found) = self.store.tenant(name).await?.map(Arc::new) else { return Ok(None) };
        self.tenants.insert(name.to_owned(), Arc::clone(&found)).await;
        Ok(Some(found))
    }

    async fn by_key(&self, place: Place, tenant: &TenantInfo) -> Result<Principal, IdentityError> {
        let known = match self.keys.get(&place).await {
            Some(known) => known,
            None => {
                let stored = self.store.key_by_hash(tenant.id, &place.2).await?.ok_or(IdentityError::Unrecognized)?;
                let principal = standing::of_key(&stored);
                let known = Arc::new((stored, principal));
                self.keys.insert(place, Arc::clone(&known)).await;
                known
            }
        };
        if known.0.expires_at.is_some_and(|end| end <= (self.clock)()) {
            return Err(IdentityError::Unrecognized);
        }
        Ok(known.1.clone())
    }

    async fn by_session(&self, place: Place, tenant: &TenantInfo) -> Result<Arc<KnownSession>, IdentityError> {
        let now = (self.clock)();
        if let Some(known) = self.sessions.get(&place).await
            && known.goes_on(now)
        {
            self.note_use(tenant, &known, now);
            return Ok(known);
        }
        // Not known here, or not used through this node for a while: the store knows of its use through others.
        let stored = self.store.session_by_hash(tenant.id, &place.2).await?.ok_or(IdentityError::Unrecognized)?;
        let member = self.store.member(tenant.id, stored.member).await?.ok_or(IdentityError::Unrecognized)?;
        let known = Arc::new(KnownSession { seen: AtomicI64::new(stored.seen_at.millis()), stored, member });
        if !known.goes_on(now) {
            return Err(IdentityError::Unrecognized);
        }
        self.sessions.insert(place, Arc::clone(&known)).await;
        self.note_use(tenant, &known, now);
        Ok(known)
    }

    /// Stores that a session is in use, at most once in [`SEEN_EVERY`] and beside the request.
    fn note_use(&self, tenant: &TenantInfo, known: &Arc<KnownSession>, now: DateTime) {
        let seen = known.seen.load(Ordering::Relaxed);
        let due = now.millis() - seen >= millis(SEEN_EVERY);
        if !due || known.seen.compare_exchange(seen, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (store, tenant, id) = (self.store.clone(), tenant.id, known.stored.id);
        tokio::spawn(async move {
            if let Err(error) = store.session_seen(tenant, id, now).await {
                tracing::warn!("cannot note that a session is in use: {error}");
            }
        });
    }

    /// The principal of a member with his standing on this model.
    pub(crate) async fn of_member(
        &self,
        tenant: &TenantInfo,
        epoch: i64,
        model: &Arc<Model>,
        member: &StoredMember,
    ) -> Result<Arc<Principal>, IdentityError> {
        if member.state != MemberState::Active {
            return Err(IdentityError::Unrecognized);
        }
        let place = (tenant.id.0, epoch, model.version.0, member.user);
        if let Some(known) = self.principals.get(&place).await {
            return Ok(known);
        }
        let facts =
            RequestFacts { request: tenon_value::RequestId::generate(), locale: None, deadline: None, via: tenon_context::Via::Job };
        let now = self.business_time(tenant).await?;
        let mut cx = Self::assume(now, Arc::clone(model), Principal::system(), facts);
        let found = match standing::of_member(&Reader::new(&self.store, &cx), &model.facts, member).await {
            // The model moved meanwhile: looked up once more on the newest.
            Err(StoreError::StaleModel) => {
                cx.model = self.catalog.reload(tenant.id, self.store.model_version(tenant.id).await?).await?;
                standing::of_member(&Reader::new(&self.store, &cx), &cx.model.facts, member).await?
            }
            found => found?,
        };
        let principal = Arc::new(found.ok_or(IdentityError::Unrecognized)?);
        self.principals.insert(place, Arc::clone(&principal)).await;
        Ok(principal)
    }

    /// Forgets what was looked up: after a tenant's deletion through this node.
    pub fn forget(&self) {
        self.keys.invalidate_all();
        self.sessions.invalidate_all();
        self.principals.invalidate_all();
        self.models.invalidate_all();
        self.tenants.invalidate_all();
    }
}

impl KnownSession {
    /// Neither too old nor unused for too long.
    fn goes_on(&self, now: DateTime) -> bool {
        self.stored.expires_at > now && now.millis() - self.seen.load(Ordering::Relaxed) < millis(SESSION_IDLE_MAX)
    }
}
