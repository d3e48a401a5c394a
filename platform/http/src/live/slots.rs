//! How much one principal may keep open on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenon_diagnostics::Problem;
use tenon_value::Uuid;

/// Subscriptions and feeds that one principal may have open (`subscriptions`).
pub(crate) const SUBSCRIPTIONS_MAX: u32 = 100;
/// Sockets that one principal may have open (`sockets`).
pub(crate) const SOCKETS_MAX: u32 = 100;

/// Counts what is open, by principal.
pub(crate) struct Slots {
    name: &'static str,
    max: u32,
    taken: Mutex<HashMap<Uuid, u32>>,
}

/// One of them: given back when dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    principal: Uuid,
}

impl Slots {
    pub(crate) fn new(name: &'static str, max: u32) -> Arc<Self> {
        Arc::new(Self { name, max, taken: Mutex::default() })
    }

    /// Takes one; EXHAUSTED where all are taken.
    pub(crate) fn take(self: &Arc<Self>, principal: Uuid) -> Result<Slot, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(principal).or_default();
        if *own >= self.max {
            return Err(Problem::exhausted(self.name, u64::from(self.max), u64::from(self.max) + 1));
        }
        *own += 1;
        Ok(Slot { slots: Arc::clone(self), principal })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.principal) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_when_it_is_dropped() {
        let slots = Slots::new("subscriptions", 2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = slots.take(one).unwrap();
        let second = slots.take(one).unwrap();
        let refused = slots.take(one).err().unwrap();
        assert_eq!(refused.limit, Some("subscriptions"));
        assert!(slots.take(other).is_ok(), "others have their own");
        drop(first);
        assert!(slots.take(one).is_ok());
        drop(second);
        assert!(slots.taken.lock().unwrap().is_empty(), "nobody is remembered who has nothing open");
    }
}
