//! The schema as text, as this caller sees it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tenon_context::Via;

use crate::call::Call;
use crate::respond::{problem, problem_of};

pub(crate) async fn data(call: Call) -> Response {
    match call.context(Via::Graphql).await {
        Ok(context) => text(&call, call.app.data.sdl(&context)),
        Err(error) => problem(&problem_of(&error, &call.arrival), &call.arrival),
    }
}

pub(crate) async fn metadata(call: Call) -> Response {
    match call.context(Via::Graphql).await {
        Ok(_) => text(&call, call.app.metadata.sdl()),
        Err(error) => problem(&problem_of(&error, &call.arrival), &call.arrival),
    }
}

fn text(call: &Call, sdl: Bytes) -> Response {
    let digest = Sha256::digest(&sdl);
    let tag = format!("\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
    let known = call.headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = Response::new(if known { Body::empty() } else { Body::from(sdl) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
