//! How failures look outside: the one table from `Kind` to status, GraphQL error bodies, and problem documents.

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, json};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_graphql::problem_json;
use tenon_value::Json;

use crate::facts::Arrival;
use crate::negotiate::Media;

/// Seconds after which a caller should come back when the server is busy or away.
const RETRY_AFTER: &str = "1";

/// The status of a failure at the REST doors (API.md §3).
pub(crate) const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        Kind::PluginFault => StatusCode::BAD_GATEWAY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A failure of a GraphQL endpoint before the document was looked at: a GraphQL response with one error.
pub(crate) fn graphql_failure(status: StatusCode, media: Media, problem: &Problem, arrival: &Arrival) -> Response {
    let body = json!({
        "errors": [problem_json(problem, arrival.message_locale(), &arrival.request)],
        "extensions": { "requestId": arrival.request.as_str() },
    });
    failure(status, media.content_type(), &body)
}

/// A failure of a REST door: a problem document.
pub(crate) fn problem(problem: &Problem, arrival: &Arrival) -> Response {
    let status = match problem.rule.as_deref() {
        _ if problem.limit.is_some_and(|limit| limit.ends_with("bytes")) => StatusCode::PAYLOAD_TOO_LARGE,
        _ if matches!(problem.limit, Some("body_idle" | "body_time" | "upload_time")) => StatusCode::REQUEST_TIMEOUT,
        Some("content_type") if problem.kind == Kind::Invalid => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => status_of(problem.kind),
    };
    problem_with(status, problem, arrival)
}

/// A problem document with a status of its own.
pub(crate) fn problem_with(status: StatusCode, problem: &Problem, arrival: &Arrival) -> Response {
    let error = problem_json(problem, arrival.message_locale(), &arrival.request);
    let mut body = Map::new();
    body.insert("type".to_owned(), json!("about:blank"));
    // `title` is the word of RFC 9457, `message` that of every error of ours.
    for word in ["title", "message"] {
        body.insert(word.to_owned(), error.get("message").cloned().unwrap_or_default());
    }
    body.insert("status".to_owned(), json!(status.as_u16()));
    if let Some(Json::Object(extensions)) = error.get("extensions") {
        body.extend(extensions.clone());
    }
    let mut response = failure(status, "application/problem+json; charset=utf-8", &Json::Object(body));
    if let Some((_, seconds)) = problem.details.iter().find(|(name, _)| *name == "retryAfter")
        && let Ok(seconds) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn failure(status: StatusCode, content_type: &'static str, body: &Json) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        _ => {}
    }
    response
}

/// Says an error's problem, and tells the log what the caller is not told.
pub(crate) fn problem_of(error: &(dyn Classify + Send + Sync), arrival: &Arrival) -> Problem {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            chain = format!("{chain}: {cause}");
            source = cause.source();
        }
        tracing::error!(request = %arrival.request, "{chain}");
    }
    error.problem()
}

/// Who sends too slowly is told so in the shape of the door it knocked at, and its connection is closed: the rest of the
/// body may still come.
pub(crate) fn too_slow(problem: &Problem, graphql: Option<Media>, arrival: &Arrival) -> Response {
    let status = StatusCode::REQUEST_TIMEOUT;
    let mut response = match graphql {
        Some(media) => graphql_failure(status, media, problem, arrival),
        None => problem_with(status, problem, arrival),
    };
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A bug of ours: the handler panicked. The caller is told nothing but the id to ask about.
pub(crate) fn broken(arrival: &Arrival) -> Response {
    let problem = Problem::of_kind(Kind::Internal);
    let error = problem_json(&problem, arrival.message_locale(), &arrival.request);
    // Both shapes at once: whichever door it was, its callers find what they look for.
    let mut body = Map::new();
    if let Some(Json::Object(extensions)) = error.get("extensions") {
        body.extend(extensions.clone());
    }
    body.insert("errors".to_owned(), json!([error]));
    failure(StatusCode::INTERNAL_SERVER_ERROR, "application/json; charset=utf-8", &Json::Object(body))
}

/// Nothing lives at this path.
pub(crate) async fn no_such_route(Extension(arrival): Extension<Arrival>) -> Response {
    let missing = Problem {
        message: tenon_diagnostics::Message::new("there is nothing at this path", "该路径不存在"),
        ..Problem::of_kind(Kind::NotFound)
    };
    problem(&missing, &arrival)
}

/// The path is right, the method is not.
pub(crate) async fn no_such_method(Extension(arrival): Extension<Arrival>) -> Response {
    let wrong = Problem::invalid("method", "this path does not take that method", "该路径不支持此方法");
    let mut response = problem_with(StatusCode::METHOD_NOT_ALLOWED, &wrong, &arrival);
    // axum adds the right `Allow` of the route itself.
    response.headers_mut().remove(header::ALLOW);
    response.into_response()
}
