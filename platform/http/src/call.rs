//! What every tenant route takes: who is called, by whom, with which headers.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tenon_context::{OpContext, Via};
use tenon_identity::IdentityError;

use crate::app::App;
use crate::facts::Arrival;

/// A call to one tenant's door.
pub(crate) struct Call {
    pub(crate) app: App,
    /// Parts of the path: `tenant`, `id`.
    path: HashMap<String, String>,
    pub(crate) arrival: Arrival,
    pub(crate) headers: HeaderMap,
    /// The query of the URL, as it came.
    pub(crate) query: Option<String>,
}

impl Call {
    /// Resolves the caller.
    pub(crate) async fn context(&self, via: Via) -> Result<OpContext, IdentityError> {
        let authorization = self.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.app.identity.resolve(self.part("tenant"), authorization, self.arrival.facts(via)).await
    }

    /// A part of the path; empty where the route has none of that name.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The value of a query parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl FromRequestParts<App> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, app).await.map(|Path(path)| path).unwrap_or_default();
        let arrival = parts.extensions.get::<Arrival>().cloned().unwrap_or_else(Arrival::unannounced);
        Ok(Self { app: app.clone(), path, arrival, headers: parts.headers.clone(), query: parts.uri.query().map(str::to_owned) })
    }
}
