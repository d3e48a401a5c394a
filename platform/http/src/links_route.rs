//! Links between tenants: `/t/{tenant}/links`, for administrators.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tenon_automation::{LinkError, LinkOffer, Mapping};
use tenon_context::Via;
use tenon_diagnostics::Problem;
use tenon_value::Json;

use crate::body;
use crate::call::Call;
use crate::respond::{problem, problem_of};

/// What accepts an offer. Without a place for its records it only says what is offered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepting {
    token: String,
    mapping: Option<Mapping>,
}

fn done(call: &Call, status: StatusCode, done: Result<Json, Problem>) -> Response {
    match done {
        Ok(Json::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(json) => (status, JsonBody(json)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

impl Call {
    fn linked<T>(&self, asked: Result<T, LinkError>) -> Result<T, Problem> {
        asked.map_err(|error| problem_of(&error, &self.arrival))
    }
}

/// `GET /links`.
pub(crate) async fn list(call: Call) -> Response {
    let answer = async {
        let cx = call.context(Via::Graphql).await?;
        Ok(json!({ "links": call.linked(call.app.tenant_links.links(&cx).await)? }))
    };
    done(&call, StatusCode::OK, answer.await)
}

/// `GET /links/{id}`.
pub(crate) async fn show(call: Call) -> Response {
    let answer = async {
        let cx = call.context(Via::Graphql).await?;
        call.linked(call.app.tenant_links.link(&cx, call.id()?).await)
    };
    done(&call, StatusCode::OK, answer.await)
}

/// `POST /links`; the answer shows the token this once.
pub(crate) async fn offer(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let answer = async {
        let cx = call.context(Via::Graphql).await?;
        let offer = body::read::<LinkOffer>(&call, bytes)?;
        let (link, token) = call.linked(call.app.tenant_links.offer(&cx, offer).await)?;
        Ok(json!({ "link": link, "token": token }))
    };
    done(&call, StatusCode::CREATED, answer.await)
}

/// `POST /links/accept`.
pub(crate) async fn accept(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let answer = async {
        let cx = call.context(Via::Graphql).await?;
        let Accepting { token, mapping } = body::read(&call, bytes)?;
        match mapping {
            Some(mapping) => Ok(json!({ "link": call.linked(call.app.tenant_links.accept(&cx, &token, mapping).await)? })),
            None => Ok(json!({ "offer": call.linked(call.app.tenant_links.look(&cx, &token).await)? })),
        }
    };
    done(&call, StatusCode::OK, answer.await)
}

/// `DELETE /links/{id}`.
pub(crate) async fn revoke(call: Call) -> Response {
    let answer = async {
        let cx = call.context(Via::Graphql).await?;
        call.linked(call.app.tenant_links.revoke(&cx, call.id()?).await)?;
        Ok(Json::Null)
    };
    done(&call, StatusCode::OK, answer.await)
}
