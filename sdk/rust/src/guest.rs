//! What [`export!`](crate::export) expands to calls: from the contract's words to the SDK's and back.

use std::rc::Rc;

use crate::jobs::Outcome;
use crate::{Hooks, Json, wire};

pub use crate::bindings::exports::tenon::plugin::record_hooks::{Change, Error, Guest, Operation, Verdict};
pub use crate::bindings::exports::tenon::plugin::{
    action_hooks::Guest as ActionGuest, after_hooks::Guest as AfterGuest, computed_hooks::Guest as ComputedGuest,
    computed_hooks::Row as WitRow, delete_hooks::Guest as DeleteGuest, endpoint_hooks::Guest as EndpointGuest,
    endpoint_hooks::Request as WitRequest, endpoint_hooks::Response as WitResponse, event_hooks::Event as WitEvent,
    event_hooks::Guest as EventGuest, job_hooks::Guest as JobGuest, job_hooks::Outcome as JobOutcome,
    lifecycle_hooks::Guest as LifecycleGuest, lifecycle_hooks::Moved, query_hooks::Guest as QueryGuest,
};

pub use crate::bindings::tenon::plugin::types::Value as WitValue;

/// Runs the hook of a plugin. Everything it lives on is made here and dropped here.
///
/// # Errors
/// What the plugin says.
pub fn before_save(plugin: &dyn Hooks, object: &str, operation: Operation, changes: Vec<Change>) -> Result<Vec<Verdict>, Error> {
    asked(object, operation, changes, |changes| plugin.before_save_all(changes))
}

/// Computes a field of records, one after the other.
#[must_use]
pub fn compute(plugin: &dyn Hooks, object: &str, field: &str, rows: Vec<WitRow>) -> Vec<Result<WitValue, String>> {
    report_panics();
    let one = |row: WitRow| match plugin.compute(object, field, &wire::row(row)) {
        Ok(value) => Ok(wire::outgoing(value)),
        Err(crate::Error::Refused(refusal)) => Err(refusal.message),
        Err(crate::Error::Failed(words)) => Err(words),
    };
    rows.into_iter().map(one).collect()
}

/// Runs the hook of a plugin.
///
/// # Errors
/// What the plugin says.
pub fn after_save(plugin: &dyn Hooks, object: &str, operation: Operation, changes: Vec<Change>) -> Result<Vec<Verdict>, Error> {
    asked(object, operation, changes, |changes| plugin.after_save_all(changes))
}

/// Runs the hook of a plugin.
///
/// # Errors
/// What the plugin says.
pub fn before_delete(plugin: &dyn Hooks, object: &str, operation: Operation, changes: Vec<Change>) -> Result<Vec<Verdict>, Error> {
    asked(object, operation, changes, |changes| plugin.before_delete_all(changes))
}

/// Runs the hook of a plugin.
///
/// # Errors
/// What the plugin says.
pub fn after_delete(plugin: &dyn Hooks, object: &str, operation: Operation, changes: Vec<Change>) -> Result<Vec<Verdict>, Error> {
    asked(object, operation, changes, |changes| plugin.after_delete_all(changes))
}

/// Calls an action of a plugin.
///
/// # Errors
/// What the plugin says.
pub fn act(plugin: &dyn Hooks, action: &str, input: &str) -> Result<String, Error> {
    report_panics();
    let answer = plugin.act(action, &json(input)).map_err(wire::error)?;
    Ok(answer.to_string())
}

/// Answers a query of a plugin.
///
/// # Errors
/// What the plugin says.
pub fn resolve(plugin: &dyn Hooks, query: &str, input: &str) -> Result<String, Error> {
    report_panics();
    let answer = plugin.resolve(query, &json(input)).map_err(wire::error)?;
    Ok(answer.to_string())
}

/// Carries out a step of a plugin's job.
///
/// # Errors
/// What the plugin says.
pub fn run(plugin: &dyn Hooks, job: &str, input: &str, cursor: Option<&str>) -> Result<JobOutcome, Error> {
    report_panics();
    let outcome = plugin.run(job, &json(input), cursor).map_err(wire::error)?;
    Ok(match outcome {
        Outcome::Done(json) => JobOutcome::Done(json),
        Outcome::GoesOn(cursor) => JobOutcome::GoesOn(cursor),
    })
}

/// Tells a plugin that its package comes, grows or goes.
///
/// # Errors
/// What the plugin says.
pub fn install(plugin: &dyn Hooks) -> Result<(), Error> {
    report_panics();
    plugin.install().map_err(wire::error)
}

/// See [`install`].
///
/// # Errors
/// What the plugin says.
pub fn upgrade(plugin: &dyn Hooks, from: &str, cursor: Option<&str>) -> Result<Moved, Error> {
    report_panics();
    let outcome = plugin.upgrade(from, cursor).map_err(wire::error)?;
    Ok(match outcome {
        Outcome::Done(json) => Moved::Done(json),
        Outcome::GoesOn(cursor) => Moved::GoesOn(cursor),
    })
}

/// See [`install`].
///
/// # Errors
/// What the plugin says.
pub fn uninstall(plugin: &dyn Hooks) -> Result<(), Error> {
    report_panics();
    plugin.uninstall().map_err(wire::error)
}

/// Tells a plugin of an event.
///
/// # Errors
/// What the plugin says.
pub fn heard(plugin: &dyn Hooks, event: WitEvent) -> Result<(), Error> {
    report_panics();
    plugin.heard(&wire::event(event)).map_err(wire::error)
}

/// Lets a plugin answer a request at one of its endpoints.
///
/// # Errors
/// What the plugin says.
pub fn answer(plugin: &dyn Hooks, endpoint: &str, request: WitRequest) -> Result<WitResponse, Error> {
    report_panics();
    let WitRequest { method, path, query, headers, body } = request;
    let request = crate::http::Incoming { method, path, query, headers, body };
    let answer = plugin.answer(endpoint, &request).map_err(wire::error)?;
    Ok(WitResponse { status: answer.status, headers: answer.headers, body: answer.body })
}

fn json(text: &str) -> Json {
    text.parse().expect("the host writes JSON")
}

fn asked(
    object: &str,
    operation: Operation,
    changes: Vec<Change>,
    hook: impl FnOnce(&mut [crate::Change]) -> Result<(), crate::Error>,
) -> Result<Vec<Verdict>, Error> {
    report_panics();
    let object: Rc<str> = object.into();
    let mut changes: Vec<crate::Change> = changes.into_iter().map(|change| wire::change(&object, operation, change)).collect();
    hook(&mut changes).map_err(wire::error)?;
    Ok(changes.into_iter().map(wire::verdict).collect())
}

/// A panic ends the instance; its words would be lost. Natively the test harness shows them.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| crate::log::error(&info.to_string())));
}

/// The bytes of a text, as an array that a section can hold.
#[must_use]
pub const fn bytes<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    match text.as_bytes().first_chunk::<LENGTH>() {
        Some(bytes) => *bytes,
        None => [0; LENGTH],
    }
}
