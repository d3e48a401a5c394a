//! What a component exports: each interface is optional, and found once, before the first call.

use tenon_hooks::Phase;
use wasmtime::component::InstancePre;
use wasmtime::{Engine, Store};

use super::generated::exports::tenon::plugin::{after_hooks, delete_hooks, record_hooks};
use super::{Change, Error, Operation, Verdict};
use crate::LoadError;
use crate::state::CallState;

/// What a plugin is asked.
pub(crate) struct Asked {
    pub phase: Phase,
    pub object: String,
    pub operation: Operation,
    pub changes: Vec<Change>,
}

/// A linked component, and where its exports are.
pub(crate) struct Ready {
    instance: InstancePre<CallState>,
    record: Option<record_hooks::GuestIndices>,
    after: Option<after_hooks::GuestIndices>,
    delete: Option<delete_hooks::GuestIndices>,
}

impl Ready {
    /// A missing interface is no error before somebody subscribes to it.
    pub(crate) fn new(instance: InstancePre<CallState>) -> Self {
        Self {
            record: record_hooks::GuestIndices::new(&instance).ok(),
            after: after_hooks::GuestIndices::new(&instance).ok(),
            delete: delete_hooks::GuestIndices::new(&instance).ok(),
            instance,
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.instance.engine()
    }

    /// Whether it exports what a phase calls.
    pub(crate) fn answers(&self, phase: Phase) -> Result<(), LoadError> {
        let (is_there, interface) = match phase {
            Phase::BeforeSave => (self.record.is_some(), "record-hooks"),
            Phase::AfterSave => (self.after.is_some(), "after-hooks"),
            Phase::BeforeDelete | Phase::AfterDelete => (self.delete.is_some(), "delete-hooks"),
            _ => (false, "nothing known here"),
        };
        if is_there {
            return Ok(());
        }
        Err(LoadError::Contract(format!("it subscribes to `{}`, and does not export `{interface}`", phase.word())))
    }

    /// Makes an instance and asks it.
    pub(crate) async fn ask(&self, store: &mut Store<CallState>, asked: Asked) -> wasmtime::Result<Result<Vec<Verdict>, Error>> {
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let Asked { phase, object, operation, changes } = asked;
        let missing = || wasmtime::Error::msg("it does not export what it subscribes to");
        match phase {
            Phase::BeforeSave => {
                let guest = self.record.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
                guest.call_before_save(store, &object, operation, &changes).await
            }
            Phase::AfterSave => {
                let guest = self.after.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
                guest.call_after_save(store, &object, operation, &changes).await
            }
            Phase::BeforeDelete => {
                let guest = self.delete.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
                guest.call_before_delete(store, &object, operation, &changes).await
            }
            Phase::AfterDelete => {
                let guest = self.delete.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
                guest.call_after_delete(store, &object, operation, &changes).await
            }
            _ => Err(missing()),
        }
    }
}
