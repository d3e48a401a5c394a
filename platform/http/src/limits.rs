//! Every limit of the doors by name, as `GET /t/{tenant}/limits` lists them.

use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenon_context::Via;
use tenon_packages::CORS_MAX;
use tenon_records::CASCADE_MAX;

use crate::app::TIME_MAX;
use crate::call::Call;
use crate::imports::{IMPORTS_MAX, LINE_BYTES_MAX};
use crate::imports_route::MAPPING_BYTES_MAX;
use crate::respond::problem;

/// Bytes of a request body, inflated.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Answers above this many bytes are compressed.
pub(crate) const COMPRESS_ABOVE: u16 = 1024;
/// Letters of an `Idempotency-Key`.
pub(crate) const IDEMPOTENCY_KEY_MAX: usize = 255;

pub(crate) async fn list(call: Call) -> Response {
    if let Err(wrong) = call.context(Via::Graphql).await {
        return problem(&wrong, &call.arrival);
    }
    let mut limits = serde_json::Map::new();
    for (name, max) in tenon_graphql::LIMITS {
        limits.insert((*name).to_owned(), json!(max));
    }
    limits.insert("body_bytes".to_owned(), json!(BODY_BYTES_MAX));
    limits.insert("time".to_owned(), json!(TIME_MAX.as_secs()));
    limits.insert("rate".to_owned(), json!(call.app.rate.per_minute()));
    limits.insert("imports".to_owned(), json!(IMPORTS_MAX));
    limits.insert("line_bytes".to_owned(), json!(LINE_BYTES_MAX));
    limits.insert("mapping_bytes".to_owned(), json!(MAPPING_BYTES_MAX));
    limits.insert("cascade".to_owned(), json!(CASCADE_MAX));
    limits.insert("cors".to_owned(), json!(CORS_MAX));
    axum::Json(json!({ "limits": limits })).into_response()
}
