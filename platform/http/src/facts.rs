//! The first and last station of every request: its id, its language, its deadline; the headers of every answer.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tenon_context::Via;
use tenon_identity::RequestFacts;
use tenon_value::{Locale, RequestId};
use tracing::Instrument;

use crate::app::{App, TIME_MAX};
use crate::cors;

/// The header that names a request, both ways.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the door knows of a request before it knows the caller; an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Its id.
    pub(crate) request: RequestId,
    /// The language asked for.
    pub(crate) locale: Option<Locale>,
    /// When the caller stops waiting.
    pub(crate) deadline: Instant,
}

impl Arrival {
    /// As `identity` wants it.
    pub(crate) fn facts(&self, via: Via) -> RequestFacts {
        RequestFacts { request: self.request.clone(), locale: self.locale, deadline: Some(self.deadline), via }
    }

    /// A request that did not pass [`receive`]: a bug, told apart by its id.
    pub(crate) fn unannounced() -> Self {
        Self { request: RequestId::generate(), locale: None, deadline: Instant::now() + TIME_MAX }
    }

    /// The language of messages before a tenant is known.
    pub(crate) fn message_locale(&self) -> Locale {
        self.locale.unwrap_or_default()
    }
}

/// Receives a request, passes it on, and completes the answer's headers.
pub(crate) async fn receive(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).and_then(RequestId::from_caller);
    let id = id.unwrap_or_else(RequestId::generate);
    let arrival = Arrival { request: id.clone(), locale: wanted_locale(request.headers()), deadline: Instant::now() + TIME_MAX };
    let origin = request.headers().get(header::ORIGIN).cloned();
    request.extensions_mut().insert(arrival);
    let span = tracing::info_span!("http.receive", request = %id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    app.traffic.count(response.status().as_u16());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("Authorization, Cookie, Accept, Accept-Language, Accept-Encoding, Origin"));
    cors::allow(headers, origin.as_ref());
    response
}

/// The first language of `Accept-Language` that the product speaks, by the caller's preference.
fn wanted_locale(headers: &HeaderMap) -> Option<Locale> {
    let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut wanted: Vec<(f32, Locale)> = header
        .split(',')
        .filter_map(|entry| {
            let mut parts = entry.trim().split(';');
            let locale = Locale::from_tag(parts.next()?.trim())?;
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
            (weight > 0.0).then_some((weight, locale))
        })
        .collect();
    // A stable sort keeps the order of equal weights.
    wanted.sort_by(|left, right| right.0.total_cmp(&left.0));
    wanted.first().map(|(_, locale)| *locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &'static str, expected: Option<Locale>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(header));
        assert_eq!(wanted_locale(&headers), expected, "{header}");
    }

    #[test]
    fn the_preferred_language_that_we_speak_wins() {
        check("zh-CN,zh;q=0.9,en;q=0.8", Some(Locale::Zh));
        check("fr, en;q=0.2, zh;q=0.7", Some(Locale::Zh));
        check("en-US", Some(Locale::En));
        check("fr, de", None);
        check("zh;q=0, en;q=0.1", Some(Locale::En));
        check(";;,q=", None);
    }
}
