//! The plugin host: takes plugins in, and asks them.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_hooks::{HookChange, HookError, Hooks, Operation, Phase, Verdict};
use tenon_model::{Model, Object, ObjectIx};
use tenon_value::TenantId;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::fault::Broken;
use crate::invoke::{self, Called, Question};
use crate::limits::{CALLS_AT_ONCE, QUEUE_WAIT, ROWS_PER_CALL, THREADS};
use crate::linked::{Linked, Workshop};
use crate::merge::Rows;
use crate::registry::{Occasion, Registry};
use crate::since_1::{self, Answer};
use crate::state::CallState;
use crate::{CallLimits, LoadError, PluginPackage, engine};

/// Runs plugins for all tenants of a process. Cheap to clone.
#[derive(Clone)]
pub struct PluginHost {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    workshop: Workshop,
    registry: Registry,
    limits: Arc<CallLimits>,
    slots: Arc<Semaphore>,
    /// None only while it is being dropped.
    threads: Option<Runtime>,
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
        f.debug_struct("PluginHost").field("limits", &self.inner.limits).finish_non_exhaustive()
    }
}

impl PluginHost {
    /// A host without plugins.
    ///
    /// # Errors
    /// Where plugins cannot run on this machine.
    pub fn new() -> Result<Self, LoadError> {
        Self::with_limits(CallLimits::default())
    }

