//! The door: routes, media types, limits, status codes. The only crate that names axum.
//!
//! Floor 8. Invariants: every answer carries a request id; `respond` is the only place that knows status codes of
//! failures; no tenant data is touched without a context from `identity`.
// The futures of a save are nested deeper than the compiler expects by default.
#![recursion_limit = "256"]

mod app;
mod body;
mod call;
mod cookie;
mod cors;
mod documents_route;
mod doors;
mod endpoints_route;
mod etag;
mod explorer;
mod exports_route;
mod facts;
mod files_route;
mod graphql_route;
mod imports_route;
mod jobs_route;
mod keys_route;
mod limits;
mod links_route;
mod live;
mod members_route;
mod negotiate;
mod oidc_route;
mod origin;
mod packages_route;
mod patience;
mod peer;
mod probes;
mod ranges;
mod rate;
mod receiving;
mod request;
mod respond;
mod router;
mod schema_route;
mod scim_route;
mod secrets_route;
mod session_route;
mod status;
mod traffic;
mod upload_route;

pub use app::{App, AppParts};
pub use doors::{Door, Method};
pub use patience::Patience;
pub use router::{doors, router};
pub use status::{Readiness, Status};
