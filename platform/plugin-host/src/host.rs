//! The plugin host: takes plugins in, and asks them.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_hooks::{Asked, Desk, HookError, Hooks, LifeMoment, Offers, Operation, Pace, Phase, Tree, Verdict};
use tenon_model::{Model, ObjectIx};
use tenon_query::{Call, CallKind, Called};
use tenon_value::{Json, TenantId};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OwnedSemaphorePermit;

use crate::aot::AotCache;
use crate::asking::Asking;
use crate::breaker::Breaker;
use crate::canary::{self, Who};
use crate::computing::Computing;
use crate::lines::Lines;
use crate::linked::{Linked, Workshop};
use crate::merge::Rows;
use crate::registry::{Installed, Occasion, Registry};
use crate::room::Rooms;
use crate::seeds::Seeds;
use crate::traces::Traces;
use crate::turn::Turn;
use crate::usage::{Counters, Usage};
use crate::warm::WarmInstances;
use crate::{Budgets, Line, LoadError, PluginPackage, Trace, calling, limits, title};

/// Runs plugins for all tenants of a process. Cheap to clone.
#[derive(Clone)]
pub struct PluginHost {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) workshop: Workshop,
    registry: Registry,
    budgets: Arc<Budgets>,
    pub(crate) rooms: Rooms,
    pub(crate) breaker: Breaker,
    pub(crate) usage: Counters,
    pub(crate) lines: Lines,
    pub(crate) traces: Traces,
    pub(crate) seeds: Seeds,
    pub(crate) warm: Arc<WarmInstances>,
    /// None only while it is being dropped.
    pub(crate) threads: Option<Runtime>,
}

/// What a mutation holds as long as it runs: room, and what was installed when it began.
struct Held {
    _permits: Vec<OwnedSemaphorePermit>,
    installed: Arc<Installed>,
    budgets: Arc<Budgets>,
    /// Whom it is for, from its first call on.
    key: OnceLock<String>,
}

impl Held {
    /// Whom the mutation is for: it meets the versions that he has, whatever plugins do in it as themselves.
    fn who(&self, cx: &OpContext, call: Option<&Call>) -> Who<'_> {
        Who { tenant: cx.model.tenant, key: self.key.get_or_init(|| canary::key(cx, call)) }
    }
}

impl Inner {
    /// What a tenant's plugins may use: by its plan, or what everybody has.
    fn budgets(&self, installed: &Installed, tenant: TenantId) -> Arc<Budgets> {
        installed.budgets(tenant).unwrap_or_else(|| Arc::clone(&self.budgets))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // The last clone may be dropped by a task; waiting there is not allowed. Calls end within `wall`.
            threads.shutdown_background();
        }
    }
}

impl std::fmt::Debug for PluginHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginHost").field("budgets", &self.inner.budgets).finish_non_exhaustive()
    }
}

/// A plugin that could be installed. As long as somebody has it, it is not compiled again.
#[derive(Clone)]
pub struct Checked {
    plugin: Arc<Linked>,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("imports", &self.imports()).finish()
    }
}

impl Checked {
    /// The interfaces of the contract that it calls, such as `kv`: what it can do beside answering.
    #[must_use]
    pub fn imports(&self) -> Vec<&'static str> {
        self.plugin.component.imports()
    }

    /// The package's name.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.plugin.name
    }

    /// What this version and another both offer, and not alike, such as `action.score`.
    #[must_use]
    pub fn misfits(&self, other: &Self) -> Vec<String> {
        canary::misfits(&self.plugin, &other.plugin)
    }

    /// Whether it is called at a moment of its package's life.
    #[must_use]
    pub fn lives(&self, moment: LifeMoment) -> bool {
        self.plugin.lifecycle.contains(&moment)
    }
}

impl PluginHost {
    /// A host without plugins.
    ///
    /// # Errors
    /// Where plugins cannot run on this machine.
    pub fn new() -> Result<Self, LoadError> {
        Self::with_budgets(Budgets::default())
    }

    /// A host that gives its plugins something else than usual, for tests and small machines.
    ///
    /// # Errors
    /// Where plugins cannot run on this machine.
    pub fn with_budgets(budgets: Budgets) -> Result<Self, LoadError> {
        Self::with_cache(budgets, None)
    }

