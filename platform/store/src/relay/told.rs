//! Which tenants have committed something: told within this process at once, and by PostgreSQL's notifications to the other
//! nodes a moment later. Both may be lost; who follows looks by himself now and then.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use tenon_value::{TenantId, Uuid};
use tokio::sync::{Notify, broadcast};

use crate::db::{Arg, Fault, Shape};
use crate::store::Home;
use crate::{Store, StoreError};

/// The channel on which nodes tell each other of commits.
pub(crate) const COMMITS_CHANNEL: &str = "tenon_commits";
/// Commits that may wait to be heard by one listener; more are lost (`commits`).
const COMMITS_MAX: usize = 1_024;
/// How long a node gathers commits before it tells the others: a notification takes a lock of the whole database.
const GATHERING: Duration = Duration::from_millis(50);
/// Tenants named in one notification, which has at most 8,000 bytes.
const TENANTS_MAX: usize = 200;

/// Somebody committed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Of which tenant.
    pub tenant: TenantId,
}

/// Who is told of commits.
#[derive(Debug)]
pub(crate) struct Commits {
    heard: broadcast::Sender<Committed>,
    /// Own commits that the other nodes are to be told of.
    own: Mutex<HashSet<TenantId>>,
    bell: Notify,
    /// This process, among the nodes.
    node: Uuid,
}

impl Default for Commits {
    fn default() -> Self {
        Self { heard: broadcast::channel(COMMITS_MAX).0, own: Mutex::default(), bell: Notify::new(), node: Uuid::new_v4() }
    }
}

impl Commits {
    /// This process committed something.
    pub(crate) fn tell(&self, tenant: TenantId) {
        self.hear(tenant);
        if self.own.lock().is_ok_and(|mut own| own.insert(tenant)) {
            self.bell.notify_one();
        }
    }

    fn hear(&self, tenant: TenantId) {
        // Nobody listening is no failure.
        self.heard.send(Committed { tenant }).map(drop).unwrap_or_default();
    }

    /// What another node told; what this one told comes back, too.
    pub(crate) fn told(&self, payload: &str) {
        let Some((node, tenants)) = payload.split_once(' ') else { return };
        if node != self.node.simple().to_string() {
            tenants.split(',').filter_map(|tenant| tenant.parse().ok()).for_each(|tenant| self.hear(tenant));
        }
    }
}

impl Store {
    /// Tells which tenants committed something, here or (PostgreSQL) in another process. May miss: who follows looks by
    /// himself, too.
    #[must_use]
    pub fn commits(&self) -> broadcast::Receiver<Committed> {
        self.inner.commits.heard.subscribe()
    }

    /// Says that a tenant committed something outside of a record's transaction.
    pub fn commit_tell(&self, tenant: TenantId) {
        self.inner.commits.tell(tenant);
    }

    /// Tells the other nodes of this one's commits, for ever. On SQLite there are none.
    pub async fn commits_tell_others(&self) {
        loop {
            self.inner.commits.bell.notified().await;
            let Home::Postgres(_) = &self.inner.home else { continue };
            tokio::time::sleep(GATHERING).await;
            let tenants: Vec<TenantId> = self.inner.commits.own.lock().map(|mut own| own.drain().collect()).unwrap_or_default();
            for piece in tenants.chunks(TENANTS_MAX) {
                if let Err(error) = self.notify(piece).await {
                    tracing::debug!(%error, "the other nodes were not told of commits; they will look by themselves");
                }
            }
        }
    }

    async fn notify(&self, tenants: &[TenantId]) -> Result<(), StoreError> {
        let Some(first) = tenants.first() else { return Ok(()) };
        let names: Vec<String> = tenants.iter().map(|tenant| tenant.0.simple().to_string()).collect();
        let payload = format!("{} {}", self.inner.commits.node.simple(), names.join(","));
        let mut conn = self.reader(*first).await?;
        conn.mark(false);
        let told: Result<_, Fault> =
            conn.fetch("select pg_notify($1, $2)::text", &[Arg::text(COMMITS_CHANNEL), Arg::text(payload)], &[Shape::Text]).await;
        told?;
        conn.mark(true);
        Ok(())
    }
}
