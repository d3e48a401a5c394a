//! The table of contents of the API, grouped by who calls.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;
use crate::limits::{BODY_BYTES_MAX, COMPRESS_ABOVE};
use crate::{facts, graphql_route, imports_route, limits, probes, respond, schema_route, traffic};

/// All routes of a server.
pub fn router(app: App) -> Router {
    let tenant = Router::new()
        // Frontends and integrations
        .route("/graphql", get(graphql_route::data_by_get).post(graphql_route::data).fallback(graphql_route::no_such_method))
        .route("/metadata", get(graphql_route::metadata_by_get).post(graphql_route::metadata).fallback(graphql_route::no_such_method))
        .route("/schema.graphql", get(schema_route::data))
        .route("/metadata/schema.graphql", get(schema_route::metadata))
        .route("/limits", get(limits::list))
        // Data in
        .route("/imports", post(imports_route::begin).layer(DefaultBodyLimit::disable()))
        .route("/imports/{id}", get(imports_route::show))
        .route("/imports/{id}/errors.csv", get(imports_route::errors));
    Router::new()
        .nest("/t/{tenant}", tenant)
        // Operators and their tools
        .route("/healthz", get(probes::health))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(traffic::metrics))
        .route("/version", get(probes::version))
        .fallback(respond::no_such_route)
        .method_not_allowed_fallback(respond::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        // An encoding that it does not know is refused by the door that would read the body, in the door's own shape.
        .layer(RequestDecompressionLayer::new().gzip(true).zstd(true).pass_through_unaccepted(true))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE)))
        // Outermost: every answer leaves through it, whoever gave it.
        .layer(axum::middleware::from_fn_with_state(app.clone(), facts::receive))
        .with_state(app)
}
