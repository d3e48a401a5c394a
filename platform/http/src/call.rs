//! What every tenant route takes: who is called, by whom, with which headers.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{Caller, Credential, IdentityError};
use tenon_model::ModelVersion;
use tenon_value::Uuid;

use crate::app::App;
use crate::facts::{Arrival, Standing};
use crate::peer::Peer;
use crate::respond::problem_of;
use crate::{cookie, origin};

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
    /// Where it comes from.
    pub(crate) peer: Peer,
    method: Method,
    /// The whole path.
    door: String,
}

impl Call {
    /// The caller's context, if he is known and within his rate, the server takes work, and the model is as new as he needs.
    pub(crate) async fn context(&self, via: Via) -> Result<OpContext, Problem> {
        Ok(self.caller(via).await?.context)
    }

    /// The same, with the session he came by.
    pub(crate) async fn caller(&self, via: Via) -> Result<Caller, Problem> {
        self.check_taken()?;
        let credential = self.credential();
        let mut caller = self.in_time(self.app.identity.resolve(self.part("tenant"), credential, self.arrival.facts(via))).await?;
        if matches!(credential, Credential::Session(_)) {
            let listed = &caller.context.model.settings.cors;
            origin::check(&self.method, &self.door, &self.headers, &self.app.public_url, listed)?;
        }
        let allowance = self.app.rate.take(&caller.context.principal);
        self.arrival.stand(Standing { model_version: caller.context.model.version.0, allowance });
        allowance.check()?;
        if let Some(version) = self.least_version()? {
            let newer = self.app.identity.at_least(caller.context, version).await;
            caller.context = newer.map_err(|error| problem_of(&error, &self.arrival))?;
        }
        Ok(caller)
    }

    /// What the caller shows: a key in a header goes before a cookie, which a browser sends by itself.
    pub(crate) fn credential(&self) -> Credential<'_> {
        match self.headers.get(header::AUTHORIZATION) {
            // What is no text is no credential either; it does not fall back to the cookie.
            Some(value) => value.to_str().map_or(Credential::None, Credential::Authorization),
            None => cookie::token(&self.headers).map_or(Credential::None, Credential::Session),
        }
    }

    /// UNAVAILABLE where the server ends.
    pub(crate) fn check_taken(&self) -> Result<(), Problem> {
        if self.app.status.is_draining() { Err(Problem::of_kind(Kind::Unavailable)) } else { Ok(()) }
    }

    /// What identity is asked for, as far as the caller waits: a database that hangs would keep him longer than he does.
    pub(crate) async fn in_time<T>(&self, asked: impl Future<Output = Result<T, IdentityError>>) -> Result<T, Problem> {
        let answered = tokio::time::timeout_at(self.arrival.deadline.into(), asked).await;
        answered.map_err(|_| Problem::of_kind(Kind::Unavailable))?.map_err(|error| problem_of(&error, &self.arrival))
    }

    /// The `{id}` of the path; what is no id names nothing.
    pub(crate) fn id(&self) -> Result<Uuid, Problem> {
        self.part("id").parse().map_err(|_| Problem::of_kind(Kind::NotFound))
    }

    /// `?user=`: whose sessions are meant.
    pub(crate) fn named_user(&self) -> Result<Option<Uuid>, Problem> {
        let wrong = || Problem::invalid("id", "`user` is an id", "`user` 应为标识");
        self.parameter("user").map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    /// `Tenon-Min-Model-Version`: the caller has seen that version and wants nothing older.
    fn least_version(&self) -> Result<Option<ModelVersion>, Problem> {
        let Some(value) = self.headers.get(MIN_MODEL_VERSION) else { return Ok(None) };
        let version = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        version
            .map(|version| Some(ModelVersion(version)))
            .ok_or_else(|| Problem::invalid("type", "`Tenon-Min-Model-Version` is a whole number", "`Tenon-Min-Model-Version` 应为整数"))
    }

    /// Whether only the head of the answer is asked for.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
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
        let peer = Peer::of(parts, &app.proxies);
        let (method, door) = (parts.method.clone(), parts.uri.path().to_owned());
        Ok(Self {
            app: app.clone(),
            path,
            arrival,
            headers: parts.headers.clone(),
            query: parts.uri.query().map(str::to_owned),
            peer,
            method,
            door,
        })
    }
}
