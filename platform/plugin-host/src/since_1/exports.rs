//! What a component exports: each interface is optional, and found once, before the first call.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenon_hooks::{LifeMoment, Phase};
use tenon_query::CallKind;
use tenon_value::Json;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre};
use wasmtime::{Engine, Store};

use super::generated::exports::tenon::plugin::job_hooks::Outcome;
use super::generated::exports::tenon::plugin::{
    action_hooks, after_hooks, computed_hooks, delete_hooks, endpoint_hooks, event_hooks, job_hooks, lifecycle_hooks, query_hooks,
    record_hooks,
};
use super::{Change, Error, Made, Operation, Verdict, interface, types};
use crate::LoadError;
use crate::limits::Size;
use crate::state::CallState;
use crate::words;

/// The interface that the host calls by hand, for no guest has to have it.
const WARM_HOOKS: &str = "tenon:plugin/warm-hooks@1.0.0";

/// What a plugin is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// About records.
    Records {
        #[serde(with = "words::phase")]
        phase: Phase,
        object: String,
        operation: Operation,
        #[serde(with = "words::shared")]
        changes: Arc<[Change]>,
    },
    /// To compute a field of records.
    Compute { object: String, field: String, rows: Vec<Made> },
    /// To do something it offers; its name, its input as JSON, and where a job has come to.
    Call {
        #[serde(with = "words::kind")]
        kind: CallKind,
        name: String,
        input: String,
        cursor: Option<String>,
    },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// One verdict per change.
    Verdicts(Vec<Verdict>),
    /// One value per record, or why there is none.
    Values(Vec<Result<types::Value, String>>),
    /// JSON.
    Done(String),
    /// The cursor of a job's next step.
    GoesOn(String),
}

/// A linked component, and where its exports are.
pub(crate) struct Ready {
    instance: InstancePre<CallState>,
    /// SHA-256 of the component.
    digest: [u8; 32],
    record: Option<record_hooks::GuestIndices>,
    after: Option<after_hooks::GuestIndices>,
    delete: Option<delete_hooks::GuestIndices>,
    action: Option<action_hooks::GuestIndices>,
    computed: Option<computed_hooks::GuestIndices>,
    query: Option<query_hooks::GuestIndices>,
    job: Option<job_hooks::GuestIndices>,
    event: Option<event_hooks::GuestIndices>,
    endpoint: Option<endpoint_hooks::GuestIndices>,
    life: Option<lifecycle_hooks::GuestIndices>,
    /// What is called before anything else, in guests that take time to begin.
    warm: Option<ComponentExportIndex>,
    size: Size,
}

impl Ready {
    /// A missing interface is no error before somebody subscribes to it.
    pub(crate) fn new(instance: InstancePre<CallState>, (size, digest): (Size, [u8; 32])) -> Self {
        Self {
            digest,
            warm: warm_of(instance.component()).filter(|_| size == Size::Large),
            size,
            record: record_hooks::GuestIndices::new(&instance).ok(),
            after: after_hooks::GuestIndices::new(&instance).ok(),
            delete: delete_hooks::GuestIndices::new(&instance).ok(),
            action: action_hooks::GuestIndices::new(&instance).ok(),
            computed: computed_hooks::GuestIndices::new(&instance).ok(),
            query: query_hooks::GuestIndices::new(&instance).ok(),
            job: job_hooks::GuestIndices::new(&instance).ok(),
            event: event_hooks::GuestIndices::new(&instance).ok(),
            endpoint: endpoint_hooks::GuestIndices::new(&instance).ok(),
            life: lifecycle_hooks::GuestIndices::new(&instance).ok(),
            instance,
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.instance.engine()
    }

    /// Which engine it runs on.
    pub(crate) const fn size(&self) -> Size {
        self.size
    }

    /// SHA-256 of the component, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        hex::encode(self.digest)
    }

    /// Whether instances of it are made ahead of time.
    pub(crate) const fn is_warmed(&self) -> bool {
        self.warm.is_some()
    }

    /// An instance, asked nothing yet.
    pub(crate) async fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Instance> {
        self.instance.instantiate_async(store).await
    }

