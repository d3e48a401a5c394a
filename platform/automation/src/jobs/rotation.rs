//! Whose turn it is: tenants one after the other, so that one with a thousand jobs holds up nobody.

use std::collections::{HashMap, VecDeque};

use tenon_value::TenantId;

/// Jobs of one tenant that one node carries out at once (`jobs_per_tenant`).
pub const JOBS_PER_TENANT: usize = 2;
/// Jobs that one node carries out at once (`jobs_per_node`).
pub const JOBS_PER_NODE: usize = 8;

/// Tenants that may have a job to be taken, and how many run.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    waiting: VecDeque<TenantId>,
    running: HashMap<TenantId, usize>,
    total: usize,
}

impl Rotation {
    /// A tenant may have something.
    pub(super) fn add(&mut self, tenant: TenantId) {
        if !self.waiting.contains(&tenant) {
            self.waiting.push_back(tenant);
        }
    }

    /// The next in turn with room left; it goes to the end.
    pub(super) fn next(&mut self) -> Option<TenantId> {
        if self.total >= JOBS_PER_NODE {
            return None;
        }
        let place = self.waiting.iter().position(|tenant| self.running.get(tenant).is_none_or(|count| *count < JOBS_PER_TENANT))?;
        let tenant = self.waiting.remove(place)?;
        self.waiting.push_back(tenant);
        Some(tenant)
    }

    /// It has nothing to be taken.
    pub(super) fn empty(&mut self, tenant: TenantId) {
        self.waiting.retain(|waiting| *waiting != tenant);
    }

    pub(super) fn begun(&mut self, tenant: TenantId) {
        *self.running.entry(tenant).or_default() += 1;
        self.total += 1;
    }

    pub(super) fn ended(&mut self, tenant: TenantId) {
        if let Some(count) = self.running.get_mut(&tenant) {
            *count = count.saturating_sub(1);
            self.total = self.total.saturating_sub(1);
            if *count == 0 {
                self.running.remove(&tenant);
            }
        }
        self.add(tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_with_many_jobs_waits_for_the_others() {
        let [busy, quiet] = [TenantId::generate(), TenantId::generate()];
        let mut rotation = Rotation::default();
        rotation.add(busy);
        rotation.add(quiet);
        let mut taken = Vec::new();
        while let Some(tenant) = rotation.next() {
            rotation.begun(tenant);
            taken.push(tenant);
        }
        assert_eq!(taken, [busy, quiet, busy, quiet], "two each, in turn");
        rotation.ended(quiet);
        assert_eq!(rotation.next(), Some(quiet), "who has room goes on");
        rotation.empty(quiet);
        assert_eq!(rotation.next(), None);
    }

    #[test]
    fn a_node_has_so_much_room_and_no_more() {
        let mut rotation = Rotation::default();
        for _ in 0..JOBS_PER_NODE + 3 {
            rotation.add(TenantId::generate());
        }
        let mut begun = 0;
        while let Some(tenant) = rotation.next() {
            rotation.begun(tenant);
            begun += 1;
        }
        assert_eq!(begun, JOBS_PER_NODE);
    }
}
