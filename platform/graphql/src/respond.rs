//! The response around the data: `errors`, and `extensions` with request id and cost.

use tenon_context::OpContext;
use tenon_diagnostics::{Kind, PROBLEMS_MAX, Problem, Problems};
use tenon_value::{Json, JsonMap};

use crate::cost::Cost;
use crate::told::problem_json;

/// Errors under way: each problem with the response key of its root field, if it has one.
#[derive(Default)]
pub(crate) struct Errors {
    entries: Vec<Json>,
    /// The first of them, for callers inside the house.
    first: Option<Problem>,
    more: usize,
    /// Seconds after which the caller should ask again, where a problem says so.
    retry_after: Option<u64>,
    /// Those that say only that the database is away.
    away: usize,
}

impl Errors {
    /// Adds problems, under a root field or of the whole request.
    pub(crate) fn add(&mut self, cx: &OpContext, root: Option<(&str, (u32, u32))>, problems: &Problems) {
        self.more += problems.more();
        for problem in problems.as_slice() {
            self.push(cx, root, problem);
        }
    }

    pub(crate) fn push(&mut self, cx: &OpContext, root: Option<(&str, (u32, u32))>, problem: &Problem) {
        let again = problem.details.iter().find(|(key, _)| *key == "retryAfter").and_then(|(_, seconds)| seconds.as_u64());
        self.retry_after = self.retry_after.max(again);
        self.away += usize::from(problem.kind == Kind::Unavailable);
        self.first.get_or_insert_with(|| problem.clone());
        if self.entries.len() >= PROBLEMS_MAX {
            self.more += 1;
            return;
        }
        let mut entry = match (root, problem.location) {
            (Some((_, (line, column))), None) => problem_json(&problem.clone().located(line, column), cx.locale, &cx.request),
            _ => problem_json(problem, cx.locale, &cx.request),
        };
        if let (Some((key, _)), Json::Object(members)) = (root, &mut entry) {
            members.insert("path".to_owned(), Json::Array(vec![Json::from(key)]));
        }
        self.entries.push(entry);
    }

    /// The first problem, as it was found.
    pub(crate) fn first(&self) -> Option<Problem> {
        self.first.clone()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The database was away, for every field that was asked of it.
    pub(crate) const fn is_away(&self) -> bool {
        self.away > 0 && self.away == self.entries.len() + self.more
    }

    pub(crate) const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }
}

fn extensions(cx: &OpContext, cost: &Cost, more: usize) -> Json {
    let mut members = JsonMap::new();
    members.insert("requestId".to_owned(), Json::from(cx.request.as_str()));
    members.insert("cost".to_owned(), cost.to_json());
    if let Some(deprecations) = cost.deprecations() {
        members.insert("deprecations".to_owned(), deprecations);
    }
    if let Some(behind) = &cost.behind {
        members.insert("explain".to_owned(), behind.clone());
    }
    if cx.dry_run {
        members.insert("dryRun".to_owned(), Json::Bool(true));
    }
    if more > 0 {
        members.insert("moreErrors".to_owned(), Json::from(more));
    }
    Json::Object(members)
}

/// A whole response. Without `data` it has no such entry: the request was not executed.
pub(crate) fn response(cx: &OpContext, data: Option<&[u8]>, errors: &Errors, cost: &Cost) -> Vec<u8> {
    let mut body = Vec::with_capacity(data.map_or(0, <[u8]>::len) + 256);
    body.push(b'{');
    if let Some(data) = data {
        body.extend_from_slice(b"\"data\":");
        body.extend_from_slice(data);
        body.push(b',');
    }
    // Writing to a vector cannot fail.
    if !errors.is_empty() {
        body.extend_from_slice(b"\"errors\":");
        serde_json::to_writer(&mut body, &errors.entries).unwrap_or_default();
        body.push(b',');
    }
    body.extend_from_slice(b"\"extensions\":");
    serde_json::to_writer(&mut body, &extensions(cx, cost, errors.more)).unwrap_or_default();
    body.push(b'}');
    body
}
