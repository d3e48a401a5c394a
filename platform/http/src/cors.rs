//! Browsers of other origins. Credentials are keys in a header, never cookies (until sessions exist), so any origin may
//! read what a key it holds may read; tenants that list origins narrow it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Accept, Accept-Language, Idempotency-Key, Tenon-Cost, Tenon-Min-Model-Version, X-Request-Id, If-None-Match, traceparent",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "X-Request-Id, Tenon-Model-Version, RateLimit, RateLimit-Policy, Idempotency-Replayed, ETag, Location, Retry-After, Server-Timing",
);
const HOUR: HeaderValue = HeaderValue::from_static("3600");

/// Answers a preflight; kept for an hour.
pub(crate) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HOUR);
    response
}

/// Lets the calling origin read the answer.
pub(crate) fn allow(headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
