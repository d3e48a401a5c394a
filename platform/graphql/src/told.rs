//! A problem as callers read it: one entry of `errors` (API.md §1.6). The only place that knows `extensions.code`.

use tenon_diagnostics::Problem;
use tenon_value::{Json, JsonMap, Locale, RequestId};

/// One entry of `errors`, without `path`; `locations` where the problem knows its place.
#[must_use]
pub fn problem_json(problem: &Problem, locale: Locale, request: &RequestId) -> Json {
    let mut entry = JsonMap::new();
    entry.insert("message".to_owned(), Json::from(problem.message.in_locale(locale)));
    if let Some((line, column)) = problem.location {
        let place = JsonMap::from_iter([("line".to_owned(), Json::from(line)), ("column".to_owned(), Json::from(column))]);
        entry.insert("locations".to_owned(), Json::Array(vec![Json::Object(place)]));
    }
    entry.insert("extensions".to_owned(), Json::Object(members(problem, request)));
    Json::Object(entry)
}

/// `extensions` of an error.
pub(crate) fn members(problem: &Problem, request: &RequestId) -> JsonMap<String, Json> {
    let mut members = JsonMap::new();
    // The one word beside the kinds: Apollo's clients send the document again when they read it.
    let foreign = problem.rule.as_deref() == Some(crate::persisted::NOT_FOUND);
    let code = if foreign { "PERSISTED_QUERY_NOT_FOUND" } else { problem.kind.code() };
    members.insert("code".to_owned(), Json::from(code));
    let texts = [
        ("rule", problem.rule.as_deref().filter(|_| !foreign)),
        ("limit", problem.limit),
        ("object", problem.object.as_deref()),
        ("field", problem.field.as_deref()),
        ("package", problem.package.as_deref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            members.insert(key.to_owned(), Json::from(text));
        }
    }
    if !problem.input_path.steps().is_empty() {
        members.insert("inputPath".to_owned(), problem.input_path.to_json());
    }
    for (key, value) in &problem.details {
        members.insert((*key).to_owned(), value.clone());
    }
    members.insert("requestId".to_owned(), Json::from(request.as_str()));
    members
}
