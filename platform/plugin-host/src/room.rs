//! Room for plugins: so many mutations at once, of each tenant and on each engine, and so many instances.
//!
//! Invariants: room for a mutation is taken before it takes a database connection; who holds one never waits for an
//! instance, it is told to come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenon_value::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{QUEUE_WAIT, Size, TENANT_TREES_MAX};

/// All room.
pub(crate) struct Rooms {
    small: Engines,
    large: Engines,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

struct Engines {
    trees: Arc<Semaphore>,
    slots: Arc<Semaphore>,
}

impl Engines {
    fn new(size: Size) -> Self {
        let slots = usize::try_from(size.slots()).unwrap_or(1);
        Self { trees: Arc::new(Semaphore::new(size.trees())), slots: Arc::new(Semaphore::new(slots)) }
    }
}

impl Rooms {
    pub(crate) fn new() -> Self {
        Self { small: Engines::new(Size::Small), large: Engines::new(Size::Large), tenants: Mutex::default() }
    }

    const fn of(&self, size: Size) -> &Engines {
        match size {
            Size::Small => &self.small,
            Size::Large => &self.large,
        }
    }

    /// Room for a mutation of a tenant whose plugins run on these engines; none where it stays taken.
    pub(crate) async fn enter(&self, tenant: TenantId, sizes: &[Size]) -> Option<Vec<OwnedSemaphorePermit>> {
        let own = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(TENANT_TREES_MAX))))
        };
        let wanted = std::iter::once(own).chain(sizes.iter().map(|size| Arc::clone(&self.of(*size).trees)));
        let enter = async {
            let mut permits = Vec::with_capacity(1 + sizes.len());
            // Everybody asks in this order, so nobody waits for another in a circle.
            for semaphore in wanted {
                permits.push(semaphore.acquire_owned().await.ok()?);
            }
            Some(permits)
        };
        tokio::time::timeout(QUEUE_WAIT, enter).await.ok().flatten()
    }

    /// A slot for an instance, if there is one right now.
    pub(crate) fn slot(&self, size: Size) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.of(size).slots).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    #[tokio::test]
    async fn one_tenant_leaves_room_for_another() {
        let (rooms, greedy, other) = (Rooms::new(), TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let mut held = Vec::new();
        for _ in 0..TENANT_TREES_MAX {
            held.push(rooms.enter(greedy, &[Size::Small]).await.unwrap());
        }
        let at_once = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(at_once, rooms.enter(greedy, &[Size::Small])).await.is_err(), "it waits");
        assert!(rooms.enter(other, &[Size::Small]).await.is_some());
        drop(held.pop());
        assert!(rooms.enter(greedy, &[Size::Small]).await.is_some());
    }

    #[tokio::test]
    async fn slots_are_not_waited_for() {
        let rooms = Rooms::new();
        let held: Vec<_> = std::iter::from_fn(|| rooms.slot(Size::Large)).collect();
        assert_eq!(held.len(), 64);
        assert!(rooms.slot(Size::Small).is_some());
    }
}
