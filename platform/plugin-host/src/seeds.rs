//! Chance in tests: of tenants that have a seed, random numbers follow from it and from how many calls were before.
//!
//! Everywhere else they follow from the request, so that they are the same in every try of it, and in no other request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tenon_value::TenantId;

/// Seeds of tenants that are tests, each with how many calls there were.
#[derive(Default)]
pub(crate) struct Seeds {
    tenants: RwLock<HashMap<TenantId, (u64, u64)>>,
}

impl Seeds {
    /// Sets a tenant's seed, or forgets it.
    pub(crate) fn set(&self, tenant: TenantId, seed: Option<u64>) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        match seed {
            Some(seed) => tenants.insert(tenant, (seed, 0)),
            None => tenants.remove(&tenant),
        };
    }

    /// What stands for the request of a tenant's next call; none where it has no seed.
    pub(crate) fn next(&self, tenant: TenantId) -> Option<String> {
        if !self.tenants.read().unwrap_or_else(PoisonError::into_inner).contains_key(&tenant) {
            return None;
        }
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let (seed, calls) = tenants.get_mut(&tenant)?;
        *calls += 1;
        Some(format!("seed-{seed}-{calls}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_of_a_test_is_the_same_in_every_run() {
        let (seeds, tenant) = (Seeds::default(), TenantId::generate());
        assert_eq!(seeds.next(tenant), None);
        let run = || {
            seeds.set(tenant, Some(7));
            [seeds.next(tenant), seeds.next(tenant)]
        };
        let first = run();
        assert_eq!(first, run());
        assert_ne!(first[0], first[1], "no two calls draw the same");
        seeds.set(tenant, None);
        assert_eq!(seeds.next(tenant), None);
    }
}
