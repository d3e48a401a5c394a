//! Documents that are named by their hash instead of being sent: Apollo's automatic persisted queries, and registered ones.
//!
//! Invariants: a text is kept under the tenant that sent it and under its own hash only, so nobody meets another's; who may
//! send registered documents only is asked before anything is parsed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tenon_context::{ActorKind, OpContext};
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{Store, StoreError};
use tenon_value::{Json, TenantId};

use crate::GraphqlRequest;
use crate::documents::told;
use crate::limits::{DOCUMENT_BYTES, PERSISTED_BYTES};

/// How long a node believes what it read of who may send registered documents only, and of what is registered.
const BELIEVED: Duration = Duration::from_secs(1);
/// How long an automatic one is kept after it was last asked for.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Of the portal's users all together.
pub(crate) const PORTAL: &str = "portal";

/// The texts known by their hashes.
#[derive(Clone)]
pub(crate) struct Persisted {
    automatic: Cache<(TenantId, String), Arc<str>>,
    registered: Cache<(TenantId, String), Option<Arc<str>>>,
    rules: Cache<TenantId, Arc<HashSet<String>>>,
}

/// The hash of a document.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn weight(text: usize) -> u32 {
    u32::try_from(text.saturating_add(200)).unwrap_or(u32::MAX)
}

impl Persisted {
    pub(crate) fn new() -> Self {
        let (bytes, text) = (PERSISTED_BYTES, |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len()));
        Self {
            automatic: Cache::builder().max_capacity(bytes).weigher(|_, text: &Arc<str>| weight(text.len())).time_to_idle(KEPT).build(),
            registered: Cache::builder().max_capacity(bytes).weigher(move |_, found| weight(text(found))).time_to_live(BELIEVED).build(),
            rules: Cache::builder().max_capacity(10_000).time_to_live(BELIEVED).build(),
        }
    }

    /// Finds the text of a document that is named by its hash, keeps one that is sent with it, and refuses what is not
    /// registered where only that may be sent.
    pub(crate) async fn settle(&self, store: &Store, cx: &OpContext, request: &mut GraphqlRequest) -> Result<(), Problem> {
        let tenant = cx.model.tenant;
        let named = named(request)?;
        let only_registered = self.is_bound(store, cx).await.map_err(|error| told(&error))?;
        if only_registered {
            let hash = named.unwrap_or_else(|| hash(&request.query));
            let found = self.registered(store, tenant, &hash).await.map_err(|error| told(&error))?;
            let text = found.filter(|text| request.query.is_empty() || **text == *request.query).ok_or_else(unregistered)?;
            text.as_ref().clone_into(&mut request.query);
            return Ok(());
        }
        let Some(named) = named else { return Ok(()) };
        if !request.query.is_empty() {
            if hash(&request.query) != named {
                return Err(Problem::invalid("persisted_query_hash", "this is not the hash of the document", "哈希值与文档不符"));
            }
            if request.query.len() <= DOCUMENT_BYTES {
                self.automatic.insert((tenant, named), Arc::from(request.query.as_str()));
            }
            return Ok(());
        }
        let found = match self.automatic.get(&(tenant, named.clone())) {
            Some(text) => Some(text),
            None => self.registered(store, tenant, &named).await.map_err(|error| told(&error))?,
        };
        found.ok_or_else(not_found)?.as_ref().clone_into(&mut request.query);
        Ok(())
    }

    async fn registered(&self, store: &Store, tenant: TenantId, hash: &str) -> Result<Option<Arc<str>>, StoreError> {
        let key = (tenant, hash.to_owned());
        if let Some(known) = self.registered.get(&key) {
            return Ok(known);
        }
        let found: Option<Arc<str>> = store.document(tenant, hash).await?.map(Arc::from);
        self.registered.insert(key, found.clone());
        Ok(found)
    }

    /// Whether who asks may send registered documents only.
    async fn is_bound(&self, store: &Store, cx: &OpContext) -> Result<bool, StoreError> {
        let kind = cx.principal.kind;
        if !matches!(kind, ActorKind::ApiKey | ActorKind::Service | ActorKind::PortalUser) {
            return Ok(false);
        }
        let tenant = cx.model.tenant;
        let rules = match self.rules.get(&tenant) {
            Some(rules) => rules,
            None => {
                let rules: Arc<HashSet<String>> = Arc::new(store.document_rules(tenant).await?.into_iter().collect());
                self.rules.insert(tenant, Arc::clone(&rules));
                rules
            }
        };
        if rules.is_empty() {
            return Ok(false);
        }
        Ok(if kind == ActorKind::PortalUser { rules.contains(PORTAL) } else { rules.contains(&cx.principal.id.to_string()) })
    }
}

/// The hash by which a request names its document.
fn named(request: &GraphqlRequest) -> Result<Option<String>, Problem> {
    let wrong = || {
        Problem::invalid(
            "persisted_query",
            "a document is named by `extensions.persistedQuery { version: 1, sha256Hash }` or `documentId: \"sha256:…\"`",
            "请用 `extensions.persistedQuery { version: 1, sha256Hash }` 或 `documentId: \"sha256:…\"` 指定文档",
        )
    };
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(id) = &request.document_id {
        let hash = id.strip_prefix("sha256:").filter(|hash| is_hash(hash)).ok_or_else(wrong)?;
        return Ok(Some(hash.to_ascii_lowercase()));
    }
    let Some(persisted) = request.extensions.get("persistedQuery").filter(|persisted| !persisted.is_null()) else {
        return Ok(None);
    };
    let version = persisted.get("version").and_then(Json::as_i64);
    let hash = persisted.get("sha256Hash").and_then(Json::as_str).filter(|hash| is_hash(hash));
    match (version, hash) {
        (Some(1), Some(hash)) => Ok(Some(hash.to_ascii_lowercase())),
        _ => Err(wrong()),
    }
}

/// The rule by which [`crate::told`] knows the one foreign code.
pub(crate) const NOT_FOUND: &str = "persisted_query_not_found";

fn not_found() -> Problem {
    Problem::invalid(NOT_FOUND, "PersistedQueryNotFound", "PersistedQueryNotFound")
}

fn unregistered() -> Problem {
    Problem::forbidden("unregistered_document", "only registered documents may be sent with this credential", "此凭据只能发送已登记的文档")
}

impl crate::DataApi {
    /// Finds the document a request names by its hash, for either endpoint.
    ///
    /// # Errors
    /// The answer where there is none, or where it may not be sent.
    pub async fn settle(&self, cx: &OpContext, request: &mut GraphqlRequest) -> Result<(), Box<crate::GraphqlResponse>> {
        let settled = self.persisted().settle(self.store(), cx, request).await;
        settled.map_err(|problem| {
            let outcome = if problem.kind == Kind::Invalid { crate::Outcome::Rejected } else { crate::Outcome::Failed(problem.kind) };
            Box::new(crate::api::rejected(cx, outcome, &problem.into()))
        })
    }
}
