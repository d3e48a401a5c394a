//! The table of contents of the API, grouped by who calls.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;
use crate::body::FORM_BYTES_MAX;
use crate::limits::{BODY_BYTES_MAX, COMPRESS_ABOVE};
use crate::scim_route::SCIM_BYTES_MAX;
use crate::{
    facts, graphql_route, imports_route, keys_route, limits, members_route, oidc_route, probes, respond, schema_route, scim_route,
    secrets_route, session_route, traffic,
};

/// Who may come in: small bodies, and pages for those who are not in yet.
fn sign_in() -> Router<App> {
    Router::new()
        .route("/session", post(session_route::begin).get(session_route::show).delete(session_route::end))
        .route("/sessions", get(session_route::list).delete(session_route::revoke_all))
        .route("/sessions/{id}", delete(session_route::revoke))
        .route("/password", post(secrets_route::password))
        .route("/totp", post(secrets_route::enrol).delete(secrets_route::disable))
        .route("/totp/confirm", post(secrets_route::confirm))
        .route("/invitations", post(members_route::invite))
        .route("/invitations/accept", get(secrets_route::page).post(members_route::accept))
        .route("/resets", post(members_route::forgotten))
        .route("/resets/complete", get(secrets_route::page).post(members_route::complete))
        .route("/members", get(members_route::list))
        .route("/members/{id}", get(members_route::show).patch(members_route::change).delete(members_route::remove))
        .route("/members/{id}/reset", post(members_route::reset))
        .route("/keys", get(keys_route::list).post(keys_route::make))
        .route("/keys/{id}", delete(keys_route::revoke))
        .route("/oidc", get(oidc_route::offered))
        .route("/oidc/{provider}/start", get(oidc_route::start))
        .route("/oidc/{provider}/callback", get(oidc_route::callback))
        .route("/providers", get(oidc_route::list))
        .route("/providers/{provider}", get(oidc_route::show).put(oidc_route::put).delete(oidc_route::remove))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// All routes of a server.
pub fn router(app: App) -> Router {
    let tenant = Router::new()
        // Frontends and integrations
        .route("/graphql", get(graphql_route::data_by_get).post(graphql_route::data).fallback(graphql_route::no_such_method))
        .route("/metadata", get(graphql_route::metadata_by_get).post(graphql_route::metadata).fallback(graphql_route::no_such_method))
        .route("/schema.graphql", get(schema_route::data))
        .route("/metadata/schema.graphql", get(schema_route::metadata))
        .route("/limits", get(limits::list))
        // People signing in
        .merge(sign_in())
        // Identity providers that keep the members
        .route("/scim/v2/{*path}", any(scim_route::answer).layer(DefaultBodyLimit::max(SCIM_BYTES_MAX)))
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
        // One layer, the outermost first: each `layer` of its own would box every request's route and future once more.
        .layer((
            // Every answer leaves through it, whoever gave it.
            axum::middleware::from_fn_with_state(app.clone(), facts::receive),
            CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE)),
            // An encoding that it does not know is refused by the door that would read the body, in the door's own shape.
            RequestDecompressionLayer::new().gzip(true).zstd(true).pass_through_unaccepted(true),
            DefaultBodyLimit::max(BODY_BYTES_MAX),
        ))
        .with_state(app)
}
