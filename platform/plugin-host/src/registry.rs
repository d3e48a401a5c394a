//! Which tenant has which plugin. Read on every save, changed at installs: readers never wait.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tenon_hooks::{Listener, Offers, Operation, Phase};
use tenon_query::CallKind;
use tenon_value::TenantId;

use crate::canary::{self, Who};
use crate::limits::Size;
use crate::linked::Linked;
use crate::{Budgets, Subscription};

/// All installed plugins.
#[derive(Default)]
pub(crate) struct Registry {
    installed: ArcSwap<Installed>,
}

/// What is installed at one moment. A mutation holds one, so that all of it meets the same versions.
#[derive(Clone, Default)]
pub(crate) struct Installed {
    /// Plugins that every tenant has.
    everywhere: Vec<Entry>,
    tenants: HashMap<TenantId, Vec<Entry>>,
    budgets: HashMap<TenantId, Arc<Budgets>>,
    /// Counts installs, for the order of calls.
    installs: u64,
    /// What is offered to tenants that have no plugin of their own, and to each that has one.
    offered: Arc<Offers>,
    offers: HashMap<TenantId, Arc<Offers>>,
}

#[derive(Clone)]
struct Entry {
    plugin: Arc<Linked>,
    install: u64,
    /// A newer version, for a share of the callers.
    canary: Option<Canary>,
}

#[derive(Clone)]
struct Canary {
    plugin: Arc<Linked>,
    percent: u8,
}

impl Entry {
    /// The version for this caller.
    fn pick(&self, who: Who<'_>) -> &Arc<Linked> {
        match &self.canary {
            Some(canary) if who.lot(&self.plugin.name) < canary.percent => &canary.plugin,
            _ => &self.plugin,
        }
    }

    /// Its versions, the newer first.
    fn versions(&self) -> impl Iterator<Item = &Arc<Linked>> {
        self.canary.iter().map(|canary| &canary.plugin).chain(std::iter::once(&self.plugin))
    }
}

/// What a hook is about.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub object: &'a str,
    pub phase: Phase,
    pub operation: Operation,
}

impl Linked {
    /// To what it listens.
    fn listeners(&self) -> impl Iterator<Item = Listener> {
        self.subscriptions.iter().filter(|one| one.phase == Phase::Event).map(|one| Listener {
            package: self.name.clone(),
            object: one.object.clone(),
            operations: one.operations.clone(),
        })
    }

    /// Whether it has a function of this name.
    pub(crate) fn offers(&self, kind: CallKind, name: &str) -> bool {
        match kind {
            CallKind::Action => self.actions.iter().any(|action| action.name == name),
            CallKind::Query => self.queries.iter().any(|query| query.name == name),
            CallKind::Job => self.jobs.iter().any(|job| job.name == name),
            CallKind::Endpoint => self.endpoints.iter().any(|endpoint| endpoint.name == name),
            CallKind::Lifecycle => self.lifecycle.iter().any(|moment| moment.word() == name),
            CallKind::Event => self.subscriptions.iter().any(|one| one.phase == Phase::Event && one.object == name),
        }
    }

    /// Whether it computes fields of the records of this occasion.
    pub(crate) fn computes(&self, occasion: Occasion<'_>) -> bool {
        occasion.phase == Phase::BeforeSave && self.computed.iter().any(|one| one.object == occasion.object)
    }

    /// The subscription to an occasion.
    pub(crate) fn subscription(&self, occasion: Occasion<'_>) -> Option<&Subscription> {
        self.subscriptions
            .iter()
            .find(|one| one.object == occasion.object && one.phase == occasion.phase && one.operations.contains(&occasion.operation))
    }
}

impl Installed {
    fn of(&self, tenant: TenantId) -> impl Iterator<Item = &Entry> {
        let own = self.tenants.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        // A tenant's own version of a package stands for the one that everybody has.
        let replaced = |entry: &&Entry| !own.iter().any(|other| other.plugin.name == entry.plugin.name);
        self.everywhere.iter().filter(replaced).chain(own)
    }

    /// On which engines a tenant's plugins run; none where it has no plugin.
    pub(crate) fn sizes(&self, tenant: TenantId) -> Vec<Size> {
        let has = |size: &Size| self.of(tenant).flat_map(Entry::versions).any(|plugin| plugin.size == *size);
        Size::ALL.into_iter().filter(has).collect()
    }

    /// The versions of a tenant's plugin of this name, that of this caller first.
    pub(crate) fn named(&self, who: Who<'_>, name: &str) -> Option<(Arc<Linked>, Option<Arc<Linked>>)> {
        let entry = self.of(who.tenant).find(|entry| entry.plugin.name == name)?;
        let picked = entry.pick(who);
        let other = entry.versions().find(|plugin| !Arc::ptr_eq(plugin, picked));
        Some((Arc::clone(picked), other.cloned()))
    }

