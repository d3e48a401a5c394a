//! A sandbox settles: all that is to be done at once is done, one after the other, before anybody looks.
//!
//! Elsewhere jobs and events are done by whoever has time; a test wants them done.

use std::sync::Arc;

use tenon_value::{TenantId, Uuid};

use crate::events::{EVENTS_JOB, Listening};
use crate::jobs::{JobHandler, RunnerParts};
use crate::sandbox::{Sandbox, SandboxError};

/// How often plugins of one tenant may answer events by events before it is called endless (`settling_rounds`).
pub const SETTLING_ROUNDS_MAX: usize = 100;

/// Settles sandboxes.
pub struct Settling {
    /// Who runs the jobs of plugins.
    pub sandbox: Sandbox,
    /// Who knows which packages listen.
    pub listening: Listening,
    /// Who tells them of events.
    pub events: Arc<dyn JobHandler>,
}

impl Settling {
    /// Does what a sandbox's commits so far have left to be done at once: jobs, events, and what these leave.
    ///
    /// # Errors
    /// `NoSandbox` has its own door: whoever settles made the tenant. `TooMany` where it has no end; what the store says.
    pub async fn settle(&self, tenant: TenantId) -> Result<(), SandboxError> {
        for _ in 0..SETTLING_ROUNDS_MAX {
            let before = self.sandbox.store.outbox_end(tenant).await?;
            self.hear(tenant).await?;
            let ran = self.sandbox.run_all(tenant, None).await?;
            if ran == 0 && self.sandbox.store.outbox_end(tenant).await?.text() == before.text() {
                return Ok(());
            }
        }
        Err(SandboxError::TooMany)
    }

    /// Tells all listeners of what was committed. A node at work beside us may take one of them: it is waited for.
    async fn hear(&self, tenant: TenantId) -> Result<(), SandboxError> {
        self.listening.wake(tenant).await?;
        let (owner, millis) = (Uuid::now_v7().to_string(), i64::try_from(RunnerParts::LEASE.as_millis()).unwrap_or(i64::MAX));
        while let Some(job) = self.sandbox.store.job_claim_due(tenant, &owner, (EVENTS_JOB, None), millis).await? {
            self.sandbox.carry(&self.events, tenant, job).await;
        }
        while self.sandbox.is_running(tenant, EVENTS_JOB).await? {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(())
    }
}
