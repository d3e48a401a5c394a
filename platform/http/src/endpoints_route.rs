//! Endpoints of plugins: `/t/{tenant}/x/{package}/{path}`, whatever the method.

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tenon_automation::{ENDPOINT_BYTES_MAX, ENDPOINT_VIA, EndpointAnswer, EndpointRequest};
use tenon_diagnostics::{Kind, Problem};
use tenon_value::ElementId;

use crate::call::Call;
use crate::graphql_route::IDEMPOTENCY_REPLAYED;
use crate::respond::problem;

/// Requests a minute from one address to the endpoints of one package (`endpoint_rate`).
pub(crate) const ENDPOINT_RATE: u32 = 600;
/// What a plugin answers is never a page of ours: it runs nothing, and loads nothing.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// Everything below `/x/{package}/`.
pub(crate) async fn answer(call: Call, method: Method, bytes: Result<Bytes, BytesRejection>) -> Response {
    match Box::pin(answered(&call, &method, bytes)).await {
        Ok(answer) => respond(answer),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn answered(call: &Call, method: &Method, bytes: Result<Bytes, BytesRejection>) -> Result<EndpointAnswer, Problem> {
    call.check_taken()?;
    let (tenant, package) = (call.part("tenant"), call.part("package"));
    // Before anything is looked up: who guesses at signatures, or at names, is slowed down.
    let caller = ElementId::derive("endpoint", &format!("{tenant}/{package}/{}", call.peer.address));
    call.app.endpoint_rate.take_by(caller.0).check()?;
    let path = format!("/{}", call.part("path"));
    let endpoints = &call.app.endpoints;
    let found = endpoints.find(tenant, package, (method.as_str(), &path), call.arrival.facts(ENDPOINT_VIA));
    let endpoint = call.in_time(found).await?;
    let caller = if endpoint.wants_caller() { Some(call.context(ENDPOINT_VIA).await?) } else { None };
    let body = bytes.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let max = u64::try_from(ENDPOINT_BYTES_MAX).unwrap_or(u64::MAX);
            Problem::exhausted("endpoint_bytes", max, max + 1)
        }
        _ => Problem::invalid("body", "the body could not be read", "无法读取请求体"),
    })?;
    if call.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::invalid(
            "content_type",
            "send the body as it is, or compressed by gzip or zstd",
            "请直接发送或使用 gzip、zstd 压缩",
        ));
    }
    let headers = call.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let query = form_urlencoded::parse(call.query.as_deref().unwrap_or_default().as_bytes()).into_owned();
    let (method, body) = (method.as_str().to_owned(), body.to_vec());
    let request = EndpointRequest { method, path, query: query.collect(), headers: headers.collect(), body };
    let answered = tokio::time::timeout_at(call.arrival.deadline.into(), endpoints.answer(&endpoint, caller, &request)).await;
    answered.map_err(|_| Problem::of_kind(Kind::Unavailable))?
}

fn respond(answer: EndpointAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
