//! API keys: `/t/{tenant}/keys`.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_context::{ActorKind, Via};
use tenon_diagnostics::Problem;
use tenon_identity::NewKey;
use tenon_store::StoredKey;
use tenon_value::Json;

use crate::body;
use crate::call::Call;
use crate::respond::problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    display: String,
    roles: Vec<String>,
    kind: Option<String>,
    expires_at: Option<String>,
}

impl Wanted {
    fn key(self) -> Result<NewKey, Problem> {
        let kind = match self.kind.as_deref() {
            None | Some("api_key") => ActorKind::ApiKey,
            Some("service") => ActorKind::Service,
            Some(_) => return Err(Problem::invalid("kind", "`kind` is `api_key` or `service`", "`kind` 应为 `api_key` 或 `service`")),
        };
        let moment = |text: String| {
            text.parse().map_err(|_| {
                Problem::invalid(
                    "type",
                    "`expiresAt` is a moment such as `2026-02-28T08:00:00Z`",
                    "`expiresAt` 应为时间,如 `2026-02-28T08:00:00Z`",
                )
            })
        };
        Ok(NewKey { kind, display: self.display, roles: self.roles, expires_at: self.expires_at.map(moment).transpose()? })
    }
}

fn shown(key: &StoredKey) -> Json {
    json!({
        "id": key.id.to_string(),
        "kind": key.kind.word(),
        "display": key.display,
        "roles": key.roles,
        "createdAt": key.created_at.to_string(),
        "expiresAt": key.expires_at.map(|at| at.to_string()),
    })
}

/// `POST /keys`; the answer shows the key this once.
pub(crate) async fn make(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let wanted = body::read::<Wanted>(&call, bytes)?.key()?;
        call.in_time(call.app.identity.key_make(&context, wanted)).await
    };
    match done.await {
        Ok((key, stored)) => {
            let mut answer = shown(&stored);
            if let Some(members) = answer.as_object_mut() {
                members.insert("apiKey".to_owned(), json!(key.reveal()));
            }
            (StatusCode::CREATED, JsonBody(answer)).into_response()
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `GET /keys`.
pub(crate) async fn list(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.in_time(call.app.identity.keys(&context)).await
    };
    match done.await {
        Ok(keys) => JsonBody(json!({ "keys": keys.iter().map(shown).collect::<Vec<_>>() })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /keys/{id}`.
pub(crate) async fn revoke(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.in_time(call.app.identity.key_revoke(&context, call.id()?)).await
    };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}
