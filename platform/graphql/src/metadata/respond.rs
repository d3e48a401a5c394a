//! async-graphql's answer → the bytes and words of API.md §1.6.

use async_graphql::{PathSegment, Response, ServerError};
use bytes::Bytes;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem, Problems};
use tenon_value::{Json, JsonMap, Locale, RequestId};

use super::door::Failure;
use super::numbers;
use crate::told::members;
use crate::{GraphqlResponse, Outcome};

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
pub(super) fn answered(told: &Told, response: &Response, (is_mutation, version): (bool, u64), dry_run: bool) -> GraphqlResponse {
    // Resolvers' errors have a path; what fails before execution has none.
    let rejected = response.errors.iter().any(|error| error.path.is_empty());
    let mut body = JsonMap::new();
    if !rejected {
        let nothing_happened = is_mutation && !response.errors.is_empty();
        let data = if nothing_happened { Json::Null } else { numbers::json(response.data.clone()) };
        // A field that is never null has no null to stand for it: then there is no answer at all.
        let is_missing = |error: &ServerError| matches!(error.path.first(), Some(PathSegment::Field(name)) if data.get(name).is_none());
        let data = if response.errors.iter().any(is_missing) { Json::Null } else { data };
        body.insert("data".to_owned(), data);
    }
    let mut errors = Vec::new();
    let mut more = 0_usize;
    for error in &response.errors {
        more += one(told, error, &mut errors);
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Json::Array(errors));
    }
    extensions(told, &mut body, more, dry_run);
    finish(body, if rejected { Outcome::Rejected } else { Outcome::Answered }, version)
}

/// Refused before execution.
pub(super) fn rejected(told: &Told, problems: Problems) -> GraphqlResponse {
    with_outcome(told, &problems, Outcome::Rejected)
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
    extensions(told, &mut body, problems.more(), false);
    finish(body, outcome, told.version)
}

fn finish(body: JsonMap<String, Json>, outcome: Outcome, model_version: u64) -> GraphqlResponse {
    let has_errors = body.contains_key("errors");
    let body = Bytes::from(Json::Object(body).to_string());
    GraphqlResponse { body, outcome, model_version, replayed: false, has_errors, retry_after: None }
}

fn extensions(told: &Told, body: &mut JsonMap<String, Json>, more: usize, dry_run: bool) {
    let mut map = JsonMap::new();
    map.insert("requestId".to_owned(), Json::from(told.request.as_str()));
    if more > 0 {
        map.insert("moreErrors".to_owned(), Json::from(more));
    }
    if dry_run {
        map.insert("dryRun".to_owned(), Json::Bool(true));
    }
    body.insert("extensions".to_owned(), Json::Object(map));
}

/// The entries of one error; returns how many more there were.
fn one(told: &Told, error: &ServerError, entries: &mut Vec<Json>) -> usize {
    if let Some(failure) = error.source.as_ref().and_then(|source| source.downcast_ref::<Failure>()) {
        entries.extend(failure.0.as_slice().iter().map(|problem| entry(told, problem, Some(error))));
        return failure.0.more();
    }
    let rule = if error.message.contains("Invalid value for argument") || error.message.contains("Variable") {
        "graphql/variables"
    } else {
        "graphql/validation"
    };
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
