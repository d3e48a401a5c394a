//! The table of contents of the API, grouped by who calls.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tenon_packages::BUNDLE_BYTES_MAX;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;
use crate::body::FORM_BYTES_MAX;
use crate::doors::{Door, Doors, Method};
use crate::exports_route::EXPORT_REQUEST_MAX;
use crate::limits::{BODY_BYTES_MAX, COMPRESS_ABOVE};
use crate::scim_route::SCIM_BYTES_MAX;
use crate::{
    documents_route, endpoints_route, exports_route, facts, files_route, graphql_route, imports_route, jobs_route, keys_route, limits,
    links_route, live, members_route, oidc_route, packages_route, patience, probes, respond, schema_route, scim_route, secrets_route,
    session_route, traffic, upload_route,
};

/// Who may come in: small bodies, and pages for those who are not in yet.
fn sign_in() -> Doors {
    Doors::new()
        .post("/session", session_route::begin)
        .get("/session", session_route::show)
        .delete("/session", session_route::end)
        .get("/sessions", session_route::list)
        .delete("/sessions", session_route::revoke_all)
        .delete("/sessions/{id}", session_route::revoke)
        .post("/password", secrets_route::password)
        .post("/totp", secrets_route::enrol)
        .delete("/totp", secrets_route::disable)
        .post("/totp/confirm", secrets_route::confirm)
        .post("/invitations", members_route::invite)
        .get("/invitations/accept", secrets_route::page)
        .post("/invitations/accept", members_route::accept)
        .post("/resets", members_route::forgotten)
        .get("/resets/complete", secrets_route::page)
        .post("/resets/complete", members_route::complete)
        .get("/members", members_route::list)
        .get("/members/{id}", members_route::show)
        .patch("/members/{id}", members_route::change)
        .delete("/members/{id}", members_route::remove)
        .post("/members/{id}/reset", members_route::reset)
        .get("/keys", keys_route::list)
        .post("/keys", keys_route::make)
        .delete("/keys/{id}", keys_route::revoke)
        .get("/oidc", oidc_route::offered)
        .get("/oidc/{provider}/start", oidc_route::start)
        .get("/oidc/{provider}/callback", oidc_route::callback)
        .get("/providers", oidc_route::list)
        .get("/providers/{provider}", oidc_route::show)
        .put("/providers/{provider}", oidc_route::put)
        .delete("/providers/{provider}", oidc_route::remove)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// Everything that belongs to one tenant, grouped by who calls.
fn tenant() -> Doors {
    Doors::new()
        // Frontends and integrations
        .get("/graphql", graphql_route::data_by_get)
        .post("/graphql", graphql_route::data)
        .otherwise("/graphql", graphql_route::no_such_method)
        .get("/metadata", graphql_route::metadata_by_get)
        .post("/metadata", graphql_route::metadata)
        .otherwise("/metadata", graphql_route::no_such_method)
        .get("/schema.graphql", schema_route::data)
        .get("/metadata/schema.graphql", schema_route::metadata)
        .get("/changes", live::changes)
        .get("/limits", limits::list)
        .post("/documents", documents_route::push)
        .get("/documents", documents_route::list)
        .delete("/documents/{id}", documents_route::remove)
        .put("/documents/rules/{whose}", documents_route::rule)
        // People signing in
        .merge(sign_in())
        // Identity providers that keep the members
        .merge(Doors::new().on(Method::Any, "/scim/v2/{*path}", scim_route::answer).layer(DefaultBodyLimit::max(SCIM_BYTES_MAX)))
        // Data in
        .merge(
            Doors::new()
                .post("/imports", imports_route::begin)
                .post("/imports/suggest", imports_route::propose)
                .layer(DefaultBodyLimit::disable()),
        )
        .merge(Doors::new().post("/files", upload_route::upload).layer(DefaultBodyLimit::disable()))
        .get("/files/{id}", files_route::fetch)
        .get("/files/{id}/thumb", files_route::thumbnail)
        .get("/imports/{id}", imports_route::show)
        .get("/imports/{id}/errors.csv", imports_route::errors)
        .post("/imports/{id}/undo", imports_route::undo)
        .post("/imports/{id}/{wish}", imports_route::wish)
        // Data out
        .merge(Doors::new().post("/exports", exports_route::begin).layer(DefaultBodyLimit::max(EXPORT_REQUEST_MAX)))
        .get("/exports/{id}", exports_route::show)
        .get("/exports/{id}/data", exports_route::data)
        .post("/exports/{id}/{wish}", exports_route::wish)
        // Packages of others
        .merge(Doors::new().post("/packages", packages_route::upload).layer(DefaultBodyLimit::max(BUNDLE_BYTES_MAX)))
        .delete("/packages/{package}/{version}", packages_route::remove)
        .merge(
            Doors::new()
                .on(Method::Any, "/x/{package}/{*path}", endpoints_route::answer)
                .layer(DefaultBodyLimit::max(tenon_automation::ENDPOINT_BYTES_MAX)),
        )
        // Other tenants
        .merge(
            Doors::new()
                .get("/links", links_route::list)
                .post("/links", links_route::offer)
                .post("/links/accept", links_route::accept)
                .get("/links/{id}", links_route::show)
                .delete("/links/{id}", links_route::revoke)
                .layer(DefaultBodyLimit::max(FORM_BYTES_MAX)),
        )
        // Work that goes on after its request
        .get("/jobs", jobs_route::list)
        .get("/jobs/{id}", jobs_route::show)
        .get("/jobs/{id}/errors.csv", jobs_route::errors)
        .post("/jobs/{id}/{wish}", jobs_route::wish)
}

fn all() -> Doors {
    Doors::new()
        .nest("/t/{tenant}", tenant())
        // Operators and their tools
        .get("/healthz", probes::health)
        .get("/readyz", probes::ready)
        .get("/metrics", traffic::metrics)
        .get("/version", probes::version)
}

/// Every door of a server: the attack suite knocks at each.
#[must_use]
pub fn doors() -> Vec<Door> {
    all().into_list()
}

/// Files are given out byte for byte, with their length: parts of them may be asked for.
fn is_no_file(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

/// All routes of a server.
pub fn router(app: App) -> Router {
    all()
        .into_router()
        .fallback(respond::no_such_route)
        .method_not_allowed_fallback(respond::no_such_method)
        // One layer, the outermost first: each `layer` of its own would box every request's route and future once more.
        .layer((
            // Every answer leaves through it, whoever gave it.
            axum::middleware::from_fn_with_state(app.clone(), facts::receive),
            axum::middleware::from_fn_with_state(app.clone(), patience::wait),
            CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE).and(NotForContentType::SSE).and(is_no_file)),
            // An encoding that it does not know is refused by the door that would read the body, in the door's own shape.
            RequestDecompressionLayer::new().gzip(true).zstd(true).pass_through_unaccepted(true),
            DefaultBodyLimit::max(BODY_BYTES_MAX),
        ))
        .with_state(app)
}
