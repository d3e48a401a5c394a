//! The GraphQL endpoints over HTTP: after the GraphQL-over-HTTP specification, with the statuses of API.md §3.

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::Problem;
use tenon_graphql::{GraphqlRequest, GraphqlResponse, Idempotency, Outcome};

use crate::call::Call;
use crate::etag;
use crate::explorer;
use crate::facts::wants_full_cost;
use crate::limits::{BODY_BYTES_MAX, IDEMPOTENCY_KEY_MAX};
use crate::live;
use crate::negotiate::{Media, accepted, is_json};
use crate::request::{from_body, from_query};
use crate::respond::{graphql_failure, status_of};

const MODEL_VERSION: HeaderName = HeaderName::from_static("tenon-model-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const VIEW_AS: HeaderName = HeaderName::from_static("tenon-view-as");
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Which of a tenant's two endpoints.
#[derive(Clone, Copy)]
enum Endpoint {
    Data,
    Metadata,
}

pub(crate) async fn data(call: Call, body: Result<Bytes, BytesRejection>) -> Response {
    by_post(&call, body, Endpoint::Data).await.unwrap_or_else(|response| *response)
}

pub(crate) async fn metadata(call: Call, body: Result<Bytes, BytesRejection>) -> Response {
    by_post(&call, body, Endpoint::Metadata).await.unwrap_or_else(|response| *response)
}

pub(crate) async fn data_by_get(call: Call, socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    if call.headers.contains_key(header::UPGRADE) {
        return live::upgrade(&call, socket);
    }
    by_get(&call, Endpoint::Data).await.unwrap_or_else(|response| *response)
}

pub(crate) async fn metadata_by_get(call: Call) -> Response {
    by_get(&call, Endpoint::Metadata).await.unwrap_or_else(|response| *response)
}

/// An early answer: boxed, since answers are large and most calls have none.
type Early = Box<Response>;

async fn by_post(call: &Call, body: Result<Bytes, BytesRejection>, endpoint: Endpoint) -> Result<Response, Early> {
    let media = media(call)?;
    if !is_json(&call.headers) {
        let problem = Problem::invalid("content_type", "send `Content-Type: application/json`", "请使用 `Content-Type: application/json`");
        return Err(Box::new(graphql_failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, media, &problem, &call.arrival)));
    }
    // Decompression takes away the encodings it knows.
    if call.headers.contains_key(header::CONTENT_ENCODING) {
        let problem = Problem::invalid("content_encoding", "a body may be compressed by gzip or zstd", "请求体只能用 gzip 或 zstd 压缩");
        return Err(Box::new(graphql_failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, media, &problem, &call.arrival)));
    }
    let context = context(call, media).await?;
    let body = body.map_err(|rejection| {
        let (status, problem) = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let max = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
                (StatusCode::PAYLOAD_TOO_LARGE, Problem::exhausted("body_bytes", max, max + 1))
            }
            _ => (StatusCode::BAD_REQUEST, Problem::invalid("body", "the body could not be read", "无法读取请求体")),
        };
        Box::new(graphql_failure(status, media, &problem, &call.arrival))
    })?;
    let mut request =
        from_body(&body).map_err(|problem| Box::new(graphql_failure(StatusCode::BAD_REQUEST, media, &problem, &call.arrival)))?;
    request.idempotency = idempotency(call, media, &body)?;
    answer(call, context, request, endpoint, media).await
}

async fn by_get(call: &Call, endpoint: Endpoint) -> Result<Response, Early> {
    let media = media(call)?;
    let asks = ["query", "documentId", "extensions"].into_iter().any(|name| call.parameter(name).is_some());
    if media == Media::Page && !asks {
        return Ok(explorer::page());
    }
    let context = context(call, media).await?;
    let request = from_query(call.query.as_deref().unwrap_or_default());
    let request = request.map_err(|problem| Box::new(graphql_failure(StatusCode::BAD_REQUEST, media, &problem, &call.arrival)))?;
    answer(call, context, request, endpoint, media).await
}

fn media(call: &Call) -> Result<Media, Early> {
    // What is wrong with a stream before it begins is said by status.
    if live::wants_stream(&call.headers) {
        return Ok(Media::GraphqlResponse);
    }
    accepted(&call.headers).ok_or_else(|| {
        let problem = Problem::invalid(
            "accept",
            "this endpoint answers `application/graphql-response+json` or `application/json`",
            "此接口仅返回 `application/graphql-response+json` 或 `application/json`",
        );
        Box::new(graphql_failure(StatusCode::NOT_ACCEPTABLE, Media::Json, &problem, &call.arrival))
    })
}

