//! Signing in and out, and the list of sessions: `/t/{tenant}/session`, `/t/{tenant}/sessions`.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_context::Via;
use tenon_diagnostics::Problem;
use tenon_identity::{Begun, Device, SESSION_IDLE_MAX, SESSION_MAX, SignIn};
use tenon_store::StoredSession;
use tenon_value::{Json, Uuid};

use crate::call::Call;
use crate::respond::{problem, problem_of};
use crate::{body, cookie, origin};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    login: String,
    password: String,
    #[serde(default)]
    code: Option<String>,
}

/// `POST /session`.
pub(crate) async fn begin(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    match sign_in(&call, bytes).await {
        Ok(begun) => answered(&call, &begun, StatusCode::CREATED),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn sign_in(call: &Call, bytes: Result<Bytes, BytesRejection>) -> Result<Begun, Problem> {
    call.check_taken()?;
    own_page(call).await?;
    let typed: Typed = body::read(call, bytes)?;
    let sign_in = SignIn { login: &typed.login, password: &typed.password, code: typed.code.as_deref() };
    let begun = call.in_time(call.app.identity.sign_in(call.part("tenant"), &sign_in, &device(call))).await?;
    // The browser's session before this one, if it had one, has no use any more.
    if let Some(token) = cookie::token(&call.headers) {
        let ended = call.app.identity.session_replace(call.part("tenant"), token).await;
        ended.map_err(|error| problem_of(&error, &call.arrival))?;
    }
    Ok(begun)
}

/// A page of another site must not sign its reader in as somebody else.
pub(crate) async fn own_page(call: &Call) -> Result<(), Problem> {
    let Some(from) = call.headers.get(header::ORIGIN) else { return Ok(()) };
    let listed = call.app.identity.origins(call.part("tenant")).await.map_err(|error| problem_of(&error, &call.arrival))?;
    if from.to_str().is_ok_and(|from| origin::is_known(from, &call.headers, &call.app.public_url, &listed)) {
        return Ok(());
    }
    Err(origin::refused("origin", "sign in on this server's own pages", "请在本站页面登录"))
}

/// What is kept of where somebody signs in from.
pub(crate) fn device(call: &Call) -> Device {
    let agent = call.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Device::new(call.peer.address, agent)
}

/// The answer to a sign-in: who it is, and the cookie.
pub(crate) fn answered(call: &Call, begun: &Begun, status: StatusCode) -> Response {
    let member = &begun.member;
    let user = json!({ "id": member.user.to_string(), "display": begun.display, "login": member.login, "kind": member.kind.word() });
    let shown = json!({
        "id": begun.session.id.to_string(),
        "user": user,
        "roles": member.roles,
        "createdAt": begun.session.created_at.to_string(),
        "expiresAt": begun.session.expires_at.to_string(),
        "idleSeconds": SESSION_IDLE_MAX.as_secs(),
    });
    let mut response = (status, JsonBody(shown)).into_response();
    set_cookie(call, &mut response, Some(&begun.token));
    response
}

/// Puts the cookie into an answer, or takes it away.
pub(crate) fn set_cookie(call: &Call, response: &mut Response, token: Option<&str>) {
    let is_secure = cookie::is_secure(&call.headers, call.peer.is_https);
    if let Some(cookie) = cookie::set(call.part("tenant"), token, SESSION_MAX.as_secs(), is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
}

/// `GET /session`: who is signed in.
pub(crate) async fn show(call: Call) -> Response {
    match call.caller(Via::Graphql).await {
        Ok(caller) => {
            let principal = &caller.context.principal;
            let user = json!({ "id": principal.id.to_string(), "display": principal.display, "kind": principal.kind.word() });
            let session = caller.session.map(|id| id.to_string());
            JsonBody(json!({ "id": session, "user": user, "roles": principal.roles })).into_response()
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /session`.
pub(crate) async fn end(call: Call) -> Response {
    let mut response = match sign_out(&call).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    };
    // A cookie that stands for nothing is taken away as well; one that another site sent along stays.
    if response.status() != StatusCode::FORBIDDEN {
        set_cookie(&call, &mut response, None);
    }
    response
}

async fn sign_out(call: &Call) -> Result<(), Problem> {
    let caller = call.caller(Via::Graphql).await?;
    let none = || Problem::invalid("session", "a key has no session to end", "密钥没有可结束的会话");
    let session = caller.session.ok_or_else(none)?;
    call.in_time(call.app.identity.session_end(&caller.context, caller.session, session)).await
}

/// `GET /sessions`: one's own, or with `?user=` another member's.
pub(crate) async fn list(call: Call) -> Response {
    match listed(&call).await {
        Ok(sessions) => JsonBody(json!({ "sessions": sessions })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn listed(call: &Call) -> Result<Vec<Json>, Problem> {
    let caller = call.caller(Via::Graphql).await?;
    let sessions = call.in_time(call.app.identity.sessions(&caller.context, call.named_user()?)).await?;
    Ok(sessions.iter().map(|session| shown(session, caller.session)).collect())
}

fn shown(session: &StoredSession, own: Option<Uuid>) -> Json {
    json!({
        "id": session.id.to_string(),
        "createdAt": session.created_at.to_string(),
        "seenAt": session.seen_at.to_string(),
        "expiresAt": session.expires_at.to_string(),
        "userAgent": session.user_agent,
        "address": session.address,
        "current": own == Some(session.id),
    })
}

/// `DELETE /sessions/{id}`.
pub(crate) async fn revoke(call: Call) -> Response {
    let done = async {
        let caller = call.caller(Via::Graphql).await?;
        call.in_time(call.app.identity.session_end(&caller.context, caller.session, call.id()?)).await
    };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /sessions`: all of one's own, this one included, or with `?user=` another member's.
pub(crate) async fn revoke_all(call: Call) -> Response {
    let done = async {
        let caller = call.caller(Via::Graphql).await?;
        let user = call.named_user()?.unwrap_or(caller.context.principal.id);
        call.in_time(call.app.identity.sessions_end(&caller.context, user)).await
    };
    match done.await {
        Ok(ended) => JsonBody(json!({ "ended": ended })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}