    /// An instance that has begun, asked nothing yet.
    pub(crate) async fn warmed(&self, store: &mut Store<CallState>) -> wasmtime::Result<Instance> {
        let instance = self.instantiate(&mut *store).await?;
        if let Some(warm) = &self.warm {
            instance.get_typed_func::<(), ()>(&mut *store, warm)?.call_async(&mut *store, ()).await?;
        }
        Ok(instance)
    }

    /// The interfaces of the contract that it calls.
    pub(crate) fn imports(&self) -> Vec<&'static str> {
        let component = self.instance.component().component_type();
        component.imports(self.engine()).filter_map(|(called, _)| interface(called)).map(|(name, _)| name).collect()
    }

    /// The functions of the contract that it calls: interface, and the name an installer reads.
    pub(crate) fn functions(&self) -> Vec<(&'static str, String)> {
        let component = self.instance.component().component_type();
        let mut functions = Vec::new();
        for (called, import) in component.imports(self.engine()) {
            let (Some((name, _)), ComponentItem::ComponentInstance(instance)) = (interface(called), import.ty) else { continue };
            let named = instance.exports(self.engine()).filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
            functions.extend(named.map(|(function, _)| (name, format!("{called}#{function}"))));
        }
        functions
    }

    /// Whether it exports what a phase calls.
    pub(crate) fn answers(&self, phase: Phase) -> Result<(), LoadError> {
        let (is_there, interface) = match phase {
            Phase::BeforeSave => (self.record.is_some(), "record-hooks"),
            Phase::AfterSave => (self.after.is_some(), "after-hooks"),
            Phase::BeforeDelete | Phase::AfterDelete => (self.delete.is_some(), "delete-hooks"),
            Phase::Action => (self.action.is_some(), "action-hooks"),
            Phase::Computed => (self.computed.is_some(), "computed-hooks"),
            Phase::Query => (self.query.is_some(), "query-hooks"),
            Phase::Job => (self.job.is_some(), "job-hooks"),
            Phase::Event => (self.event.is_some(), "event-hooks"),
            Phase::Endpoint => (self.endpoint.is_some(), "endpoint-hooks"),
            Phase::Lifecycle => (self.life.is_some(), "lifecycle-hooks"),
            _ => (false, "nothing known here"),
        };
        if is_there {
            return Ok(());
        }
        Err(LoadError::Contract(format!("it subscribes to `{}`, and does not export `{interface}`", phase.word())))
    }

    /// Asks an instance.
    pub(crate) async fn ask(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        question: &Question,
    ) -> wasmtime::Result<Result<Said, Error>> {
        match question {
            Question::Records { phase, object, operation, changes } => {
                let said = self.ask_about((store, instance), *phase, (object, *operation, changes)).await?;
                Ok(said.map(Said::Verdicts))
            }
            Question::Compute { object, field, rows } => {
                let guest = self.computed.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                Ok(Ok(Said::Values(guest.call_compute(store, object, field, rows).await?)))
            }
            Question::Call { kind: CallKind::Action, name, input, .. } => {
                let guest = self.action.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                Ok(guest.call_act(store, name, input).await?.map(Said::Done))
            }
            Question::Call { kind: CallKind::Query, name, input, .. } => {
                let guest = self.query.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                Ok(guest.call_resolve(store, name, input).await?.map(Said::Done))
            }
            Question::Call { kind: CallKind::Event, name, input, .. } => {
                let guest = self.event.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                let event = event(name.clone(), input).ok_or_else(|| wasmtime::Error::msg("an event that is none"))?;
                Ok(guest.call_handle(store, &event).await?.map(|()| Said::Done("null".to_owned())))
            }
            Question::Call { kind: CallKind::Endpoint, name, input, .. } => {
                let guest = self.endpoint.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                let request = request(input).ok_or_else(|| wasmtime::Error::msg("a request that is none"))?;
                Ok(guest.call_answer(store, name, &request).await?.map(|response| Said::Done(answered(&response))))
            }
            Question::Call { kind: CallKind::Lifecycle, name, input, cursor } => {
                let guest = self.life.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                lived(guest, store, (name, input, cursor.as_deref())).await
            }
            Question::Call { kind: CallKind::Job, name, input, cursor } => {
                let guest = self.job.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                let said = guest.call_run(store, name, input, cursor.as_deref()).await?;
                Ok(said.map(|outcome| match outcome {
                    Outcome::Done(json) => Said::Done(json),
                    Outcome::GoesOn(cursor) => Said::GoesOn(cursor),
                }))
            }
        }
    }

    async fn ask_about(
        &self,
        (store, instance): (&mut Store<CallState>, &Instance),
        phase: Phase,
        (object, operation, changes): (&str, Operation, &[Change]),
    ) -> wasmtime::Result<Result<Vec<Verdict>, Error>> {
        match phase {
            Phase::BeforeSave => {
                let guest = self.record.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                guest.call_before_save(store, object, operation, changes).await
            }
            Phase::AfterSave => {
                let guest = self.after.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                guest.call_after_save(store, object, operation, changes).await
            }
            Phase::BeforeDelete => {
                let guest = self.delete.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                guest.call_before_delete(store, object, operation, changes).await
            }
            Phase::AfterDelete => {
                let guest = self.delete.as_ref().ok_or_else(missing)?.load(&mut *store, instance)?;
                guest.call_after_delete(store, object, operation, changes).await
            }
            _ => Err(missing()),
        }
    }
}

