//! Where a tenant lies, as this process believes it.
//!
//! Read from `system` and believed for [`EPOCH_LEASE`], counted from before it was asked for. Where there is one cell nothing
//! is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tenon_value::TenantId;

use super::{Cells, Reached};
use crate::db::Fault;
use crate::{EPOCH_LEASE, Store};

/// What this process knows of where a tenant lies.
#[derive(Debug, Default)]
pub(crate) struct Place {
    known: Mutex<Option<(Arc<Reached>, Instant)>>,
    /// Held by who asks: the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
}

impl Place {
    fn believed(&self) -> Option<Arc<Reached>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, since)| since.elapsed() < EPOCH_LEASE).map(|(cell, _)| Arc::clone(cell))
    }

    fn learn(&self, cell: Option<(Arc<Reached>, Instant)>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = cell;
    }

    /// The next to ask looks into `system`.
    pub(crate) fn forget(&self) {
        self.learn(None);
    }
}

impl Store {
    /// The cell a tenant lies in.
    pub(crate) async fn cell_of(&self, cells: &Cells, tenant: TenantId) -> Result<Arc<Reached>, Fault> {
        if !cells.are_several() {
            return Ok(Arc::clone(cells.main()));
        }
        let memory = self.memory(tenant);
        if let Some(cell) = memory.place.believed() {
            return Ok(cell);
        }
        let _turn = memory.place.asking.lock().await;
        if let Some(cell) = memory.place.believed() {
            return Ok(cell);
        }
        let since = Instant::now();
        let placed = self.inner.system.placement(tenant).await?;
        let cell = Arc::clone(cells.named(&placed.cell)?);
        memory.place.learn(Some((Arc::clone(&cell), since)));
        Ok(cell)
    }
}
