//! Files that nobody holds, what was retired long ago, and former names that have ended are removed behind everybody's back: a
//! slow walk over all tenants, hour by hour.
//!
//! Any number of nodes may walk at once: what is due is removed by one of them, the others find it gone.

use std::sync::Arc;
use std::time::Duration;

use tenon_store::TenantInfo;
use tokio::sync::watch;

use crate::clock;
use crate::engine::Engine;
use crate::host_tests::is_left_behind;

/// Between two tenants of a walk.
const STEP: Duration = Duration::from_millis(200);
/// Between two walks.
const WALK: Duration = Duration::from_secs(60 * 60);
/// Before the first: a start has other things to do.
const FIRST: Duration = Duration::from_secs(120);

/// Sweeps for as long as the server runs.
pub(crate) async fn run(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut rest = FIRST;
    while !stopped_within(&mut stop, rest).await {
        engine.store.moves_end().await;
        for tenant in engine.store.tenants().await.unwrap_or_default() {
            if stopped_within(&mut stop, STEP).await {
                return;
            }
            if is_left_behind(&tenant, clock::wall()) {
                room(&engine, &tenant).await;
                continue;
            }
            files(&engine, &tenant).await;
            retired(&engine, &tenant).await;
            shapes(&engine, &tenant).await;
        }
        rest = WALK;
    }
}

// What fails comes again; a tenant that is being removed has nothing to sweep.

/// The tenant of a test whose server died before it threw it away.
async fn room(engine: &Engine, tenant: &TenantInfo) {
    match engine.tenant_delete(&tenant.name).await {
        Ok(_) => tracing::info!(tenant = tenant.name, "the tenant of a test was left behind, and is gone"),
        Err(error) => tracing::warn!(tenant = tenant.name, %error, "the tenant of a test cannot be removed"),
    }
}

async fn files(engine: &Engine, tenant: &TenantInfo) {
    match engine.store.files_sweep(tenant.id).await {
        Ok(swept) if swept == tenon_store::Swept::default() => {}
        Ok(swept) => {
            tracing::info!(tenant = tenant.name, files = swept.files, blobs = swept.blobs, uploads = swept.staged, "files swept");
        }
        Err(error) => tracing::warn!(tenant = tenant.name, %error, "files are not swept"),
    }
}

/// What was retired long ago, and former names.
async fn retired(engine: &Engine, tenant: &TenantInfo) {
    let Ok(now) = engine.identity.now(tenant.id).await else { return };
    match engine.packages.purge(tenant.id, now).await {
        Ok(paths) if paths.is_empty() => {}
        Ok(paths) => tracing::info!(tenant = tenant.name, ?paths, "what was retired is let go"),
        Err(error) => tracing::warn!(tenant = tenant.name, %error, "what was retired is not let go"),
    }
    match engine.packages.former_names(tenant.id, now).await {
        Ok(paths) if paths.is_empty() => {}
        Ok(paths) => tracing::info!(tenant = tenant.name, ?paths, "former names have ended, or go on"),
        Err(error) => tracing::warn!(tenant = tenant.name, %error, "former names do not end"),
    }
}

/// What changes of shape have begun whose jobs ended without seeing to it.
async fn shapes(engine: &Engine, tenant: &TenantInfo) {
    match engine.packages.unshape_left(tenant.id).await {
        Ok(paths) if paths.is_empty() => {}
        Ok(paths) => tracing::info!(tenant = tenant.name, ?paths, "changes of shape are taken back"),
        Err(error) => tracing::warn!(tenant = tenant.name, %error, "changes of shape are not taken back"),
    }
}

/// Waits; true where the server stops meanwhile.
async fn stopped_within(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, stop.wait_for(|stop| *stop)).await.is_ok()
}
