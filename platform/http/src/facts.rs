//! The first and last station of every request: its id, its language, its deadline; the headers of every answer.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use tenon_context::Via;
use tenon_identity::RequestFacts;
use tenon_value::{Locale, RequestId};
use tracing::Instrument;

use crate::app::{App, TIME_MAX};
use crate::rate::{Allowance, Rate};
use crate::{cors, respond};

/// The header that names a request, both ways.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MODEL_VERSION: HeaderName = HeaderName::from_static("tenon-model-version");
const COST: HeaderName = HeaderName::from_static("tenon-cost");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const VARY: HeaderValue =
    HeaderValue::from_static("Authorization, Cookie, Accept, Accept-Language, Accept-Encoding, Origin, Tenon-View-As");

/// What the door knows of a request before it knows the caller; an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Its id.
    pub(crate) request: RequestId,
    /// The language asked for.
    pub(crate) locale: Option<Locale>,
    /// When the caller stops waiting.
    pub(crate) deadline: Instant,
    /// Set once the caller is known.
    standing: Arc<OnceLock<Standing>>,
}

/// What every answer to a known caller says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The model that was live when he came.
    pub(crate) model_version: u64,
    /// How many requests he has left.
    pub(crate) allowance: Allowance,
}

impl Arrival {
    fn new(request: RequestId, locale: Option<Locale>) -> Self {
        Self { request, locale, deadline: Instant::now() + TIME_MAX, standing: Arc::default() }
    }

    /// As `identity` wants it.
    pub(crate) fn facts(&self, via: Via) -> RequestFacts {
        RequestFacts { request: self.request.clone(), locale: self.locale, deadline: Some(self.deadline), via }
    }

    /// A request that did not pass [`receive`]: a bug, told apart by its id.
    pub(crate) fn unannounced() -> Self {
        Self::new(RequestId::generate(), None)
    }

    /// The language of messages before a tenant is known.
    pub(crate) fn message_locale(&self) -> Locale {
        self.locale.unwrap_or_default()
    }

    /// The caller is known; the first word counts.
    pub(crate) fn stand(&self, standing: Standing) {
        self.standing.get_or_init(|| standing);
    }
}

/// Receives a request, passes it on, and completes the answer's headers.
pub(crate) async fn receive(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).and_then(RequestId::from_caller);
    let arrival = Arrival::new(id.unwrap_or_else(RequestId::generate), wanted_locale(request.headers()));
    let cost_full = wants_full_cost(request.headers());
    let origin = cors::allowed(&app, request.uri().path(), request.headers().get(header::ORIGIN).cloned()).await;
    let span = tracing::info_span!("http.receive", request = %arrival.request, method = %request.method(), path = request.uri().path());
    let mut response = if cors::is_preflight(request.method(), request.headers()) {
        cors::preflight()
    } else {
        request.extensions_mut().insert(arrival.clone());
        let answer = AssertUnwindSafe(next.run(request).instrument(span)).catch_unwind().await;
        // The panic itself is in the log, by the hook of the server.
        answer.unwrap_or_else(|_| respond::broken(&arrival))
    };
    app.traffic.count(response.status().as_u16());
    complete(&mut response, &arrival, origin);
    if cost_full {
        let millis = begun.elapsed().as_secs_f64() * 1_000.0;
        insert(response.headers_mut(), SERVER_TIMING, &format!("total;dur={millis:.1}"));
    }
    response
}

/// Whether the caller wants to know all of the cost.
pub(crate) fn wants_full_cost(headers: &HeaderMap) -> bool {
    headers.get(COST).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"full"))
}

/// The headers that every answer has.
fn complete(response: &mut Response, arrival: &Arrival, origin: Option<cors::Allowed>) {
    let headers = response.headers_mut();
    insert(headers, REQUEST_ID, arrival.request.as_str());
    if let Some(Standing { model_version, allowance }) = arrival.standing.get() {
        headers.entry(MODEL_VERSION).or_insert(HeaderValue::from(*model_version));
        insert(headers, RATE_LIMIT_POLICY, &format!("\"key\";q={};w={}", allowance.quota, Rate::WINDOW_SECONDS));
        insert(headers, RATE_LIMIT, &format!("\"key\";r={};t={}", allowance.remaining(), allowance.reset));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, VARY);
    cors::allow(headers, origin);
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
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
