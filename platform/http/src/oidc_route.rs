//! Signing in through an identity provider: `/t/{tenant}/oidc/{provider}/start│callback`; and the administrator's
//! `/t/{tenant}/providers`.
//!
//! Whatever is wrong with a sign-in gets one and the same 401; the log has the reason.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use tenon_context::Via;
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{OidcAnswer, OidcDone, OidcError, OidcStart, ProviderView, SIGN_IN_SECONDS_MAX, SecretChange};
use tenon_value::Json;

use crate::call::Call;
use crate::respond::{problem, problem_of};
use crate::session_route::{answered, device};
use crate::{body, cookie};

/// The cookie that binds a sign-in to its browser.
const COOKIE: &str = "tenon_oidc";

/// `GET /oidc`: what a sign-in page offers. Nobody has signed in yet, so nothing but names and labels is said.
pub(crate) async fn offered(call: Call) -> Response {
    match in_time(&call, call.app.oidc.offered(call.part("tenant"))).await {
        Ok(offered) => {
            let tenant = call.part("tenant");
            let one = |(name, label): &(String, String)| json!({ "name": name, "label": label, "start": format!("/t/{tenant}/oidc/{name}/start") });
            JsonBody(json!({ "providers": offered.iter().map(one).collect::<Vec<_>>() })).into_response()
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /oidc/{provider}/start`: off to the provider.
pub(crate) async fn start(call: Call) -> Response {
    let to = call.parameter("returnTo");
    let started = match call.check_taken() {
        Ok(()) => in_time(&call, call.app.oidc.start(call.part("tenant"), call.part("provider"), to.as_deref())).await,
        Err(wrong) => Err(wrong),
    };
    match started {
        Ok(OidcStart { location, cookie }) => {
            let mut response = redirect(&location);
            set_cookie(&call, &mut response, Some(&cookie));
            response
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /oidc/{provider}/callback`: back with a code.
pub(crate) async fn callback(call: Call) -> Response {
    let mut response = match finish(&call).await {
        Ok(OidcDone { begun, return_to }) => {
            let mut response = answered(&call, &begun, StatusCode::OK);
            if let Some(location) = return_to.as_deref().and_then(|to| HeaderValue::from_str(to).ok()) {
                *response.status_mut() = StatusCode::SEE_OTHER;
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    };
    // One sign-in, one cookie: whatever became of it.
    set_cookie(&call, &mut response, None);
    response
}

async fn finish(call: &Call) -> Result<OidcDone, Problem> {
    call.check_taken()?;
    let parameters = ["code", "state", "iss", "error"].map(|name| call.parameter(name));
    let [code, state, issuer, error] = parameters.each_ref().map(Option::as_deref);
    let answer = OidcAnswer { code, state, issuer, error, cookie: cookie::named(&call.headers, COOKIE) };
    let caller = (&device(call), call.arrival.request.clone());
    let done = in_time(call, call.app.oidc.finish(call.part("tenant"), call.part("provider"), answer, caller)).await?;
    // The browser's session before this one, if it had one, has no use any more.
    if let Some(token) = cookie::token(&call.headers) {
        call.in_time(call.app.identity.session_replace(call.part("tenant"), token)).await?;
    }
    Ok(done)
}

/// `GET /providers`.
pub(crate) async fn list(call: Call) -> Response {
    let listed = async {
        let context = call.context(Via::Graphql).await?;
        in_time(&call, call.app.oidc.providers(&context)).await
    };
    match listed.await {
        Ok(all) => JsonBody(json!({ "providers": all.iter().map(shown).collect::<Vec<_>>() })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /providers/{provider}`.
pub(crate) async fn show(call: Call) -> Response {
    let found = async {
        let context = call.context(Via::Graphql).await?;
        in_time(&call, call.app.oidc.provider(&context, call.part("provider"))).await
    };
    match found.await {
        Ok(provider) => JsonBody(shown(&provider)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `PUT /providers/{provider}`: set up, or changed as a whole. A `clientSecret` that is not mentioned stays.
pub(crate) async fn put(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let changed = async {
        let context = call.context(Via::Graphql).await?;
        let mut settings: Json = body::read(&call, bytes)?;
        let secret = match settings.as_object_mut().and_then(|members| members.remove("clientSecret")) {
            None => SecretChange::Keep,
            Some(Json::Null) => SecretChange::Clear,
            Some(Json::String(secret)) => SecretChange::Set(secret),
            Some(_) => return Err(Problem::invalid("provider", "`clientSecret` is a text", "`clientSecret` 应为文本")),
        };
        in_time(&call, call.app.oidc.provider_put(&context, call.part("provider"), settings, secret)).await
    };
    match changed.await {
        Ok(provider) => JsonBody(shown(&provider)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /providers/{provider}`.
pub(crate) async fn remove(call: Call) -> Response {
    let removed = async {
        let context = call.context(Via::Graphql).await?;
        in_time(&call, call.app.oidc.provider_remove(&context, call.part("provider"))).await
    };
    match removed.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

fn shown(provider: &ProviderView) -> Json {
    let mut shown = json!({ "name": provider.name });
    if let (Some(members), Ok(Json::Object(settings))) = (shown.as_object_mut(), serde_json::to_value(&provider.settings)) {
        members.extend(settings);
        members.insert("hasSecret".to_owned(), json!(provider.has_secret));
        members.insert("redirectUri".to_owned(), json!(provider.redirect_uri));
    }
    shown
}

fn redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn set_cookie(call: &Call, response: &mut Response, value: Option<&str>) {
    let path = format!("/t/{}/oidc/{}", call.part("tenant"), call.part("provider"));
    let is_secure = cookie::is_secure(&call.headers, call.peer.is_https);
    let seconds = u64::try_from(SIGN_IN_SECONDS_MAX).unwrap_or_default();
    if let Some(cookie) = cookie::written(COOKIE, (value, seconds), &path, is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// What is asked, as far as the caller waits. The reason of a refusal goes to the log.
async fn in_time<T>(call: &Call, asked: impl Future<Output = Result<T, OidcError>>) -> Result<T, Problem> {
    let answered = tokio::time::timeout_at(call.arrival.deadline.into(), asked).await;
    answered.map_err(|_| Problem::of_kind(Kind::Unavailable))?.map_err(|error| {
        if let Some(reason) = error.reason() {
            tracing::warn!(request = %call.arrival.request, provider = call.part("provider"), "a sign-in is refused: {reason}");
        }
        problem_of(&error, &call.arrival)
    })
}
