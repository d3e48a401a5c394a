//! SCIM 2.0 for identity providers: `/t/{tenant}/scim/v2/*`, in SCIM's own media type and error bodies.

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tenon_context::Via;
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{Scim, ScimAnswer, ScimError, ScimMethod, ScimRequest};
use tenon_value::Json;

use crate::call::Call;

/// Bytes of a SCIM request: a group with ten thousand members fits (`scim_bytes`).
pub(crate) const SCIM_BYTES_MAX: usize = 2 * 1024 * 1024;
const MEDIA: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

/// Everything below `/scim/v2/`.
pub(crate) async fn answer(call: Call, method: Method, bytes: Result<Bytes, BytesRejection>) -> Response {
    match answered(&call, &method, bytes).await {
        Ok(ScimAnswer { status, body, location }) => {
            let mut response = respond(status, body.as_ref());
            if let Some(location) = location.as_deref().and_then(|location| HeaderValue::from_str(location).ok()) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Err(error) => {
            let mut response = respond(error.status, Some(&error.to_json()));
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            match error.status {
                401 => drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
                429 | 503 => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
                _ => {}
            }
            response
        }
    }
}

async fn answered(call: &Call, method: &Method, bytes: Result<Bytes, BytesRejection>) -> Result<ScimAnswer, ScimError> {
    let context = call.context(Via::Scim).await.map_err(|wrong| ScimError::of_problem(&wrong))?;
    let wrong = |rule, en: &str| ScimError::of_problem(&Problem::invalid(rule, en, en));
    let method = match *method {
        Method::GET => ScimMethod::Get,
        Method::POST => ScimMethod::Post,
        Method::PUT => ScimMethod::Put,
        Method::PATCH => ScimMethod::Patch,
        Method::DELETE => ScimMethod::Delete,
        _ => return Err(ScimError::method()),
    };
    let bytes = bytes.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ScimError::too_large(SCIM_BYTES_MAX),
        _ => wrong("body", "the body could not be read"),
    })?;
    if call.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(wrong("content_encoding", "send the body as it is, or compressed by gzip or zstd"));
    }
    let body = match method {
        ScimMethod::Get | ScimMethod::Delete => Json::Null,
        _ => serde_json::from_slice(&bytes).map_err(|_| ScimError::syntax("the body is not JSON"))?,
    };
    let query = call.query.as_deref().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let scim = Scim::new(call.app.identity.clone(), call.part("tenant"));
    let request = ScimRequest { method, path: call.part("path").to_owned(), query, body };
    let answered = tokio::time::timeout_at(call.arrival.deadline.into(), Box::pin(scim.answer(&context, &request))).await;
    answered.map_err(|_| ScimError::of_problem(&Problem::of_kind(Kind::Unavailable)))?
}

fn respond(status: u16, body: Option<&Json>) -> Response {
    let mut response = Response::new(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if body.is_some() {
        response.headers_mut().insert(header::CONTENT_TYPE, MEDIA);
    }
    response
}
