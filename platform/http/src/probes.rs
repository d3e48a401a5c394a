//! What operators' tools ask: alive, ready, which version.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;

/// The process is alive.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// It takes work: the database can be written and nobody is shutting it down.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.status.is_ready().await { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}

/// Which version it is.
pub(crate) async fn version() -> Json<Value> {
    Json(json!({ "name": "tenon", "version": env!("CARGO_PKG_VERSION") }))
}
