//! A component that was checked, compiled and linked: everything that can be done before the first call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use sha2::{Digest, Sha256};
use tenon_hooks::{EndpointOffer, FunctionOffer, Grant, JobOffer, LifeMoment, Outward, Phase, SecretUse};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::aot::AotCache;
use crate::limits::Size;
use crate::since_1::{self, Ready};
use crate::state::CallState;
use crate::{Computed, LoadError, PluginPackage, Subscription, engine};

/// What the engine says of a component that asks for more than an instance has; it has no type.
const NO_ROOM: &str = "does not fit in pooling allocator requirements";
/// A page of WebAssembly memory.
const PAGE_BYTES: u64 = 64 << 10;

/// A plugin that is ready to be called.
pub(crate) struct Linked {
    pub name: String,
    /// `name@version`.
    pub title: String,
    pub subscriptions: Vec<Subscription>,
    pub computed: Vec<Computed>,
    pub actions: Vec<FunctionOffer>,
    pub queries: Vec<FunctionOffer>,
    pub jobs: Vec<JobOffer>,
    pub endpoints: Vec<EndpointOffer>,
    pub lifecycle: Vec<LifeMoment>,
    pub priority: i32,
    pub size: Size,
    pub grant: Grant,
    pub acting: bool,
    pub outward: Arc<Outward>,
    pub component: Arc<Ready>,
}

/// What an engine needs to make plugins ready.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    linker: Linker<CallState>,
}

impl Bench {
    fn new(size: Size) -> Result<Self, LoadError> {
        let engine = engine::start(size)?;
        let mut linker = Linker::new(&engine);
        since_1::link(&mut linker).map_err(|error| LoadError::Engine(error.to_string()))?;
        Ok(Self { engine, linker })
    }
}

/// Components by size and digest, as long as somebody has them.
type Compiled = HashMap<(Size, [u8; 32]), Weak<Ready>>;

/// Makes plugins ready. The same component is compiled once, however many tenants have it.
pub(crate) struct Workshop {
    small: Bench,
    /// Made when the first large guest comes: most houses have none.
    large: OnceLock<Bench>,
    compiled: Mutex<Compiled>,
    cache: Option<AotCache>,
}

impl Workshop {
    pub(crate) fn new(cache: Option<AotCache>) -> Result<Self, LoadError> {
        Ok(Self { small: Bench::new(Size::Small)?, large: OnceLock::new(), compiled: Mutex::default(), cache })
    }

    fn bench(&self, size: Size) -> Result<&Bench, LoadError> {
        match (size, self.large.get()) {
            (Size::Small, _) => Ok(&self.small),
            (Size::Large, Some(bench)) => Ok(bench),
            (Size::Large, None) => {
                let bench = Bench::new(size)?;
                Ok(self.large.get_or_init(|| bench))
            }
        }
    }

    pub(crate) fn make(&self, package: PluginPackage) -> Result<Linked, LoadError> {
        let component = self.component(&package.component, package.size)?;
        reachable(&component, &package.outward)?;
        verifiable(&package.endpoints, &package.outward)?;
        for subscription in &package.subscriptions {
            check(subscription)?;
            component.answers(subscription.phase)?;
        }
        let called = [
            (!package.computed.is_empty(), Phase::Computed),
            (!package.actions.is_empty(), Phase::Action),
            (!package.queries.is_empty(), Phase::Query),
            (!package.jobs.is_empty(), Phase::Job),
            (!package.endpoints.is_empty(), Phase::Endpoint),
            (!package.lifecycle.is_empty(), Phase::Lifecycle),
        ];
        for (is_there, phase) in called {
            if is_there {
                component.answers(phase)?;
            }
        }
        let title = package.title();
        let PluginPackage {
            name,
            subscriptions,
            computed,
            actions,
            queries,
            jobs,
            endpoints,
            lifecycle,
            priority,
            size,
            grant,
            acting,
            outward,
            ..
        } = package;
        let outward = Arc::new(outward);
        Ok(Linked {
            name,
            title,
            subscriptions,
            computed,
            actions,
            queries,
            jobs,
            endpoints,
            lifecycle,
            priority,
            size,
            grant,
            acting,
            outward,
            component,
        })
    }

    /// A component alone, ready to be called.
    pub(crate) fn component(&self, bytes: &[u8], size: Size) -> Result<Arc<Ready>, LoadError> {
        let key = (size, Sha256::digest(bytes).into());
        let known = |compiled: &HashMap<_, Weak<_>>| compiled.get(&key).and_then(Weak::upgrade);
        if let Some(component) = known(&self.compiled.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(component);
        }
        // Compiled outside the lock: it takes long, and twice is not wrong.
        let component = Arc::new(compile((self.bench(size)?, self.cache.as_ref()), bytes, key)?);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.retain(|_, held| held.strong_count() > 0);
        compiled.insert(key, Arc::downgrade(&component));
        Ok(component)
    }
}

