//! Instances of large guests, made ahead of time: each was never asked anything, is asked once, and is dropped.
//!
//! What a language's own engine does before its first answer takes half a millisecond; here nobody waits for it. Only
//! guests that export `warm-hooks` are kept so. Invariants: an instance is warmed before anything of any tenant reaches
//! it, with every limit at nothing, so all tenants of a component may share what is kept; a call costs the same fuel
//! whether its instance was kept or made on the spot, for both were warmed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;

use tenon_model::{Model, ModelVersion};
use tenon_value::{TenantId, Uuid};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::invoke;
use crate::limits::{CallLimits, WARM_AT_ONCE, WARM_FUEL, WARM_INSTANCES_MAX, WARM_PER_COMPONENT, WARM_WALL};
use crate::since_1::Ready;
use crate::state::CallState;

/// An instance that was warmed, and asked nothing yet.
pub(crate) struct Warm {
    store: Store<CallState>,
    instance: Instance,
}

impl Warm {
    /// Makes one until then; runs the guest, so on the plugins' own threads.
    pub(crate) async fn make(component: &Ready, until: Instant) -> wasmtime::Result<Self> {
        let state = CallState::ahead(nobody(), component.size(), until);
        let mut store = Store::new(component.engine(), state);
        invoke::prepare(&mut store, WARM_FUEL, CallLimits::AHEAD.output)?;
        let made = tokio::time::timeout_at(until.into(), component.warmed(&mut store));
        let instance = made.await.map_err(|_| wasmtime::Error::msg("it takes too long to warm up"))??;
        Ok(Self { store, instance })
    }

    /// The instance, now of this call.
    pub(crate) fn begin(mut self, mut state: CallState) -> (Store<CallState>, Instance) {
        state.memory = self.store.data().memory;
        *self.store.data_mut() = state;
        (self.store, self.instance)
    }
}

/// A tenant that is none, with nothing in it.
pub(crate) fn nobody() -> Arc<Model> {
    static NOBODY: OnceLock<Arc<Model>> = OnceLock::new();
    let model = || Arc::new(Model::empty(TenantId(Uuid::nil()), ModelVersion(0)));
    Arc::clone(NOBODY.get_or_init(model))
}

/// What is kept, the oldest first.
pub(crate) struct WarmInstances {
    kept: Mutex<VecDeque<(Weak<Ready>, Warm)>>,
    making: Arc<Semaphore>,
}

impl WarmInstances {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { kept: Mutex::default(), making: Arc::new(Semaphore::new(WARM_AT_ONCE)) })
    }

    /// One of this component, if one is kept; others are made in the background in its place.
    pub(crate) fn take(self: &Arc<Self>, component: &Arc<Ready>, threads: &Runtime) -> Option<Warm> {
        if !component.is_warmed() {
            return None;
        }
        let found = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let place = kept.iter().position(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(component)));
            place.and_then(|place| kept.remove(place))
        };
        self.fill(component, threads);
        found.map(|(_, warm)| warm)
    }

    /// Makes as many as are kept of a component, in the background. Where others are being made already, the next call asks
    /// again.
    pub(crate) fn fill(self: &Arc<Self>, component: &Arc<Ready>, threads: &Runtime) {
        if !component.is_warmed() || self.count(component) >= WARM_PER_COMPONENT {
            return;
        }
        let Ok(permit) = Arc::clone(&self.making).try_acquire_owned() else { return };
        let (this, component) = (Arc::clone(self), Arc::downgrade(component));
        threads.spawn(async move {
            // Whoever took the component out does not wait for this.
            while let Some(component) = component.upgrade().filter(|component| this.count(component) < WARM_PER_COMPONENT) {
                match Warm::make(&component, Instant::now() + WARM_WALL).await {
                    Ok(warm) => this.keep(&component, warm),
                    Err(error) => {
                        tracing::warn!(%error, "a plugin does not warm up, each call makes its own instance");
                        break;
                    }
                }
            }
            // It may have been taken out while this held it.
            this.forget_gone();
            drop(permit);
        });
    }

    /// How many are kept of a component.
    pub(crate) fn count(&self, component: &Arc<Ready>) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(component))).count()
    }

    /// How many are kept of all.
    pub(crate) fn len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Drops what is kept of components that nobody has any more.
    pub(crate) fn forget_gone(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of.strong_count() > 0);
    }

    fn keep(&self, component: &Arc<Ready>, warm: Warm) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of.strong_count() > 0);
        // Where there is no room, who waits the longest is asked the least.
        if kept.len() >= WARM_INSTANCES_MAX {
            kept.pop_front();
        }
        kept.push_back((Arc::downgrade(component), warm));
    }
}
