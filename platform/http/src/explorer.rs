//! A plain page to try the API from a browser, until the console exists. It asks for a key and keeps it in the tab only.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

/// The page, complete in itself: nothing is loaded from elsewhere.
const PAGE: &str = include_str!("explorer.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
