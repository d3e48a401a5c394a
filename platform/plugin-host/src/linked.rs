//! A component that was checked, compiled and linked: everything that can be done before the first call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::since_1::{self, HooksPre};
use crate::state::CallState;
use crate::{CallLimits, LoadError, PluginPackage, Subscription};

/// A page of WebAssembly memory.
const PAGE_BYTES: u64 = 64 << 10;

/// A plugin that is ready to be called.
pub(crate) struct Linked {
    pub name: String,
    /// `name@version`.
    pub title: String,
    pub subscriptions: Vec<Subscription>,
    pub priority: i32,
    pub component: Arc<HooksPre<CallState>>,
}

/// Makes plugins ready. The same component is compiled once, however many tenants have it.
pub(crate) struct Workshop {
    engine: Engine,
    linker: Linker<CallState>,
    compiled: Mutex<HashMap<[u8; 32], Weak<HooksPre<CallState>>>>,
}

impl Workshop {
    pub(crate) fn new(engine: Engine) -> Result<Self, LoadError> {
        let mut linker = Linker::new(&engine);
        since_1::link(&mut linker).map_err(|error| LoadError::Engine(error.to_string()))?;
        Ok(Self { engine, linker, compiled: Mutex::default() })
    }

    pub(crate) fn make(&self, package: PluginPackage, limits: &CallLimits) -> Result<Linked, LoadError> {
        for subscription in &package.subscriptions {
            check(subscription)?;
        }
        let component = self.component(&package.component, limits)?;
        let title = package.title();
        let PluginPackage { name, subscriptions, priority, .. } = package;
        Ok(Linked { name, title, subscriptions, priority, component })
    }

    fn component(&self, bytes: &[u8], limits: &CallLimits) -> Result<Arc<HooksPre<CallState>>, LoadError> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let known = |compiled: &HashMap<_, Weak<_>>| compiled.get(&digest).and_then(Weak::upgrade);
        if let Some(component) = known(&self.compiled.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(component);
        }
        // Compiled outside the lock: it takes long, and twice is not wrong.
        let component = Arc::new(self.compile(bytes, limits)?);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.retain(|_, held| held.strong_count() > 0);
        compiled.insert(digest, Arc::downgrade(&component));
        Ok(component)
    }

    fn compile(&self, bytes: &[u8], limits: &CallLimits) -> Result<HooksPre<CallState>, LoadError> {
        let broken = |error: wasmtime::Error| LoadError::NotAComponent(error.to_string());
        let component = Component::from_binary(&self.engine, bytes).map_err(broken)?;
        self.granted(&component)?;
        let pages = component.resources_required().and_then(|required| required.max_initial_memory_size);
        let (asked, most) = (pages.unwrap_or_default().saturating_mul(PAGE_BYTES), limits.memory);
        if usize::try_from(asked).is_ok_and(|asked| asked <= most) {
            let contract = |error: wasmtime::Error| LoadError::Contract(error.to_string());
            return HooksPre::new(self.linker.instantiate_pre(&component).map_err(contract)?).map_err(contract);
        }
        Err(LoadError::Contract(format!("it begins with {asked} bytes of memory, {most} are allowed")))
    }
    /// The import list is the request for permission. The linker would refuse too, but not by the function's name.
    fn granted(&self, component: &Component) -> Result<(), LoadError> {
        let component = component.component_type();
        for (interface, import) in component.imports(&self.engine) {
            let refused = || LoadError::NotGranted(interface.to_owned());
            let ComponentItem::ComponentInstance(instance) = import.ty else { return Err(refused()) };
            let functions = granted_of(interface);
            for (name, item) in instance.exports(&self.engine) {
                let allowed = match item.ty {
                    ComponentItem::ComponentFunc(_) => functions.is_some_and(|functions| functions.contains(&name)),
                    ComponentItem::Type(_) => true,
                    _ => false,
                };
                if !allowed {
                    return Err(LoadError::NotGranted(format!("{interface}#{name}")));
                }
            }
            if functions.is_none() {
                return Err(refused());
            }
        }
        Ok(())
    }
}

/// The functions granted of an interface such as `tenon:plugin/log@1.2.0`; none for a foreign one or another major.
fn granted_of(interface: &str) -> Option<&'static [&'static str]> {
    let (path, version) = interface.split_once('@')?;
    let name = path.strip_prefix(since_1::PACKAGE)?.strip_prefix('/')?;
    let major = version.split('.').next()?;
    let (_, functions) = since_1::GRANTED.iter().find(|(granted, _)| *granted == name)?;
    (major == since_1::MAJOR).then_some(*functions)
}

/// A subscription that is never met would be a promise nobody keeps.
fn check(subscription: &Subscription) -> Result<(), LoadError> {
    let Subscription { phase, operations, object } = subscription;
    if operations.is_empty() {
        return Err(LoadError::Undescribed(format!("its `{}` of `{object}` names no operation", phase.word())));
    }
    match operations.iter().find(|operation| !phase.has(**operation)) {
        None => Ok(()),
        Some(operation) => Err(LoadError::NeverCalled { phase: phase.word().to_owned(), operation: operation.word().to_owned() }),
    }
}
