//! What each tenant's plugins have used since the process began: for bills, and for "who slows my save".

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tenon_value::TenantId;

use crate::title;

/// What one plugin of one tenant has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls.
    pub calls: u64,
    /// Those that broke.
    pub faults: u64,
    /// Records it was asked about.
    pub rows: u64,
    /// Fuel.
    pub fuel: u64,
    /// Time, waiting for records included.
    pub wall: Duration,
    /// Requests to the desk.
    pub asked: u64,
    /// The most memory of one call, in bytes.
    pub memory: usize,
}

impl Usage {
    fn add(&mut self, call: &Self) {
        self.calls += call.calls;
        self.faults += call.faults;
        self.rows += call.rows;
        self.fuel = self.fuel.saturating_add(call.fuel);
        self.wall += call.wall;
        self.asked += call.asked;
        self.memory = self.memory.max(call.memory);
    }
}

/// The counters of all.
#[derive(Default)]
pub(crate) struct Counters {
    /// By `name@version`.
    all: Mutex<HashMap<TenantId, HashMap<String, Usage>>>,
}

impl Counters {
    /// Adds a call.
    pub(crate) fn add(&self, tenant: TenantId, title: &str, call: &Usage) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let packages = all.entry(tenant).or_default();
        match packages.get_mut(title) {
            Some(usage) => usage.add(call),
            None => {
                packages.insert(title.to_owned(), *call);
            }
        }
    }

    /// Of one version of a tenant's package.
    pub(crate) fn of_version(&self, tenant: TenantId, title: &str) -> Usage {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&tenant).and_then(|packages| packages.get(title)).copied().unwrap_or_default()
    }

    /// Of one tenant, by package, all versions together.
    pub(crate) fn of(&self, tenant: TenantId) -> Vec<(String, Usage)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut usage: BTreeMap<&str, Usage> = BTreeMap::new();
        for (title, of_version) in all.get(&tenant).into_iter().flatten() {
            let (package, _) = title::parts(title);
            usage.entry(package).or_default().add(of_version);
        }
        usage.into_iter().map(|(package, usage)| (package.to_owned(), usage)).collect()
    }
}
