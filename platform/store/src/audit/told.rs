//! Which tenants have committed something that is not linked yet, and notes that may wait a moment to be written.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use tenon_value::{DateTime, Json, TenantId};
use tokio::sync::Notify;

use crate::{Store, StoreError};

/// Notes of one tenant that wait to be written, at most; beyond, they are counted instead of kept.
const SOON_MAX: usize = 10_000;

/// A note that waits to be written.
#[derive(Debug)]
pub(crate) struct Soon {
    pub(crate) at: DateTime,
    pub(crate) payload: Json,
}

/// What the sealer is told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    tenants: Mutex<HashSet<TenantId>>,
    /// By tenant: what waits, and how much found no room.
    waiting: Mutex<HashMap<TenantId, (Vec<Soon>, u64)>>,
    bell: Notify,
}

impl Told {
    /// A tenant has committed something.
    pub(crate) fn tell(&self, tenant: TenantId) {
        if self.tenants.lock().is_ok_and(|mut tenants| tenants.insert(tenant)) {
            self.bell.notify_one();
        }
    }

    pub(crate) fn soon(&self, tenant: TenantId, note: Soon) {
        if let Ok(mut waiting) = self.waiting.lock() {
            let (notes, lost) = waiting.entry(tenant).or_default();
            if notes.len() < SOON_MAX { notes.push(note) } else { *lost += 1 }
        }
        self.tell(tenant);
    }
}

impl Store {
    /// Waits until a tenant has something to be linked; all that have.
    pub async fn audit_due(&self) -> Vec<TenantId> {
        loop {
            let due: Vec<TenantId> = self.inner.told.tenants.lock().map(|mut tenants| tenants.drain().collect()).unwrap_or_default();
            if !due.is_empty() {
                return due;
            }
            self.inner.told.bell.notified().await;
        }
    }

    /// Says that a tenant has something to be linked.
    pub fn audit_tell(&self, tenant: TenantId) {
        self.inner.told.tell(tenant);
    }

    /// Writes what waits to be written, of all tenants: the server stops.
    pub async fn audit_flush(&self) {
        let tenants: Vec<TenantId> = self.inner.told.waiting.lock().map(|waiting| waiting.keys().copied().collect()).unwrap_or_default();
        for tenant in tenants {
            if let Err(error) = self.write_waiting(tenant).await {
                tracing::error!(%tenant, %error, "reads were not noted in the audit trail");
            }
        }
    }

    /// Writes what waits to be written.
    pub(crate) async fn write_waiting(&self, tenant: TenantId) -> Result<(), StoreError> {
        let taken = self.inner.told.waiting.lock().ok().and_then(|mut waiting| waiting.remove(&tenant));
        let Some((notes, lost)) = taken else { return Ok(()) };
        if lost > 0 {
            tracing::error!(%tenant, lost, "reads were not noted in the audit trail: too many at once");
        }
        let rows = notes.iter().map(|note| (note.at, note.payload.clone())).collect();
        match self.put_notes(tenant, rows).await {
            Ok(()) | Err(StoreError::NoTenant) => Ok(()),
            Err(error) => {
                notes.into_iter().for_each(|note| self.inner.told.soon(tenant, note));
                Err(error)
            }
        }
    }
}
