//! async-graphql's answer → the bytes and words of API.md §1.6.

use async_graphql::{PathSegment, Response, ServerError};
use bytes::Bytes;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem, Problems};
use tenon_value::{Json, JsonMap, Locale, RequestId};

use super::door::Failure;
use super::guard::{self, Counted};
use super::numbers;
use crate::told::members;
use crate::{GraphqlResponse, Outcome, limits};

/// How the caller is told things.
pub(super) struct Told {
    locale: Locale,
    request: RequestId,
    pub(super) version: u64,
}

impl Told {
    pub(super) fn new(cx: &OpContext) -> Self {
        Self { locale: cx.locale, request: cx.request.clone(), version: cx.model.version.0 }
    }
}

/// An answer with a `data` entry, or what validation says against the document. Of a mutation that failed nothing
/// happened, so no field of it tells otherwise.
pub(super) fn answered(told: &Told, response: &Response, counted: Counted, dry_run: bool) -> GraphqlResponse {
    // Resolvers' errors have a path; what fails before execution has none.
    let rejected = response.errors.iter().any(|error| error.path.is_empty());
    let mut body = JsonMap::new();
    if !rejected {
        let nothing_happened = counted.kind == guard::Kind::Mutation && !response.errors.is_empty();
        let data = if nothing_happened { Json::Null } else { numbers::json(response.data.clone()) };
        // A field that is never null has no null to stand for it: then there is no answer at all.
        let is_missing = |error: &ServerError| matches!(error.path.first(), Some(PathSegment::Field(name)) if data.get(name).is_none());
        let data = if response.errors.iter().any(is_missing) { Json::Null } else { data };
        body.insert("data".to_owned(), data);
    }
    let mut errors = Vec::new();
    let mut more = 0_usize;
    for error in &response.errors {
        more += one((told, counted), error, &mut errors);
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Json::Array(errors));
    }
    let actual = body.get("data").map_or(0, members_in);
    extensions(told, &mut body, more, (counted.fields, actual), dry_run);
    finish(body, if rejected { Outcome::Rejected } else { Outcome::Answered }, told.version)
}

/// The answer to the same request before.
pub(super) fn replayed(told: &Told, body: Vec<u8>) -> GraphqlResponse {
    GraphqlResponse { replayed: true, ..GraphqlResponse::answered(Bytes::from(body), told.version) }
}

/// Fields that were answered. async-graphql's own limit bounds how deep they nest.
fn members_in(data: &Json) -> u64 {
    match data {
        Json::Object(members) => members.values().map(|value| 1 + members_in(value)).sum(),
        Json::Array(elements) => elements.iter().map(members_in).sum(),
        _ => 0,
    }
}

/// Refused before execution.
pub(super) fn rejected(told: &Told, problems: Problems) -> GraphqlResponse {
    with_outcome(told, &problems, Outcome::Rejected)
}

/// The key of a mutation stands for another, or cannot be looked up: nothing happened.
pub(super) fn unkeyed(told: &Told, problem: &Problem) -> GraphqlResponse {
    let mut body = JsonMap::from_iter([("data".to_owned(), Json::Null)]);
    body.insert("errors".to_owned(), Json::Array(vec![entry(told, problem, None)]));
    extensions(told, &mut body, 0, (0, 0), false);
    finish(body, Outcome::Answered, told.version)
}

/// What was done could not be kept: nothing was changed.
pub(super) fn failed(told: &Told, problems: Problems) -> GraphqlResponse {
    let kind = problems.as_slice().first().map_or(Kind::Internal, |problem| problem.kind);
    with_outcome(told, &problems, Outcome::Failed(kind))
}

/// Changes are made by POST.
pub(super) fn mutation_by_get(told: &Told) -> GraphqlResponse {
    let problem = Problem::invalid("graphql/validation", "a mutation is sent by POST", "变更操作须使用 POST");
    with_outcome(told, &Problems::from(problem), Outcome::MutationByGet)
}