    /// What a tenant's plugins offer to be called.
    pub(crate) fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        Arc::clone(self.offers.get(&tenant).unwrap_or(&self.offered))
    }

    /// Makes anew what is offered, after a change of what is installed.
    fn offer(mut self) -> Self {
        fn of<'e>(entries: impl Iterator<Item = &'e Entry> + Clone) -> Arc<Offers> {
            // What both versions of a package offer they offer alike, or the one would not be tried beside the other.
            let plugins: Vec<&Arc<Linked>> = entries.flat_map(Entry::versions).collect();
            let actions = canary::distinct(plugins.iter().flat_map(|plugin| &plugin.actions));
            let queries = canary::distinct(plugins.iter().flat_map(|plugin| &plugin.queries));
            let jobs = canary::distinct(plugins.iter().flat_map(|plugin| &plugin.jobs));
            let endpoints = canary::distinct(plugins.iter().flat_map(|plugin| &plugin.endpoints));
            let listeners = plugins.iter().flat_map(|plugin| plugin.listeners()).collect();
            Arc::new(Offers::new(actions, jobs).asked_for(queries).heard_by(listeners).called_at(endpoints))
        }
        self.offered = of(self.everywhere.iter());
        self.offers = self.tenants.keys().map(|tenant| (*tenant, of(self.of(*tenant).collect::<Vec<_>>().into_iter()))).collect();
        self
    }

    /// True where somebody wants to be asked, whoever the caller is.
    pub(crate) fn wants(&self, tenant: TenantId, occasion: Occasion<'_>) -> bool {
        self.of(tenant).flat_map(Entry::versions).any(|plugin| plugin.subscription(occasion).is_some() || plugin.computes(occasion))
    }

    /// The same with a plugin taken in, for one tenant or for all. Another version of the package gives way and leaves its place
    /// in the order.
    pub(crate) fn with(mut self, tenant: Option<TenantId>, plugin: &Arc<Linked>) -> Self {
        self.installs += 1;
        let entry = Entry { plugin: Arc::clone(plugin), install: self.installs, canary: None };
        let list = match tenant {
            Some(tenant) => self.tenants.entry(tenant).or_default(),
            None => &mut self.everywhere,
        };
        match list.iter_mut().find(|other| other.plugin.name == plugin.name) {
            Some(other) => (other.plugin, other.canary) = (entry.plugin, None),
            None => list.push(entry),
        }
        self.offer()
    }

    /// The same with a newer version of a tenant's plugin beside the one that is there, for a share of the callers.
    fn with_canary(mut self, tenant: TenantId, plugin: &Arc<Linked>, percent: u8) -> Self {
        let list = self.tenants.entry(tenant).or_default();
        if let Some(entry) = list.iter_mut().find(|entry| entry.plugin.name == plugin.name) {
            entry.canary = Some(Canary { plugin: Arc::clone(plugin), percent });
        }
        self.offer()
    }

    /// What a tenant's plan gives, where it is not what everybody has.
    pub(crate) fn budgets(&self, tenant: TenantId) -> Option<Arc<Budgets>> {
        self.budgets.get(&tenant).cloned()
    }

    /// Whom to ask, in order: priority, then install.
    pub(crate) fn asked(&self, who: Who<'_>, occasion: Occasion<'_>) -> Vec<Arc<Linked>> {
        self.in_order(who, |plugin| plugin.subscription(occasion).is_some())
    }

    /// Who computes fields, in the same order.
    pub(crate) fn computing(&self, who: Who<'_>, occasion: Occasion<'_>) -> Vec<Arc<Linked>> {
        self.in_order(who, |plugin| plugin.computes(occasion))
    }

    fn in_order(&self, who: Who<'_>, is_asked: impl Fn(&Linked) -> bool) -> Vec<Arc<Linked>> {
        let picked = self.of(who.tenant).map(|entry| (entry.pick(who), entry.install));
        let mut asked: Vec<(&Arc<Linked>, u64)> = picked.filter(|(plugin, _)| is_asked(plugin)).collect();
        asked.sort_by_key(|(plugin, install)| (plugin.priority, *install));
        asked.into_iter().map(|(plugin, _)| Arc::clone(plugin)).collect()
    }
}

impl Registry {
    /// What is installed now.
    pub(crate) fn now(&self) -> Arc<Installed> {
        self.installed.load_full()
    }

    /// What a tenant's plugins may use from now on; none: what everybody has.
    pub(crate) fn budget(&self, tenant: TenantId, budgets: Option<&Arc<Budgets>>) {
        self.installed.rcu(|before| {
            let mut after = Installed::clone(before);
            match budgets {
                Some(budgets) => after.budgets.insert(tenant, Arc::clone(budgets)),
                None => after.budgets.remove(&tenant),
            };
            after
        });
    }

    /// Takes a plugin in, as [`Installed::with`]; mutations that are under way end on what they began with.
    pub(crate) fn install(&self, tenant: Option<TenantId>, plugin: &Arc<Linked>) {
        self.installed.rcu(|before| Installed::clone(before).with(tenant, plugin));
    }

    /// Takes a newer version in beside the one that is there, for a share of a tenant's callers.
    pub(crate) fn install_beside(&self, tenant: TenantId, plugin: &Arc<Linked>, percent: u8) {
        self.installed.rcu(|before| Installed::clone(before).with_canary(tenant, plugin, percent));
    }

    /// Takes a tenant's plugin out; true if there was one.
    pub(crate) fn uninstall(&self, tenant: TenantId, name: &str) -> bool {
        let mut was_there = false;
        self.installed.rcu(|before| {
            let mut after = Installed::clone(before);
            let list = after.tenants.entry(tenant).or_default();
            let count = list.len();
            list.retain(|entry| entry.plugin.name != name);
            was_there = list.len() < count;
            if list.is_empty() {
                after.tenants.remove(&tenant);
            }
            after.offer()
        });
        was_there
    }
}