fn compile((bench, cache): (&Bench, Option<&AotCache>), bytes: &[u8], (size, digest): (Size, [u8; 32])) -> Result<Ready, LoadError> {
    let broken = |error: wasmtime::Error| match format!("{error:#}") {
        // What no instance of this size can hold; where there is no pool, that is found below.
        larger if larger.contains(NO_ROOM) => LoadError::Contract(format!("there is no room for it in size `{}`: {larger}", size.word())),
        broken => LoadError::NotAComponent(broken),
    };
    let component = match cache {
        Some(cache) => cache.component(&bench.engine, size, bytes),
        None => Component::from_binary(&bench.engine, bytes),
    };
    let component = component.map_err(broken)?;
    granted(&bench.engine, &component)?;
    let required = component.resources_required();
    let pages = required.as_ref().and_then(|required| required.max_initial_memory_size);
    let no_room = |what: String| LoadError::Contract(format!("there is no room for it in size `{}`: it begins with {what}", size.word()));
    let (asked, most) = (pages.unwrap_or_default().saturating_mul(PAGE_BYTES), size.memory());
    if usize::try_from(asked).map_or(true, |asked| asked > most) {
        return Err(no_room(format!("{asked} bytes of memory, {most} are allowed")));
    }
    let (elements, most) = (required.and_then(|required| required.max_initial_table_size).unwrap_or_default(), size.table_elements());
    if usize::try_from(elements).map_or(true, |elements| elements > most) {
        return Err(no_room(format!("a table of {elements}, {most} are allowed")));
    }
    let contract = |error: wasmtime::Error| LoadError::Contract(error.to_string());
    Ok(Ready::new(bench.linker.instantiate_pre(&component).map_err(contract)?, (size, digest)))
}

/// The import list is the request for permission. The linker would refuse too, but not by the function's name.
fn granted(engine: &Engine, component: &Component) -> Result<(), LoadError> {
    let component = component.component_type();
    for (interface, import) in component.imports(engine) {
        let refused = || LoadError::NotGranted(interface.to_owned());
        let ComponentItem::ComponentInstance(instance) = import.ty else { return Err(refused()) };
        let functions = granted_of(interface);
        for (name, item) in instance.exports(engine) {
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

/// The functions granted of an interface; none for a foreign one or another major.
fn granted_of(interface: &str) -> Option<&'static [&'static str]> {
    since_1::interface(interface).map(|(_, functions)| functions)
}

/// What reaches beyond records is granted by the manifest, name by name: who was granted none calls none of it.
fn reachable(component: &Ready, outward: &Outward) -> Result<(), LoadError> {
    let is_granted = |interface: &str| match interface {
        "config" => !outward.settings.is_empty(),
        "secrets" => !outward.secrets.is_empty(),
        "http" => !outward.http.is_empty(),
        _ => true,
    };
    match component.functions().into_iter().find(|(interface, _)| !is_granted(interface)) {
        Some((_, function)) => Err(LoadError::NotGranted(function)),
        None => Ok(()),
    }
}

/// An endpoint that checks signatures has a secret to check them by.
fn verifiable(endpoints: &[EndpointOffer], outward: &Outward) -> Result<(), LoadError> {
    let is_granted = |name: &str| outward.secret(name).is_some_and(|secret| secret.uses.contains(&SecretUse::Verify));
    let lacking = endpoints.iter().find_map(|one| Some((one, one.auth.secret().filter(|secret| !is_granted(secret))?)));
    match lacking {
        Some((endpoint, secret)) => {
            Err(LoadError::NotGranted(format!("grants.secrets.{secret} (use: [verify]) of the endpoint `{}`", endpoint.name)))
        }
        None => Ok(()),
    }
}

/// A subscription that is never met would be a promise nobody keeps.
fn check(subscription: &Subscription) -> Result<(), LoadError> {
    let Subscription { phase, operations, object, .. } = subscription;
    if operations.is_empty() {
        return Err(LoadError::Undescribed(format!("its `{}` of `{object}` names no operation", phase.word())));
    }
    match operations.iter().find(|operation| !phase.has(**operation)) {
        None => Ok(()),
        Some(operation) => Err(LoadError::NeverCalled { phase: phase.word().to_owned(), operation: operation.word().to_owned() }),
    }
}