/// One moment of a package's life.
async fn lived(
    guest: lifecycle_hooks::Guest,
    store: &mut Store<CallState>,
    (name, input, cursor): (&str, &str, Option<&str>),
) -> wasmtime::Result<Result<Said, Error>> {
    let done = |()| Said::Done("null".to_owned());
    match LifeMoment::from_word(name).ok_or_else(missing)? {
        LifeMoment::Install => Ok(guest.call_install(store).await?.map(done)),
        LifeMoment::Uninstall => Ok(guest.call_uninstall(store).await?.map(done)),
        LifeMoment::Upgrade => {
            let input: Json = input.parse().map_err(|_| wasmtime::Error::msg("an upgrade from nothing"))?;
            let from = input.get("from").and_then(Json::as_str).unwrap_or_default();
            Ok(guest.call_upgrade(store, from, cursor).await?.map(|moved| match moved {
                lifecycle_hooks::Moved::Done(json) => Said::Done(json),
                lifecycle_hooks::Moved::GoesOn(cursor) => Said::GoesOn(cursor),
            }))
        }
    }
}

/// Where a component exports `warm-hooks`, if it does.
fn warm_of(component: &Component) -> Option<ComponentExportIndex> {
    let hooks = component.get_export_index(None, WARM_HOOKS)?;
    component.get_export_index(Some(&hooks), "warm")
}

/// An event as the contract has it.
fn event(object: String, input: &str) -> Option<event_hooks::Event> {
    let input: Json = input.parse().ok()?;
    let touched = |record: &Json| {
        let id = record.get("id")?.as_str()?.to_owned();
        Some(event_hooks::Touched { id, version: record.get("version")?.as_i64()? })
    };
    let list = |name: &str| input.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(event_hooks::Event {
        object,
        operation: super::operation(tenon_hooks::Operation::from_word(input.get("operation")?.as_str()?)?),
        records: list("records").iter().filter_map(touched).collect(),
        changed: list("changed").iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        at: input.get("at").and_then(Json::as_i64).unwrap_or_default(),
    })
}

/// A request as the contract has it.
fn request(input: &str) -> Option<endpoint_hooks::Request> {
    let input: Json = input.parse().ok()?;
    let text = |name: &str| Some(input.get(name)?.as_str()?.to_owned());
    let pair = |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    let pairs = |name: &str| input.get(name)?.as_array()?.iter().map(pair).collect::<Option<Vec<_>>>();
    let body = STANDARD.decode(input.get("body")?.as_str()?).ok()?;
    Some(endpoint_hooks::Request { method: text("method")?, path: text("path")?, query: pairs("query")?, headers: pairs("headers")?, body })
}

/// What a plugin answered, as it travels on; whether it may is looked at where every answer is.
fn answered(response: &endpoint_hooks::Response) -> String {
    let headers: Vec<Json> = response.headers.iter().map(|(name, value)| Json::from(vec![name.as_str(), value.as_str()])).collect();
    let members = [
        ("status".to_owned(), Json::from(response.status)),
        ("headers".to_owned(), Json::from(headers)),
        ("body".to_owned(), Json::from(STANDARD.encode(&response.body))),
    ];
    Json::Object(members.into_iter().collect()).to_string()
}

fn missing() -> wasmtime::Error {
    wasmtime::Error::msg("it does not export what it subscribes to")
}
