//! Registered documents: `/t/{tenant}/documents`, and who may send nothing else.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_context::Via;
use tenon_diagnostics::Problem;
use tenon_value::Json;

use crate::body;
use crate::call::Call;
use crate::respond::problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushed {
    documents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    documents: String,
}

fn answer(call: &Call, done: Result<Json, Problem>) -> Response {
    match done {
        Ok(Json::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(json) => JsonBody(json).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `POST /documents`: texts are registered under their hashes.
pub(crate) async fn push(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let pushed = body::read::<Pushed>(&call, bytes)?;
        let (hashes, new) = call.app.data.register(&context, &pushed.documents).await?;
        Ok(json!({ "new": new, "documents": hashes.iter().map(|hash| format!("sha256:{hash}")).collect::<Vec<_>>() }))
    };
    answer(&call, done.await)
}

/// `GET /documents`: what is registered, and for whom nothing else goes.
pub(crate) async fn list(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let (documents, rules) = call.app.data.registered(&context).await?;
        let shown = documents
            .iter()
            .map(|document| json!({ "id": format!("sha256:{}", document.hash), "letters": document.letters, "registeredAt": document.at.to_string() }));
        Ok(json!({ "documents": shown.collect::<Vec<_>>(), "registeredOnly": rules }))
    };
    answer(&call, done.await)
}

/// `DELETE /documents/{id}`, by `sha256:…`.
pub(crate) async fn remove(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        call.app.data.unregister(&context, call.part("id")).await.map(|()| Json::Null)
    };
    answer(&call, done.await)
}

/// `PUT /documents/rules/{whose}`: `registered` or `any`, for a key by its id, or for the `portal`.
pub(crate) async fn rule(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let registered = match body::read::<Rule>(&call, bytes)?.documents.as_str() {
            "registered" => true,
            "any" => false,
            _ => {
                return Err(Problem::invalid(
                    "documents",
                    "`documents` is `registered` or `any`",
                    "`documents` 应为 `registered` 或 `any`",
                ));
            }
        };
        call.app.data.bind(&context, call.part("whose"), registered).await.map(|()| Json::Null)
    };
    answer(&call, done.await)
}
