//! The last failed calls of each package of a tenant, written down: for `tenon plugin replay`. Of tenants that ask for it, every call.
//!
//! Kept in memory, on the node where it happened, in as many bytes as [`limits`](crate::limits) says; the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tenon_value::TenantId;

use crate::limits::{SAMPLES_MAX, TENANT_TRACES_BYTES_MAX, TRACES_BYTES_MAX, TRACES_MAX};
use crate::trace::Trace;

/// The traces of all.
#[derive(Default)]
pub(crate) struct Traces {
    kept: Mutex<Kept>,
    /// Of tenants of which every call is kept.
    samples: Mutex<HashMap<TenantId, Vec<Arc<Trace>>>>,
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    entries: VecDeque<Entry>,
    bytes: usize,
}

struct Entry {
    tenant: TenantId,
    bytes: usize,
    trace: Arc<Trace>,
}

impl Kept {
    /// Drops the oldest of those of a kind.
    fn drop_oldest(&mut self, is_of: impl Fn(&Entry) -> bool) {
        if let Some(entry) = self.entries.iter().position(is_of).and_then(|place| self.entries.remove(place)) {
            self.bytes -= entry.bytes;
        }
    }
}

impl Traces {
    /// Keeps a failed call; one that alone is larger than all of its tenant may be is not kept.
    pub(crate) fn add(&self, tenant: TenantId, trace: Trace) {
        let bytes = trace.json().len();
        if bytes > TENANT_TRACES_BYTES_MAX {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let of_package = |entry: &Entry| entry.tenant == tenant && entry.trace.package == trace.package;
        if kept.entries.iter().filter(|entry| of_package(entry)).count() >= TRACES_MAX {
            kept.drop_oldest(of_package);
        }
        let of_tenant = |entry: &Entry| entry.tenant == tenant;
        while kept.entries.iter().filter(|entry| of_tenant(entry)).map(|entry| entry.bytes).sum::<usize>() + bytes > TENANT_TRACES_BYTES_MAX
        {
            kept.drop_oldest(of_tenant);
        }
        while kept.bytes + bytes > TRACES_BYTES_MAX {
            kept.drop_oldest(|_| true);
        }
        kept.bytes += bytes;
        kept.entries.push_back(Entry { tenant, bytes, trace: Arc::new(trace) });
    }

    /// Of one package of a tenant, the oldest first.
    pub(crate) fn of(&self, tenant: TenantId, package: &str) -> Vec<Arc<Trace>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.entries.iter().filter(|entry| entry.tenant == tenant && entry.trace.package == package);
        own.map(|entry| Arc::clone(&entry.trace)).collect()
    }

    /// Keeps every call of a tenant from here on, or none any more; what was kept so far.
    pub(crate) fn sample(&self, tenant: TenantId, on: bool) -> Vec<Arc<Trace>> {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let before = samples.remove(&tenant).unwrap_or_default();
        if on {
            samples.insert(tenant, Vec::new());
        }
        before
    }

    /// Whether the next call of a tenant is kept, whatever comes of it.
    pub(crate) fn samples(&self, tenant: TenantId) -> bool {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).is_some_and(|kept| kept.len() < SAMPLES_MAX)
    }

    /// Keeps a call of a tenant of which every call is kept.
    pub(crate) fn add_sample(&self, tenant: TenantId, trace: Trace) {
        if let Some(kept) = self.samples.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&tenant) {
            kept.push(Arc::new(trace));
        }
    }
}

#[cfg(test)]
mod tests {
    use tenon_hooks::Phase;
    use tenon_query::CallKind;

    use super::*;
    use crate::fault::Broken;
    use crate::invoke::Called;
    use crate::limits::{CallLimits, Size};
    use crate::since_1::Question;
    use crate::trace::{About, Opening, Outcome};

    fn trace(package: &str, bytes: usize) -> Trace {
        let about = About {
            title: &format!("{package}@1.0.0"),
            component: String::new(),
            size: Size::Small,
            at: tenon_value::DateTime::from_millis(0),
            request: "r",
            phase: Phase::Action,
            about: "act",
            operation: "",
        };
        let opening = Opening { now: 0, today: 0, seed: String::new(), acting: false, depth: 8, limits: CallLimits::ACTION, fuel: 1 };
        let question = Question::Call { kind: CallKind::Action, name: "act".to_owned(), input: "x".repeat(bytes), cursor: None };
        let mut called = Called {
            said: Err(Broken::limit("fuel", "it ran out")),
            fuel: 1,
            wall: std::time::Duration::ZERO,
            memory: 0,
            asked: 0,
            lines: Vec::new(),
            tape: (Vec::new(), true),
            strayed: None,
        };
        let outcome = Outcome::of(&called.said).unwrap();
        Trace::new(about, (opening, question), &mut called, (outcome, None))
    }

    #[test]
    fn the_last_failures_are_kept_in_bounds() {
        let (traces, tenant, other) = (Traces::default(), TenantId::generate(), TenantId::generate());
        traces.add(other, trace("one", 10));
        for _ in 0..TRACES_MAX + 3 {
            traces.add(tenant, trace("one", 10));
        }
        traces.add(tenant, trace("two", 10));
        assert_eq!((traces.of(tenant, "one").len(), traces.of(tenant, "two").len()), (TRACES_MAX, 1));
        // A large one takes the room of the oldest of its own tenant, and of nobody else.
        let large = TENANT_TRACES_BYTES_MAX - 2 * trace("two", 10).json().len();
        traces.add(tenant, trace("two", large));
        assert_eq!((traces.of(tenant, "one").len(), traces.of(tenant, "two").len(), traces.of(other, "one").len()), (0, 2, 1));
        traces.add(tenant, trace("two", TENANT_TRACES_BYTES_MAX));
        assert_eq!(traces.of(tenant, "two").len(), 2, "too large alone");
        // And all tenants together have an end.
        for _ in 0..TRACES_BYTES_MAX / TENANT_TRACES_BYTES_MAX + 1 {
            traces.add(TenantId::generate(), trace("one", large));
        }
        let kept = traces.kept.lock().unwrap();
        assert!(kept.bytes <= TRACES_BYTES_MAX && kept.bytes == kept.entries.iter().map(|entry| entry.bytes).sum::<usize>());
        assert!(!kept.entries.iter().any(|entry| entry.tenant == other), "the oldest are gone");
    }

    #[test]
    fn a_trace_is_read_as_it_was_written() {
        let written = trace("one", 10).json();
        assert_eq!(Trace::read(&written).unwrap().json(), written);
        assert!(matches!(Trace::read("{}"), Err(crate::LoadError::NotATrace(_))));
        let newer = written.replace("tenon/trace@1", "tenon/trace@2");
        assert!(matches!(Trace::read(&newer), Err(crate::LoadError::NotATrace(_))));
    }
}