/// The caller's context, as every door gets it.
async fn context(call: &Call, media: Media) -> Result<OpContext, Early> {
    let context = call.context(Via::Graphql).await;
    context.map_err(|problem| Box::new(graphql_failure(status_of(problem.kind), media, &problem, &call.arrival)))
}

/// Neither GET nor POST: refused in the shape of these endpoints.
pub(crate) async fn no_such_method(call: Call) -> Response {
    let problem = Problem::invalid("method", "this endpoint takes GET and POST", "此接口只接受 GET 和 POST");
    let media = accepted(&call.headers).unwrap_or(Media::Json);
    let mut response = graphql_failure(StatusCode::METHOD_NOT_ALLOWED, media, &problem, &call.arrival);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// The `Idempotency-Key`, bound to the body it came with.
fn idempotency(call: &Call, media: Media, body: &[u8]) -> Result<Option<Idempotency>, Early> {
    let Some(value) = call.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()));
    let Some(key) = key else {
        let problem = Problem::invalid(
            "idempotency_key",
            "`Idempotency-Key` has 1 to 255 printable letters",
            "`Idempotency-Key` 必须为 1 到 255 个可打印字符",
        );
        return Err(Box::new(graphql_failure(StatusCode::BAD_REQUEST, media, &problem, &call.arrival)));
    };
    Ok(Some(Idempotency { key: key.to_owned(), body_hash: Sha256::digest(body).into() }))
}

async fn answer(call: &Call, context: OpContext, mut request: GraphqlRequest, endpoint: Endpoint, media: Media) -> Result<Response, Early> {
    request.cost_full = wants_full_cost(&call.headers);
    // What is no text names nobody: the API says so.
    request.view_as = call.headers.get(VIEW_AS).map(|user| user.to_str().unwrap_or_default().to_owned());
    let is_get = request.is_get;
    if let Err(refused) = call.app.data.settle(&context, &mut request).await {
        return Ok(respond(call, (*refused, None), media, is_get));
    }
    // A client that takes either gets a stream for what has more than one answer.
    let streams = matches!(endpoint, Endpoint::Data)
        && request.view_as.is_none()
        && live::wants_stream(&call.headers)
        && (!live::takes_json(&call.headers) || call.app.data.is_subscription(&context, &request));
    if streams {
        let begun = Box::pin(live::subscribe(call, context, request)).await;
        return Ok(begun.unwrap_or_else(|refused| respond(call, (*refused, None), media, is_get)));
    }
    let tag = match endpoint {
        Endpoint::Metadata if is_get => call.app.metadata.tag(&context, &request).await,
        _ => None,
    };
    let tag = tag.and_then(|tag| HeaderValue::from_str(&tag).ok());
    if tag.as_ref().is_some_and(|tag| etag::is_known(&call.headers, tag)) {
        let nothing = GraphqlResponse::answered(Bytes::new(), context.model.version.0);
        return Ok(respond(call, (nothing, tag), media, is_get));
    }
    let response = match endpoint {
        // Boxed: layers pass a route's future around by value.
        Endpoint::Data => Box::pin(call.app.data.execute(context, request)).await,
        Endpoint::Metadata => Box::pin(call.app.metadata.execute(context, request)).await,
    };
    Ok(respond(call, (response, tag), media, is_get))
}

/// The last station: status and headers. A tag stands for the answer where it is known without its bytes.
#[tracing::instrument(name = "http.respond", level = "info", skip_all)]
fn respond(call: &Call, (answer, tag): (GraphqlResponse, Option<HeaderValue>), media: Media, is_get: bool) -> Response {
    let status = match (answer.outcome, media) {
        (Outcome::Answered, _) | (Outcome::Rejected, Media::Json | Media::Page) => StatusCode::OK,
        (Outcome::Rejected, Media::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::MutationByGet, _) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::Failed(kind), _) => status_of(kind),
    };
    let etag = (is_get && !answer.has_errors).then(|| tag.unwrap_or_else(|| etag::of(&answer.body, Some(call.arrival.request.as_str()))));
    let unchanged = etag.as_ref().is_some_and(|etag| etag::is_known(&call.headers, etag));
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(answer.body) });
    *response.status_mut() = if unchanged { StatusCode::NOT_MODIFIED } else { status };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(MODEL_VERSION, HeaderValue::from(answer.model_version));
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    if answer.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    if answer.has_errors {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if answer.outcome == Outcome::MutationByGet {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
