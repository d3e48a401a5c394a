//! Records that were there before there was a search are taken up for it, some at a time, when a server starts.
//!
//! Invariants: a crash loses nothing of what is done, the next start goes on behind it; what is saved meanwhile is found at
//! once; other saves wait no longer than for a few hundred records.

use std::sync::Arc;

use tenon_store::TenantInfo;
use tokio::sync::watch;

use crate::engine::Engine;

/// Takes up what is behind, tenant by tenant, until there is nothing left or the server ends.
pub(crate) async fn catch_up(engine: Arc<Engine>, stopped: watch::Receiver<bool>) {
    let tenants = match engine.store.tenants().await {
        Ok(tenants) => tenants,
        Err(error) => return tracing::warn!(%error, "the search does not know whom to take up; the next start tries again"),
    };
    for tenant in tenants {
        if let Err(error) = one(&engine, &tenant, &stopped).await {
            tracing::warn!(%error, tenant = tenant.name, "the search is behind; the next start goes on");
        }
        if *stopped.borrow() {
            return;
        }
    }
}

async fn one(engine: &Engine, tenant: &TenantInfo, stopped: &watch::Receiver<bool>) -> anyhow::Result<()> {
    if !engine.store.search_is_behind(tenant.id).await? {
        return Ok(());
    }
    while !*stopped.borrow() {
        let cx = engine.system_context(tenant).await?;
        let mut tx = engine.store.begin(&cx).await?;
        let more = tx.search_take_up().await?;
        tx.commit().await?;
        if !more {
            break;
        }
    }
    Ok(())
}
