//! Browsers of other origins. A key travels in a header, so any origin may read what a key it holds may read; a tenant that
//! lists origins in its settings (`cors`) narrows it to those. Cookies count for listed origins only, never for "any".

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Content-Encoding, Accept, Accept-Language, Idempotency-Key, Tenon-Cost, Tenon-Min-Model-Version, X-Request-Id, If-None-Match, If-Range, Range, Content-Disposition, Last-Event-ID, traceparent",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "X-Request-Id, Tenon-Model-Version, RateLimit, RateLimit-Policy, Idempotency-Replayed, ETag, Location, Retry-After, Server-Timing, Tenon-Cursor, WWW-Authenticate, Allow, Accept-Ranges, Content-Disposition, Content-Length, Content-Range",
);
const HOUR: HeaderValue = HeaderValue::from_static("3600");

/// Whether this is a browser's question before the call itself.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight; kept for an hour.
pub(crate) fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HOUR);
    response
}

/// An origin that may read an answer, and whether its cookies count.
pub(crate) struct Allowed {
    origin: HeaderValue,
    with_cookies: bool,
}

/// The origin of a call to this path, if its tenant lets it read the answer.
pub(crate) async fn allowed(app: &App, path: &str, origin: Option<HeaderValue>) -> Option<Allowed> {
    let origin = origin?;
    let Some(tenant) = tenant_of(path) else { return Some(Allowed { origin, with_cookies: false }) };
    match app.identity.origins(tenant).await {
        Ok(listed) => {
            let with_cookies = listed.iter().any(|one| one.as_bytes() == origin.as_bytes());
            (listed.is_empty() || with_cookies).then_some(Allowed { origin, with_cookies })
        }
        // Whoever cannot be asked has not allowed it.
        Err(_) => None,
    }
}

/// Lets the calling origin read the answer.
pub(crate) fn allow(headers: &mut HeaderMap, allowed: Option<Allowed>) {
    if let Some(Allowed { origin, with_cookies }) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if with_cookies {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// The tenant a path names: `/t/{tenant}/…`.
fn tenant_of(path: &str) -> Option<&str> {
    path.strip_prefix("/t/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_tenant() {
        assert_eq!(tenant_of("/t/acme/graphql"), Some("acme"));
        assert_eq!(tenant_of("/t/acme"), Some("acme"));
        assert_eq!(tenant_of("/healthz"), None);
    }
}