    /// A host with other limits, for tests and small machines.
    ///
    /// # Errors
    /// Where plugins cannot run on this machine.
    pub fn with_limits(limits: CallLimits) -> Result<Self, LoadError> {
        let engine = engine::start(&limits)?;
        let workshop = Workshop::new(engine.clone())?;
        let threads = Builder::new_multi_thread().worker_threads(THREADS).thread_name("tenon-plugin").enable_time().build();
        let threads = Some(threads.map_err(|error| LoadError::Engine(error.to_string()))?);
        let slots = usize::try_from(CALLS_AT_ONCE).unwrap_or(1);
        let inner = Inner {
            engine,
            workshop,
            registry: Registry::default(),
            limits: Arc::new(limits),
            slots: Arc::new(Semaphore::new(slots)),
            threads,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Checks that a plugin could be installed; compiling takes 50 ms and more, so not on a thread that serves.
    ///
    /// # Errors
    /// Why it could not.
    pub fn check(&self, package: PluginPackage) -> Result<(), LoadError> {
        self.inner.workshop.make(package, &self.inner.limits).map(drop)
    }

    /// Takes a plugin in for a tenant, in the place of any other version of the same package. Compiles.
    ///
    /// # Errors
    /// Why it is not taken in; what was installed before stays.
    pub fn install(&self, tenant: TenantId, package: PluginPackage) -> Result<(), LoadError> {
        self.take_in(Some(tenant), package)
    }

    /// Offers a plugin to every tenant there is and will be; one that has installed its own version keeps that. Compiles.
    ///
    /// # Errors
    /// Why it is not taken in.
    pub fn install_everywhere(&self, package: PluginPackage) -> Result<(), LoadError> {
        self.take_in(None, package)
    }

    /// Takes a tenant's plugin out; calls under way end. True if there was one.
    #[must_use]
    pub fn uninstall(&self, tenant: TenantId, name: &str) -> bool {
        self.inner.registry.uninstall(tenant, name)
    }

    fn take_in(&self, tenant: Option<TenantId>, package: PluginPackage) -> Result<(), LoadError> {
        let plugin = Arc::new(self.inner.workshop.make(package, &self.inner.limits)?);
        self.inner.registry.install(tenant, &plugin);
        tracing::info!(plugin = plugin.title, tenant = tenant.map(|tenant| tenant.to_string()), "plugin installed");
        Ok(())
    }
}

#[async_trait]
impl Hooks for PluginHost {
    fn subscribes(&self, model: &Model, object: ObjectIx, phase: Phase, operation: Operation) -> bool {
        let Some(object) = model.object(object) else { return false };
        self.inner.registry.wants(model.tenant, Occasion { object: object.name.as_str(), phase, operation })
    }

    async fn before_save(
        &self,
        cx: &OpContext,
        object: ObjectIx,
        operation: Operation,
        changes: &[HookChange<'_>],
    ) -> Result<Vec<Verdict>, HookError> {
        let Some(object) = cx.model.object(object) else {
            return Ok(vec![Verdict::Keep; changes.len()]);
        };
        let occasion = Occasion { object: object.name.as_str(), phase: Phase::BeforeSave, operation };
        let mut rows = Rows::new(changes);
        for plugin in self.inner.registry.asked(cx.model.tenant, occasion) {
            let asking = Asking { host: &self.inner, cx, object, operation, plugin: &plugin };
            asking.about(&mut rows).await?;
        }
        Ok(rows.into_verdicts())
    }
}

/// One plugin being asked about one save.
struct Asking<'a> {
    host: &'a Inner,
    cx: &'a OpContext,
    object: &'a Object,
    operation: Operation,
    plugin: &'a Arc<Linked>,
}

impl Asking<'_> {
    /// All records, in as many calls as the limits `input` and [`ROWS_PER_CALL`] need.
    async fn about(&self, rows: &mut Rows<'_>) -> Result<(), HookError> {
        let mut all: Vec<_> = rows.rows().map(|row| since_1::row(&self.cx.model, self.object, &row)).collect();
        let mut first = 0;
        while !all.is_empty() {
            let rest = all.split_off(self.fitting(&all)?);
            let count = all.len();
            match self.call(all).await.map_err(|broken| self.fault(broken))? {
                Outcome::Busy => return Err(HookError::Busy),
                Outcome::Answer(Answer::Refused(refusal)) => return Err(HookError::Refused(refusal)),
                Outcome::Answer(Answer::Verdicts(verdicts)) => rows.apply(self.object, first, verdicts),
            }
            first += count;
            all = rest;
        }
        Ok(())
    }

    /// How many of the changes go into one call; at least one.
    fn fitting(&self, changes: &[since_1::Change]) -> Result<usize, HookError> {
        let mut bytes = 0_usize;
        let fits = |change: &&since_1::Change| {
            bytes = bytes.saturating_add(since_1::size(change));
            bytes <= self.host.limits.input
        };
        match changes.iter().take(ROWS_PER_CALL).take_while(fits).count() {
            0 => Err(self.fault(Broken::limit("input", "one record is larger than a call may be given"))),
            count => Ok(count),
        }
    }

    async fn call(&self, changes: Vec<since_1::Change>) -> Result<Outcome, Broken> {
        let (host, cx) = (self.host, self.cx);
        let rows = changes.len();
        let slot = match tokio::time::timeout(QUEUE_WAIT, Arc::clone(&host.slots).acquire_owned()).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) | Err(_) => return Ok(Outcome::Busy),
        };
        let Some(threads) = &host.threads else { return Ok(Outcome::Busy) };
        let today = cx.now.date_in(&cx.model.settings.zone);
        let state = CallState::new(self.plugin.title.clone(), (cx.now, today), host.limits.memory);
        let question = Question { object: self.object.name.to_string(), operation: since_1::operation(self.operation), changes };
        let (engine, component, limits) = (host.engine.clone(), Arc::clone(&self.plugin.component), Arc::clone(&host.limits));
        let called = threads.spawn(async move {
            let called = invoke::call(&engine, &component, state, question, &limits).await;
            drop(slot);
            called
        });
        // The task is the border: a panic of the sandbox itself ends there and is one plugin's fault.
        let Called { said, fuel, wall } = called.await.map_err(|error| Broken::answer(format!("the sandbox broke: {error}")))?;
        self.measure(rows, fuel, wall, said.is_ok());
        Ok(Outcome::Answer(since_1::answer(&self.plugin.name, self.object, rows, said?)?))
    }

    fn measure(&self, rows: usize, fuel: u64, wall: std::time::Duration, answered: bool) {
        tracing::debug!(
            plugin = self.plugin.title,
            tenant = %self.cx.model.tenant,
            request = %self.cx.request,
            hook = Phase::BeforeSave.word(),
            object = self.object.name.as_str(),
            operation = self.operation.word(),
            rows,
            fuel,
            wall_us = wall.as_micros(),
            answered,
            "plugin called"
        );
    }

    fn fault(&self, broken: Broken) -> HookError {
        let (plugin, limit, detail) = (&self.plugin.title, broken.limit, &broken.detail);
        tracing::warn!(plugin, tenant = %self.cx.model.tenant, request = %self.cx.request, limit, detail, "plugin failed");
        HookError::Fault(broken.of(plugin.clone()))
    }
}

enum Outcome {
    Busy,
    Answer(Answer),
}
