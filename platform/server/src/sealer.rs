//! The sealer: links what tenants have committed into their audit trails, within a second and behind everybody's back.
//!
//! It is told of commits in this process and waits a moment for more of them. What another process committed and left (a
//! kill, another node) it finds by walking slowly over all tenants: once after the start, and again and again where there
//! can be other nodes. Payloads that have expired, and changes
//! too old to be asked for, are removed on these walks.

use std::time::Duration;

use futures::StreamExt;
use tenon_store::{Dialect, Store};
use tenon_value::TenantId;
use tokio::sync::watch;

/// How long it waits for more commits, so that a batch holds several.
const GATHERING: Duration = Duration::from_millis(200);
/// Tenants linked at once.
const AT_ONCE: usize = 2;
/// Between two tenants of a walk.
const STEP: Duration = Duration::from_millis(50);
/// Between two walks.
const WALK: Duration = Duration::from_secs(60);
/// Walks until expired payloads are looked for again.
const WALKS_PER_EXPIRY: u32 = 60;

/// Links for as long as the server runs; when it stops, what is under way is ended and what waits is written.
pub(crate) async fn run(store: Store, stop: watch::Receiver<bool>) {
    tokio::join!(told(&store, stop.clone()), walk(&store, stop));
    store.audit_flush().await;
}

/// Waits; true where the server stops meanwhile.
async fn stopped_within(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, stop.wait_for(|stop| *stop)).await.is_ok()
}

async fn told(store: &Store, mut stop: watch::Receiver<bool>) {
    while !stopped_within(&mut stop, GATHERING).await {
        let due = tokio::select! {
            due = store.audit_due() => due,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        futures::stream::iter(due).for_each_concurrent(AT_ONCE, |tenant| seal(store, tenant)).await;
    }
}

async fn seal(store: &Store, tenant: TenantId) {
    match store.audit_seal_if_free(tenant).await {
        Ok(sealed) if sealed.more => store.audit_tell(tenant),
        Ok(_) => {}
        Err(error) => {
            // A tenant that is being removed, mostly; a database that is away comes back.
            tracing::debug!(%tenant, %error, "the audit trail could not be linked");
            if matches!(store.tenant_by_id(tenant).await, Ok(Some(_)) | Err(_)) {
                store.audit_tell(tenant);
            }
        }
    }
}

async fn walk(store: &Store, mut stop: watch::Receiver<bool>) {
    let mut walks = 0_u32;
    loop {
        let expiry = walks.is_multiple_of(WALKS_PER_EXPIRY);
        // A SQLite file has one process: what it commits, we are told.
        let linking = walks == 0 || store.dialect() == Dialect::Postgres;
        if expiry || linking {
            for tenant in store.tenants().await.unwrap_or_default() {
                if stopped_within(&mut stop, STEP).await {
                    return;
                }
                if linking {
                    seal(store, tenant.id).await;
                }
                if expiry {
                    expire(store, tenant.id).await;
                    prune(store, tenant.id).await;
                }
            }
        }
        walks = walks.wrapping_add(1);
        if stopped_within(&mut stop, WALK).await {
            return;
        }
    }
}

async fn expire(store: &Store, tenant: TenantId) {
    loop {
        match store.audit_expire(tenant).await {
            Ok(0) => return,
            Ok(count) => tracing::info!(%tenant, count, "payloads of the audit trail have expired"),
            Err(error) => {
                tracing::debug!(%tenant, %error, "expired payloads could not be removed");
                return;
            }
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Lets go of changes that nobody may ask for any more.
async fn prune(store: &Store, tenant: TenantId) {
    loop {
        match store.outbox_prune(tenant).await {
            Ok(0) => return,
            Ok(count) => tracing::debug!(%tenant, count, "old changes were let go"),
            Err(error) => {
                tracing::debug!(%tenant, %error, "old changes could not be let go");
                return;
            }
        }
        tokio::time::sleep(STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tenon_store::{AuditFilter, AuditOrder};

    use crate::{Engine, ServeConfig, TenantRequest, start};

    use super::*;

    /// Looks until the trail has that many entries; how many there are in the end.
    async fn linked(store: &Store, tenant: TenantId, wanted: usize, patience: Duration) -> usize {
        let began = Instant::now();
        loop {
            let page = store.audit_page(tenant, &AuditFilter::default(), AuditOrder::Newest(None), 1_000).await.unwrap();
            if page.len() >= wanted || began.elapsed() > patience {
                return page.len();
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_left_by_a_kill_and_what_is_committed_now_is_linked_unasked() {
        let data = tempfile::tempdir().unwrap();
        let request = |name: &str| TenantRequest { name: name.to_owned(), ..TenantRequest::default() };
        let killed = Engine::open(&ServeConfig::new(data.path())).await.unwrap();
        killed.tenant_create(&request("left")).await.unwrap();
        let left = killed.store.tenant("left").await.unwrap().unwrap();
        assert_eq!(linked(&killed.store, left.id, 1, Duration::ZERO).await, 0, "nobody links where no server runs");
        drop(killed);

        let server = start(ServeConfig::new(data.path())).await.unwrap();
        assert!(linked(&server.engine().store, left.id, 2, Duration::from_secs(20)).await >= 2, "the base package and the first user");
        server.tenant_create(&request("fresh")).await.unwrap();
        let fresh = server.engine().store.tenant("fresh").await.unwrap().unwrap();
        assert!(linked(&server.engine().store, fresh.id, 2, Duration::from_secs(20)).await >= 2);
        server.stop().await.unwrap();
    }
}
