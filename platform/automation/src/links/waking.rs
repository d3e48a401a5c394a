//! Wakes the links that take from a tenant, as it commits.
//!
//! Which links take from whom is known from walks over all tenants, at the start and now and then, and from what is accepted
//! here. Losing track delays a mirror until the next walk, and loses nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tenon_context::ActorKind;
use tenon_store::{JobBy, LinkSide, LinkState, NewJob, Store, StoreError, StoredLink};
use tenon_value::{Locale, RequestId, TenantId, Uuid};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};

use super::LINK_JOB;
use crate::jobs::raised;

/// A burst of commits wakes a link once; one that is at work is asked again after this.
const REST: Duration = Duration::from_millis(50);
/// Between two tenants of a walk.
const STEP: Duration = Duration::from_millis(20);
/// Between two walks (`link_walk`).
const WALK: Duration = Duration::from_secs(600);

/// A link by its taking tenant.
pub(super) type Taker = (TenantId, StoredLink);

/// Who takes from whom, as far as this node knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Takers(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By the giving tenant.
    links: Mutex<HashMap<TenantId, HashMap<Uuid, Taker>>>,
    /// Links that are to look, whoever commits.
    called: Mutex<Vec<Taker>>,
    bell: Notify,
}

impl Takers {
    pub(super) fn add(&self, taker: TenantId, link: &StoredLink) {
        if let Some(giver) = link.other {
            let mut known = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(giver).or_default().insert(link.id, (taker, link.clone()));
        }
    }

    fn of(&self, giver: TenantId) -> Vec<Taker> {
        let known = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&giver).into_iter().flat_map(HashMap::values).cloned().collect()
    }

    /// Has a link look at its sides soon, until it has.
    pub(super) fn call(&self, taker: TenantId, link: &StoredLink) {
        self.0.called.lock().unwrap_or_else(PoisonError::into_inner).push((taker, link.clone()));
        self.0.bell.notify_one();
    }

    fn called(&self) -> Vec<Taker> {
        std::mem::take(&mut *self.0.called.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn all(&self) -> Vec<Taker> {
        self.0.links.lock().unwrap_or_else(PoisonError::into_inner).values().flat_map(HashMap::values).cloned().collect()
    }

    fn forget(&self, link: &StoredLink) {
        if let Some(giver) = link.other
            && let Some(links) = self.0.links.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&giver)
        {
            links.remove(&link.id);
        }
    }
}

/// Has the job of a link look again; false where it is at work just now.
async fn wake(store: &Store, taker: TenantId, link: &StoredLink) -> Result<bool, StoreError> {
    let by = JobBy { kind: ActorKind::Link, id: link.id, display: link.name.clone(), locale: Locale::En, request: RequestId::generate() };
    let job = NewJob {
        id: Uuid::now_v7(),
        kind: LINK_JOB,
        payload: json!({ "link": link.id.to_string() }),
        total: None,
        due: None,
        key: Some(format!("{LINK_JOB}/{}", link.id)),
        receiving: false,
        by,
    };
    store.job_wake(taker, &job).await
}

/// Wakes links until the server stops.
pub struct Linking {
    store: Store,
    takers: Takers,
}

impl Linking {
    pub(super) const fn new(store: Store, takers: Takers) -> Self {
        Self { store, takers }
    }

    /// Wakes links as those they take from commit. At the start all are woken.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut commits = self.store.commits();
        let walk = tokio::spawn(walk(self.store.clone(), self.takers.clone(), stop.clone()));
        let mut waiting: HashMap<Uuid, Taker> = HashMap::new();
        loop {
            let mut still = HashMap::new();
            for (id, (taker, link)) in waiting.drain() {
                match wake(&self.store, taker, &link).await {
                    Ok(true) => {}
                    // At work just now: it may have looked a moment too early.
                    Ok(false) => {
                        still.insert(id, (taker, link));
                    }
                    Err(error) => self.lost(taker, &link, &error).await,
                }
            }
            waiting = still;
            let rest = if waiting.is_empty() { WALK } else { REST };
            tokio::select! {
                () = raised(stop.clone()) => break,
                () = tokio::time::sleep(rest) => {}
                () = self.takers.0.bell.notified() => {
                    waiting.extend(self.takers.called().into_iter().map(|taker| (taker.1.id, taker)));
                }
                told = commits.recv() => match told {
                    Ok(committed) => waiting.extend(self.takers.of(committed.tenant).into_iter().map(|taker| (taker.1.id, taker))),
                    Err(RecvError::Lagged(_)) => waiting.extend(self.takers.all().into_iter().map(|taker| (taker.1.id, taker))),
                    Err(RecvError::Closed) => break,
                },
            }
        }
        walk.abort();
    }

    /// A link that could not be woken: of a tenant that is gone it is forgotten.
    async fn lost(&self, taker: TenantId, link: &StoredLink, error: &StoreError) {
        tracing::debug!(%taker, link = %link.id, %error, "a link could not be woken");
        if matches!(self.store.tenant_by_id(taker).await, Ok(None)) {
            self.takers.forget(link);
        }
    }
}

/// Looks at all tenants, at the start and again and again: who takes from whom. At the start revoked links are woken, too:
/// what is left of their mirrors goes.
async fn walk(store: Store, takers: Takers, stop: watch::Receiver<bool>) {
    let mut seen: HashSet<Uuid> = HashSet::new();
    loop {
        for tenant in store.tenants().await.unwrap_or_default() {
            for link in store.links(tenant.id).await.unwrap_or_default() {
                let is_new = seen.insert(link.id);
                match (link.side, link.state) {
                    (LinkSide::Takes, LinkState::Active) => takers.add(tenant.id, &link),
                    (LinkSide::Takes, _) => takers.forget(&link),
                    (LinkSide::Gives, _) => continue,
                }
                if (is_new || link.state == LinkState::Active)
                    && let Err(error) = wake(&store, tenant.id, &link).await
                {
                    tracing::debug!(tenant = %tenant.id, link = %link.id, %error, "a link could not be woken");
                }
            }
            if tokio::time::timeout(STEP, raised(stop.clone())).await.is_ok() {
                return;
            }
        }
        if tokio::time::timeout(WALK, raised(stop.clone())).await.is_ok() {
            return;
        }
    }
}
