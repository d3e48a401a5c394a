//! The schema as text, as this caller sees it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tenon_context::Via;

use crate::call::Call;
use crate::etag;
use crate::respond::problem;

pub(crate) async fn data(call: Call) -> Response {
    match call.context(Via::Graphql).await {
        Ok(context) => text(&call, call.app.data.sdl(&context)),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

pub(crate) async fn metadata(call: Call) -> Response {
    match call.context(Via::Graphql).await {
        Ok(_) => text(&call, call.app.metadata.sdl()),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

fn text(call: &Call, sdl: Bytes) -> Response {
    let tag = etag::of(&sdl, None);
    let known = etag::is_known(&call.headers, &tag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(sdl) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::ETAG, tag);
    response
}
