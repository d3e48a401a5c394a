//! What every tenant route takes: who is called, by whom, with which headers.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_model::ModelVersion;

use crate::app::App;
use crate::facts::{Arrival, Standing};
use crate::respond::problem_of;

const MIN_MODEL_VERSION: HeaderName = HeaderName::from_static("tenon-min-model-version");

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
    /// The caller's context, if he is known and within his rate, the server takes work, and the model is as new as he needs.
    pub(crate) async fn context(&self, via: Via) -> Result<OpContext, Problem> {
        if self.app.status.is_draining() {
            return Err(Problem::of_kind(Kind::Unavailable));
        }
        let authorization = self.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let resolving = self.app.identity.resolve(self.part("tenant"), authorization, self.arrival.facts(via));
        // A database that hangs would keep the caller waiting longer than he does.
        let resolved = tokio::time::timeout_at(self.arrival.deadline.into(), resolving).await;
        let context = resolved.map_err(|_| Problem::of_kind(Kind::Unavailable))?.map_err(|error| problem_of(&error, &self.arrival))?;
        let allowance = self.app.rate.take(&context.principal);
        self.arrival.stand(Standing { model_version: context.model.version.0, allowance });
        allowance.check()?;
        match self.least_version()? {
            None => Ok(context),
            Some(version) => self.app.identity.at_least(context, version).await.map_err(|error| problem_of(&error, &self.arrival)),
        }
    }

    /// `Tenon-Min-Model-Version`: the caller has seen that version and wants nothing older.
    fn least_version(&self) -> Result<Option<ModelVersion>, Problem> {
        let Some(value) = self.headers.get(MIN_MODEL_VERSION) else { return Ok(None) };
        let version = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        version
            .map(|version| Some(ModelVersion(version)))
            .ok_or_else(|| Problem::invalid("type", "`Tenon-Min-Model-Version` is a whole number", "`Tenon-Min-Model-Version` 应为整数"))
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
