//! Which tenants may have a job to be taken: told within this process, hinted at for all nodes in `system`.
//!
//! The hint says when a tenant is to be looked at next. It may be lost or wrong: whoever starts makes it anew, and looks
//! at every tenant now and then.

use std::collections::HashSet;
use std::sync::Mutex;

use tenon_value::TenantId;
use tokio::sync::Notify;

use crate::{Store, StoreError};

/// What the runner of this process is told.
#[derive(Debug, Default)]
pub(crate) struct JobsTold {
    tenants: Mutex<HashSet<TenantId>>,
    bell: Notify,
}

impl JobsTold {
    pub(crate) fn tell(&self, tenant: TenantId) {
        if self.tenants.lock().is_ok_and(|mut tenants| tenants.insert(tenant)) {
            self.bell.notify_one();
        }
    }

    fn take(&self) -> Vec<TenantId> {
        self.tenants.lock().map(|mut tenants| tenants.drain().collect()).unwrap_or_default()
    }
}

impl Store {
    /// Says that a tenant may have a job to be taken: here at once, on other nodes through the hint.
    pub async fn job_tell(&self, tenant: TenantId) {
        self.inner.jobs.tell(tenant);
        let now = self.clock().millis();
        if let Err(error) = self.inner.system.hint(tenant, Some(now)).await {
            tracing::debug!(%tenant, %error, "the hint at a job could not be written");
        }
    }

    /// Waits until tenants may have jobs to be taken; all that may.
    pub async fn jobs_told(&self) -> Vec<TenantId> {
        loop {
            let told = self.inner.jobs.take();
            if !told.is_empty() {
                return told;
            }
            self.inner.jobs.bell.notified().await;
        }
    }

    /// Tenants that are to be looked at by now, as any node has hinted.
    ///
    /// # Errors
    /// What the database says.
    pub async fn jobs_hinted(&self) -> Result<Vec<TenantId>, StoreError> {
        self.inner.system.hinted(self.clock().millis()).await
    }

    /// Writes in how many milliseconds a tenant is to be looked at next; none: nothing waits there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_hint(&self, tenant: TenantId, millis: Option<i64>) -> Result<(), StoreError> {
        let at = millis.map(|millis| self.clock().millis().saturating_add(millis));
        self.inner.system.hint(tenant, at).await
    }
}
