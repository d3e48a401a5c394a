//! One plugin being called by name: an action, a query, a step of a job, with whoever calls as its desk.

use std::time::Instant;

use tenon_hooks::{Blocked, Desk, HookError, Param, Phase, Stop};
use tenon_query::{Call, CallKind, Called};
use tenon_value::{Json, RecordId, Uuid};

use crate::fault::Broken;
use crate::limits::{ANSWER_HEADERS_MAX, CURSOR_LETTERS, CallLimits};
use crate::since_1::{self, Question, Said};
use crate::turn::{Portion, Turn};

/// The phase of a kind of call.
pub(crate) const fn phase(kind: CallKind) -> Phase {
    match kind {
        CallKind::Action => Phase::Action,
        CallKind::Query => Phase::Query,
        CallKind::Job => Phase::Job,
        CallKind::Event => Phase::Event,
        CallKind::Endpoint => Phase::Endpoint,
        CallKind::Lifecycle => Phase::Lifecycle,
    }
}

/// Calls what a plugin offers. A fault is always an error: there is no save that could go on without it.
pub(crate) async fn call(turn: Turn<'_>, call: &Call, desk: &mut dyn Desk, now: Instant) -> Result<Called, HookError> {
    if turn.is_left_alone(now) {
        return Err(Broken::limit("breaker", "it has failed too often within a minute").of(turn.plugin.title.clone()));
    }
    let stop =
        Stop { plugin: turn.plugin.title.clone(), phase: turn.phase, record: RecordId(Uuid::nil()), changed: vec![call.name.clone()] };
    let until = turn.tree.enter(vec![stop], turn.budgets.depth, now).map_err(|blocked| match blocked {
        Blocked::Recursion => turn.fault(Broken::limit("recursion", "it is called from within itself")),
        Blocked::Nesting => turn.fault(Broken::limit("nesting", "it stands below too many plugins")),
    })?;
    let limits = turn.budgets.of(turn.phase, turn.plugin.size);
    let limits = CallLimits { wall: limits.wall.min(until.saturating_duration_since(now)), ..limits };
    let input = input(turn, call);
    let answered = if input.len() > limits.input {
        Err(Broken::limit("input", "it was given more than a call may be"))
    } else {
        let question = Question::Call { kind: call.kind, name: call.name.clone(), input, cursor: call.cursor.clone() };
        let read = |said| match said {
            Ok(Said::Done(text)) => done(turn, call, &text).map(Ok),
            Ok(Said::GoesOn(cursor)) if cursor.len() <= CURSOR_LETTERS && !cursor.contains('\0') => Ok(Ok(Called::GoesOn(cursor))),
            Ok(Said::GoesOn(_)) => Err(Broken::limit("output", "its cursor is too long")),
            Ok(Said::Verdicts(_) | Said::Values(_)) => Err(Broken::answer("answered something else than it was asked")),
            Err(error) => since_1::refused(&turn.plugin.name, None, error).map(Err),
        };
        turn.take((question, Portion { first: 0, rows: 0 }), desk, (&limits, now + limits.wall), read).await
    };
    turn.tree.leave(Instant::now());
    match answered {
        Ok(Ok(called)) => Ok(called),
        Ok(Err(refusal)) => Err(HookError::Refused(refusal)),
        Err(broken) => Err(turn.fault(broken)),
    }
}

/// What a call is given; of an event no more than the package was granted.
fn input(turn: Turn<'_>, call: &Call) -> String {
    let Some(object) = turn.cx.model.object_named(&call.name).filter(|_| call.kind == CallKind::Event) else {
        return call.input.to_string();
    };
    let mut input = call.input.clone();
    if let Some(Json::Array(changed)) = input.get_mut("changed") {
        changed.retain(|name| name.as_str().is_some_and(|name| since_1::is_shown(&turn.plugin.grant, object, name)));
    }
    input.to_string()
}

/// An answer that may be given: a status that leads nobody elsewhere, headers that mean nothing to a browser.
fn answer(json: Json) -> Result<Json, Broken> {
    let status = json.get("status").and_then(Json::as_u64).unwrap_or_default();
    if !matches!(status, 200..=299 | 400..=599) {
        return Err(Broken::answer(format!("answered with the status {status}")));
    }
    let headers = json.get("headers").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |header: &Json, at: usize| header.get(at).and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
    let is_theirs = |header: &&Json| {
        let (name, value) = (text(header, 0), text(header, 1));
        let is_token = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let named = matches!(name.as_str(), "content-type" | "retry-after") || name.starts_with("x-") && name.chars().all(is_token);
        named && !value.chars().any(char::is_control)
    };
    match headers.iter().find(|header| !is_theirs(header)) {
        Some(header) => Err(Broken::answer(format!("answered with the header `{}`", text(header, 0).escape_debug()))),
        None if headers.len() > ANSWER_HEADERS_MAX => Err(Broken::limit("output", "answered with too many headers")),
        None => Ok(json),
    }
}

/// What came back, as it was declared: of an action or a query exactly its members, of a job any JSON.
fn done(turn: Turn<'_>, call: &Call, text: &str) -> Result<Called, Broken> {
    let json: Json = text.parse().map_err(|_| Broken::answer("answered no JSON"))?;
    let offered = match call.kind {
        CallKind::Action => &turn.plugin.actions,
        CallKind::Query => &turn.plugin.queries,
        CallKind::Endpoint => return answer(json).map(Called::Done),
        CallKind::Job | CallKind::Event | CallKind::Lifecycle => return Ok(Called::Done(json)),
    };
    let declared = offered.iter().find(|one| one.name == call.name).map(|one| one.output.as_slice()).unwrap_or_default();
    let Json::Object(members) = &json else { return Err(Broken::answer("answered no JSON object")) };
    if let Some(name) = members.keys().find(|name| !declared.iter().any(|param| param.name == **name)) {
        return Err(Broken::answer(format!("answered `{}`, which it did not declare", name.escape_debug())));
    }
    let misfit = |param: &&Param| !param.holds(members.get(&param.name).unwrap_or(&Json::Null));
    match declared.iter().find(misfit) {
        Some(param) => Err(Broken::answer(format!("answered `{}` with something else than {}", param.name, param.kind.word()))),
        None => Ok(Called::Done(json)),
    }
}
