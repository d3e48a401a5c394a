//! The breaker: a plugin that faults again and again is not asked for a while, so that it costs nobody any more.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenon_value::TenantId;

/// How long faults are remembered, and so how long a tripped breaker stays open.
const MEMORY: Duration = Duration::from_secs(60);

/// Faults of each tenant's plugins (`name@version`, so that another version begins anew).
#[derive(Default)]
pub(crate) struct Breaker {
    faults: Mutex<HashMap<(TenantId, String), VecDeque<Instant>>>,
}

impl Breaker {
    /// True where the plugin has had so many faults within a minute.
    pub(crate) fn is_open(&self, tenant: TenantId, plugin: &str, most: usize, now: Instant) -> bool {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() {
            return false;
        }
        let key = (tenant, plugin.to_owned());
        let Some(moments) = faults.get_mut(&key) else { return false };
        while moments.front().is_some_and(|moment| now.saturating_duration_since(*moment) >= MEMORY) {
            moments.pop_front();
        }
        if moments.is_empty() {
            faults.remove(&key);
            return false;
        }
        moments.len() >= most
    }

    /// Notes a fault; true where it is the one that trips the breaker.
    pub(crate) fn note(&self, tenant: TenantId, plugin: &str, most: usize, now: Instant) -> bool {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = faults.entry((tenant, plugin.to_owned())).or_default();
        moments.push_back(now);
        if moments.len() > most {
            moments.pop_front();
            return false;
        }
        moments.len() == most
    }
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    #[test]
    fn five_faults_within_a_minute_trip_it_for_that_tenant_alone() {
        let (breaker, begin) = (Breaker::default(), Instant::now());
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let at = |seconds| begin + Duration::from_secs(seconds);
        for second in 0..4 {
            assert!(!breaker.note(one, "a@1", 5, at(second)));
        }
        assert!(!breaker.is_open(one, "a@1", 5, at(4)));
        assert!(breaker.note(one, "a@1", 5, at(4)));
        assert!(breaker.is_open(one, "a@1", 5, at(5)));
        assert!(!breaker.is_open(other, "a@1", 5, at(5)) && !breaker.is_open(one, "a@2", 5, at(5)));
        assert!(!breaker.is_open(one, "a@1", 5, at(60)), "the first is forgotten");
        assert!(breaker.note(one, "a@1", 5, at(61)), "and one more trips it again");
    }
}
