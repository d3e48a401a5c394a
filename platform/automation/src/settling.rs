//! A sandbox settles: all that is to be done at once is done, one after the other, before anybody looks.
//!
//! Elsewhere jobs and events are done by whoever has time; a test wants them done.

use std::sync::Arc;

use tenon_value::TenantId;

use crate::events::{EVENTS_JOB, Listening};
use crate::jobs::JobHandler;
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
            let ran = self.sandbox.run_waiting(tenant).await?;
            if ran == 0 && self.sandbox.store.outbox_end(tenant).await?.text() == before.text() {
                return Ok(());
            }
        }
        Err(SandboxError::TooMany)
    }

    /// Tells all listeners of what was committed.
    async fn hear(&self, tenant: TenantId) -> Result<(), SandboxError> {
        self.listening.wake(tenant).await?;
        self.sandbox.run_all(tenant, (EVENTS_JOB, &self.events), None).await?;
        Ok(())
    }
}
