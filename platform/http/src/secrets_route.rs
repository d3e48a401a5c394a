//! The caller's own secrets: `/t/{tenant}/password` and the second factor at `/t/{tenant}/totp`.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_context::Via;

use crate::body;
use crate::call::Call;
use crate::respond::problem;

/// The page behind the links of our letters, complete in itself: it asks for a password and posts it here.
const PAGE: &str = include_str!("choose.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /invitations/accept`, `GET /resets/complete`.
pub(crate) async fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passwords {
    current: String,
    password: String,
}

/// `POST /password`.
pub(crate) async fn password(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let caller = call.caller(Via::Graphql).await?;
        let Passwords { current, password } = body::read(&call, bytes)?;
        call.in_time(call.app.identity.password_change(&caller.context, caller.session, &current, &password)).await
    };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    password: Option<String>,
    code: Option<String>,
}

/// `POST /totp`: begins a second factor.
pub(crate) async fn enrol(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let proof: Proof = body::read(&call, bytes)?;
        call.in_time(call.app.identity.totp_enrol(&context, &proof.password.unwrap_or_default())).await
    };
    match done.await {
        Ok(enrolment) => (StatusCode::CREATED, JsonBody(json!({ "secret": enrolment.secret, "uri": enrolment.uri }))).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `POST /totp/confirm`: from now on it is asked for.
pub(crate) async fn confirm(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let proof: Proof = body::read(&call, bytes)?;
        call.in_time(call.app.identity.totp_confirm(&context, &proof.code.unwrap_or_default())).await
    };
    match done.await {
        Ok(codes) => JsonBody(json!({ "recoveryCodes": codes })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /totp`.
pub(crate) async fn disable(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let proof: Proof = body::read(&call, bytes)?;
        call.in_time(call.app.identity.totp_disable(&context, proof.password.as_deref(), proof.code.as_deref())).await
    };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}