    /// The same, which keeps compiled components on disk.
    ///
    /// # Errors
    /// Where plugins cannot run on this machine.
    pub fn with_cache(budgets: Budgets, cache: Option<AotCache>) -> Result<Self, LoadError> {
        let threads = Builder::new_multi_thread().worker_threads(limits::threads()).thread_name("tenon-plugin").enable_time().build();
        let threads = Some(threads.map_err(|error| LoadError::Engine(error.to_string()))?);
        let inner = Inner {
            workshop: Workshop::new(cache)?,
            registry: Registry::default(),
            budgets: Arc::new(budgets),
            rooms: Rooms::new(),
            breaker: Breaker::default(),
            usage: Counters::default(),
            lines: Lines::default(),
            traces: Traces::default(),
            seeds: Seeds::default(),
            warm: WarmInstances::new(),
            threads,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Checks that a plugin could be installed; compiling takes 50 ms and more, so not on a thread that serves.
    ///
    /// # Errors
    /// Why it could not.
    pub fn check(&self, package: PluginPackage) -> Result<Checked, LoadError> {
        Ok(Checked { plugin: Arc::new(self.inner.workshop.make(package)?) })
    }

    /// Takes a plugin in for a tenant, in the place of any other version of the same package. Compiles.
    ///
    /// # Errors
    /// Why it is not taken in; what was installed before stays.
    pub fn install(&self, tenant: TenantId, package: PluginPackage) -> Result<(), LoadError> {
        self.take_in(Some(tenant), package)
    }

    /// Takes a newer version in beside the one that a tenant has: this share of the callers, in percent, is answered by it. Compiles.
    ///
    /// # Errors
    /// Why it is not taken in; what was installed before stays.
    pub fn install_beside(&self, tenant: TenantId, package: PluginPackage, percent: u8) -> Result<(), LoadError> {
        let plugin = self.make(package)?;
        self.inner.registry.install_beside(tenant, &plugin, percent);
        tracing::info!(plugin = plugin.title, %tenant, percent, "plugin installed beside the version before");
        Ok(())
    }

    /// Offers a plugin to every tenant there is and will be; one that has installed its own version keeps that. Compiles.
    ///
    /// # Errors
    /// Why it is not taken in.
    pub fn install_everywhere(&self, package: PluginPackage) -> Result<(), LoadError> {
        self.take_in(None, package)
    }

    /// Takes a tenant's plugin out; mutations under way end with it. True if there was one.
    #[must_use]
    pub fn uninstall(&self, tenant: TenantId, name: &str) -> bool {
        let was_there = self.inner.registry.uninstall(tenant, name);
        self.inner.warm.forget_gone();
        was_there
    }

    /// What a tenant's plugins may use from the next mutation on, by its plan; none: what everybody has.
    pub fn set_budgets(&self, tenant: TenantId, budgets: Option<Budgets>) {
        self.inner.registry.budget(tenant, budgets.map(Arc::new).as_ref());
    }

    /// Lets chance of a tenant's plugins follow from a number and from how many calls there were, for tests; none: from the request.
    pub fn set_seed(&self, tenant: TenantId, seed: Option<u64>) {
        self.inner.seeds.set(tenant, seed);
    }

    /// What each plugin of a tenant has used since the process began.
    #[must_use]
    pub fn usage(&self, tenant: TenantId) -> Vec<(String, Usage)> {
        self.inner.usage.of(tenant)
    }

    /// What a version of a tenant's plugin has used since the process began.
    #[must_use]
    pub fn usage_of_version(&self, tenant: TenantId, package: &str, version: &str) -> Usage {
        self.inner.usage.of_version(tenant, &title::of(package, version))
    }

    /// Whether a version of a tenant's plugin has failed so often that it is not asked just now.
    #[must_use]
    pub fn is_left_alone(&self, tenant: TenantId, package: &str, version: &str) -> bool {
        let budgets = self.inner.budgets(&self.inner.registry.now(), tenant);
        self.inner.breaker.is_open(tenant, &title::of(package, version), budgets.faults_per_minute, Instant::now())
    }

    /// The last lines of a tenant's plugin: what it logged, and why it failed.
    #[must_use]
    pub fn lines(&self, tenant: TenantId, package: &str) -> Vec<Line> {
        self.inner.lines.of(tenant, package)
    }

    /// The last failed calls of a tenant's plugin, the oldest first: whoever reads them reads the records in them.
    #[must_use]
    pub fn traces(&self, tenant: TenantId, package: &str) -> Vec<Arc<Trace>> {
        self.inner.traces.of(tenant, package)
    }

    /// Keeps every call of a tenant from here on, or none any more, for measuring; what was kept until now, in the order it ended.
    pub fn sample(&self, tenant: TenantId, on: bool) -> Vec<Arc<Trace>> {
        self.inner.traces.sample(tenant, on)
    }

    /// Instances of large guests that are kept ready now.
    #[must_use]
    pub fn kept_ready(&self) -> usize {
        self.inner.warm.len()
    }

    /// What the plugins of a tenant share in a change of its packages, as [`Hooks::enter`]: of this one it is the version that is to
    /// be, or that goes.
    ///
    /// # Errors
    /// `Busy` where all room stays taken.
    pub async fn enter_with(&self, tenant: TenantId, plugin: &Checked) -> Result<Tree, HookError> {
        let installed = Installed::clone(&self.inner.registry.now()).with(Some(tenant), &plugin.plugin);
        self.hold(tenant, Pace::Job, Arc::new(installed)).await
    }

    async fn hold(&self, tenant: TenantId, pace: Pace, installed: Arc<Installed>) -> Result<Tree, HookError> {
        let sizes = installed.sizes(tenant);
        if sizes.is_empty() {
            return Ok(Tree::default());
        }
        let permits = self.inner.rooms.enter(tenant, &sizes).await.ok_or(HookError::Busy)?;
        let budgets = self.inner.budgets(&installed, tenant);
        let (fuel, wall) = budgets.tree(pace, &sizes);
        Ok(Tree::new(fuel, wall, Some(Box::new(Held { _permits: permits, installed, budgets, key: OnceLock::new() }))))
    }

    fn take_in(&self, tenant: Option<TenantId>, package: PluginPackage) -> Result<(), LoadError> {
        let plugin = self.make(package)?;
        self.inner.registry.install(tenant, &plugin);
        tracing::info!(plugin = plugin.title, tenant = tenant.map(|tenant| tenant.to_string()), "plugin installed");
        Ok(())
    }

    fn make(&self, package: PluginPackage) -> Result<Arc<Linked>, LoadError> {
        let plugin = Arc::new(self.inner.workshop.make(package)?);
        if let Some(threads) = &self.inner.threads {
            self.inner.warm.fill(&plugin.component, threads);
        }
        Ok(plugin)
    }
}

#[async_trait]
impl Hooks for PluginHost {
    fn subscribes(&self, model: &Model, (object, phase, operation): (ObjectIx, Phase, Operation), tree: &Tree) -> bool {
        // Who had no plugins when the mutation began has none in it.
        let (Some(object), Some(held)) = (model.object(object), tree.room::<Held>()) else { return false };
        held.installed.wants(model.tenant, Occasion { object: object.name.as_str(), phase, operation })
    }

    async fn enter(&self, cx: &OpContext, pace: Pace) -> Result<Tree, HookError> {
        self.hold(cx.model.tenant, pace, self.inner.registry.now()).await
    }

    async fn ask(&self, cx: &OpContext, asked: Asked<'_>, tree: &Tree, desk: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        let mut rows = Rows::new(asked.changes);
        if let (Some(object), Some(held)) = (cx.model.object(asked.object), tree.room::<Held>()) {
            let occasion = Occasion { object: object.name.as_str(), phase: asked.phase, operation: asked.operation };
            let (about, operation) = (object.name.as_str(), asked.operation.word());
            let who = held.who(cx, None);
            for plugin in held.installed.asked(who, occasion) {
                let (budgets, phase) = (&held.budgets, asked.phase);
                let turn = Turn { host: &self.inner, cx, plugin: &plugin, tree, budgets, phase, about, operation, salt: "" };
                Asking { turn, object, asked }.about(&mut rows, desk, Instant::now()).await?;
            }
            for plugin in held.installed.computing(who, occasion) {
                let (budgets, phase) = (&held.budgets, Phase::Computed);
                let turn = Turn { host: &self.inner, cx, plugin: &plugin, tree, budgets, phase, about, operation, salt: "" };
                Computing { turn, object, asked }.fill(&mut rows, desk, Instant::now()).await?;
            }
        }
        Ok(rows.into_verdicts())
    }

    fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        self.inner.registry.now().offers(tenant)
    }

    fn offered_in(&self, tenant: TenantId, tree: &Tree) -> Arc<Offers> {
        tree.room::<Held>().map_or_else(Arc::default, |held| held.installed.offers(tenant))
    }

    async fn call(&self, cx: &OpContext, call: &Call, tree: &Tree, desk: &mut dyn Desk) -> Result<Called, HookError> {
        let phase = calling::phase(call.kind);
        let missing = || HookError::NotOffered(format!("{}.{}", call.package, call.name));
        let held = tree.room::<Held>().ok_or_else(missing)?;
        let (own, other) = held.installed.named(held.who(cx, Some(call)), &call.package).ok_or_else(missing)?;
        let plugin = match other.filter(|other| !own.offers(call.kind, &call.name) && other.offers(call.kind, &call.name)) {
            None if own.offers(call.kind, &call.name) => own,
            // Of two versions beside each other the one for this record does not listen.
            Some(_) if call.kind == CallKind::Event => return Ok(Called::Done(Json::Null)),
            // What was left to be done, or comes from outside, goes to the version that knows it.
            Some(other) if matches!(call.kind, CallKind::Job | CallKind::Endpoint | CallKind::Lifecycle) => other,
            _ => return Err(missing()),
        };
        let budgets = &held.budgets;
        // The pot tells the actions of a document apart, the cursor the steps of a job; both are the same in a replay.
        let salt = format!("{} {}", tree.fuel(), call.cursor.as_deref().unwrap_or_default());
        let turn = Turn { host: &self.inner, cx, plugin: &plugin, tree, budgets, phase, about: &call.name, operation: "", salt: &salt };
        calling::call(turn, call, desk, Instant::now()).await
    }
}
