//! What every resolver has at hand: who asks, of which model, and the session in which changes are made.

use std::sync::Arc;

use async_graphql::Context;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, InputPath, Kind, Problem, Problems};
use tenon_model::{Model, ObjectIx};
use tenon_packages::{Packages, PackagesError, Session};
use tenon_query::Action;
use tenon_store::Store;
use tokio::sync::Mutex;

/// What one request has at hand.
pub(super) struct Door {
    pub(super) store: Store,
    pub(super) packages: Packages,
    pub(super) cx: OpContext,
    pub(super) policy: Policy,
    session: Mutex<Option<Session>>,
}

/// Everything that is wrong, on its way through async-graphql.
#[derive(Clone, Debug)]
pub(super) struct Failure(pub(super) Problems);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Problems::from(problem))
    }
}

impl From<PackagesError> for Failure {
    fn from(error: PackagesError) -> Self {
        report(&error);
        Self(error.problems())
    }
}

/// What callers are told nothing about is told to the operator.
fn report(error: &PackagesError) {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        let mut causes = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            causes = format!("{causes}: {inner}");
            cause = inner.source();
        }
        tracing::error!(error = %causes, "metadata request failed");
    }
}

/// What the request has at hand.
pub(super) fn door<'c>(ctx: &Context<'c>) -> &'c Arc<Door> {
    ctx.data_unchecked::<Arc<Door>>()
}

impl Door {
    pub(super) fn new(store: Store, packages: Packages, cx: OpContext) -> Self {
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let session = Mutex::new(Some(packages.session(cx.clone())));
        Self { store, packages, cx, policy, session }
    }

    /// True where the principal may see the object.
    pub(super) fn sees(&self, object: ObjectIx) -> bool {
        self.policy.may(object, Action::Read)
    }

    /// Changes need the right to make them.
    pub(super) fn may_change(&self) -> Result<(), Failure> {
        if self.policy.may_change_metadata() { Ok(()) } else { Err(Problem::of_kind(Kind::Forbidden).into()) }
    }

    /// Does something in the session.
    pub(super) async fn in_session<T>(&self, work: impl AsyncFnOnce(&mut Session) -> Result<T, PackagesError>) -> Result<T, Failure> {
        let mut session = self.session.lock().await;
        match session.as_mut() {
            Some(session) => Ok(work(session).await?),
            None => Err(Problem::of_kind(Kind::Internal).into()),
        }
    }

    /// The model with what this document has changed so far.
    pub(super) async fn model(&self) -> Arc<Model> {
        self.session.lock().await.as_ref().map_or_else(|| Arc::clone(&self.cx.model), Session::model)
    }

    /// How many records an object has.
    pub(super) async fn row_count(&self, object: ObjectIx) -> Result<u64, Failure> {
        self.in_session(async |session| session.row_count(object).await).await
    }

    /// Ends the session; the version that is live, if it changed.
    pub(super) async fn end(&self, keep: bool) -> Result<Option<u64>, PackagesError> {
        let Some(session) = self.session.lock().await.take() else { return Ok(None) };
        if keep {
            let outcome = session.finish().await.map(|model| Some(model.version.0));
            outcome.inspect_err(report)
        } else {
            session.abandon().await.map(|()| None)
        }
    }
}

/// The same problems, each with the place in the input that caused it: as `place` says for its element.
pub(super) fn placed(failure: Failure, place: impl Fn(&str) -> InputPath) -> Failure {
    let mut placed = Problems::default();
    for problem in failure.0.as_slice() {
        let element = problem.details.iter().find(|(key, _)| *key == "element").and_then(|(_, path)| path.as_str().map(str::to_owned));
        let path =
            if problem.input_path.steps().is_empty() { place(element.as_deref().unwrap_or_default()) } else { problem.input_path.clone() };
        placed.push(problem.clone().at(path));
    }
    Failure(placed)
}

/// A path of keys only.
pub(super) fn keys(keys: &[&'static str]) -> InputPath {
    keys.iter().fold(InputPath::default(), |path, key| path.key(*key))
}