fn with_outcome(told: &Told, problems: &Problems, outcome: Outcome) -> GraphqlResponse {
    let errors = problems.as_slice().iter().map(|problem| entry(told, problem, None)).collect();
    let mut body = JsonMap::new();
    body.insert("errors".to_owned(), Json::Array(errors));
    extensions(told, &mut body, problems.more(), (0, 0), false);
    finish(body, outcome, told.version)
}

fn finish(body: JsonMap<String, Json>, outcome: Outcome, model_version: u64) -> GraphqlResponse {
    let has_errors = body.contains_key("errors");
    let body = Bytes::from(Json::Object(body).to_string());
    GraphqlResponse { outcome, has_errors, ..GraphqlResponse::answered(body, model_version) }
}

fn extensions(told: &Told, body: &mut JsonMap<String, Json>, more: usize, (requested, actual): (u64, u64), dry_run: bool) {
    let mut map = JsonMap::new();
    map.insert("requestId".to_owned(), Json::from(told.request.as_str()));
    let cost = [("requested", requested), ("actual", actual), ("available", limits::FIELDS.saturating_sub(requested))];
    let cost = cost.map(|(name, fields)| (name.to_owned(), Json::from(fields)));
    map.insert("cost".to_owned(), Json::Object(JsonMap::from_iter(cost)));
    if more > 0 {
        map.insert("moreErrors".to_owned(), Json::from(more));
    }
    if dry_run {
        map.insert("dryRun".to_owned(), Json::Bool(true));
    }
    body.insert("extensions".to_owned(), Json::Object(map));
}

/// The entries of one error; returns how many more there were.
fn one((told, counted): (&Told, Counted), error: &ServerError, entries: &mut Vec<Json>) -> usize {
    if let Some(failure) = error.source.as_ref().and_then(|source| source.downcast_ref::<Failure>()) {
        entries.extend(failure.0.as_slice().iter().map(|problem| entry(told, problem, Some(error))));
        return failure.0.more();
    }
    let is_value = error.message.contains("Invalid value for argument") || error.message.contains("Variable");
    let rule = if is_value && counted.takes_variables { "graphql/variables" } else { "graphql/validation" };
    // The words graphql-js uses, which clients know from the data API.
    let words = match error.message.strip_prefix("Unknown field ") {
        Some(rest) => format!("Cannot query field {rest}"),
        None => error.message.clone(),
    };
    let problem = Problem { message: Message::verbatim(words), ..Problem::invalid(rule, "", "") };
    entries.push(entry(told, &problem, Some(error)));
    0
}

fn entry(told: &Told, problem: &Problem, error: Option<&ServerError>) -> Json {
    let mut map = JsonMap::new();
    map.insert("message".to_owned(), Json::from(problem.message.in_locale(told.locale)));
    if let Some(error) = error.filter(|error| !error.path.is_empty()) {
        let step = |segment: &PathSegment| match segment {
            PathSegment::Field(name) => Json::from(name.as_str()),
            PathSegment::Index(index) => Json::from(*index),
        };
        map.insert("path".to_owned(), error.path.iter().map(step).collect());
    }
    let located = |(line, column): (u64, u64)| {
        let place = JsonMap::from_iter([("line".to_owned(), Json::from(line)), ("column".to_owned(), Json::from(column))]);
        Json::Object(place)
    };
    let places: Vec<Json> = match (problem.location, error) {
        (Some((line, column)), _) => vec![located((line.into(), column.into()))],
        (None, Some(error)) => error.locations.iter().map(|pos| located((pos.line as u64, pos.column as u64))).collect(),
        (None, None) => Vec::new(),
    };
    if !places.is_empty() {
        map.insert("locations".to_owned(), Json::Array(places));
    }
    map.insert("extensions".to_owned(), Json::Object(members(problem, &told.request)));
    Json::Object(map)
}
