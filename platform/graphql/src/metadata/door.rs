//! What every resolver has at hand: who asks, of which model, and the session in which changes are made.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use tenon_access::Policy;
use tenon_automation::Sandbox;
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::{Classify, InputPath, Kind, Problem, Problems};
use tenon_identity::Identity;
use tenon_model::{Model, ObjectIx, RoleIx, Special};
use tenon_packages::{Operation, Packages, PackagesError, Session};
use tenon_records::Idempotency;
use tenon_store::Store;
use tokio::sync::Mutex;

use super::sight::{Extent, Sight};
use crate::SchemaUsage;

/// What one request has at hand.
pub(super) struct Door {
    pub(super) store: Store,
    pub(super) packages: Packages,
    pub(super) identity: Option<Identity>,
    pub(super) sandbox: Option<Sandbox>,
    pub(super) usage: SchemaUsage,
    pub(super) cx: OpContext,
    pub(super) policy: Policy,
    session: Mutex<Option<Session>>,
    used: OnceLock<Arc<Sight>>,
    kept: OnceLock<Arc<Sight>>,
    shaped: AtomicBool,
    /// Rules that were counted.
    counted: AtomicUsize,
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
    pub(super) fn new(store: Store, packages: Packages, identity: Option<Identity>, cx: OpContext) -> Self {
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let session = Mutex::new(Some(packages.session(cx.clone())));
        let (used, kept) = (OnceLock::new(), OnceLock::new());
        Self {
            store,
            packages,
            identity,
            sandbox: None,
            usage: SchemaUsage::default(),
            cx,
            policy,
            session,
            used,
            kept,
            shaped: AtomicBool::new(false),
            counted: AtomicUsize::new(0),
        }
    }

    /// The same, with who moves the clocks of sandboxes.
    pub(super) fn with_sandbox(self, sandbox: Option<Sandbox>) -> Self {
        Self { sandbox, ..self }
    }

    /// The same, with who counts what of the data API's schema is used.
    pub(super) fn with_usage(self, usage: SchemaUsage) -> Self {
        Self { usage, ..self }
    }

    /// What the caller may use of the model as it was when the request came.
    pub(super) fn used(&self) -> Arc<Sight> {
        let sight = || Sight::new(Arc::clone(&self.cx.model), self.cx.principal.clone(), Extent::Used);
        Arc::clone(self.used.get_or_init(sight))
    }

    /// What the caller may look at in it: all, where he may change it.
    pub(super) fn kept(&self) -> Arc<Sight> {
        let sight = || Sight::new(Arc::clone(&self.cx.model), self.cx.principal.clone(), Extent::Kept);
        Arc::clone(self.kept.get_or_init(sight))
    }

    /// The same of the model with what this document has changed so far.
    pub(super) async fn changed(&self) -> Arc<Sight> {
        Sight::new(self.model().await, self.cx.principal.clone(), Extent::Kept)
    }

    /// Changes need the right to make them.
    pub(super) fn may_change(&self) -> Result<(), Failure> {
        if self.policy.may_change_metadata() { Ok(()) } else { Err(Problem::of_kind(Kind::Forbidden).into()) }
    }

    /// Rights are given by who may give them: beside `metadata` it takes `users`, or a developer could make himself
    /// anything.
    pub(super) fn may_give_rights(&self) -> Result<(), Failure> {
        if self.policy.may_special(Special::Users) {
            return Ok(());
        }
        let problem = Problem::forbidden(
            "rights",
            "changing roles and rights takes the special right `users` beside `metadata`",
            "修改角色与权限除 `metadata` 外还需要特殊权限 `users`",
        );
        Err(problem.into())
    }

    /// What the steps that were carried out mean for this document.
    pub(super) fn note(&self, steps: &[Operation]) -> Result<(), Failure> {
        if steps.iter().any(|step| !step.is_law()) {
            self.shaped.store(true, Ordering::Relaxed);
        }
        if steps.iter().any(Operation::is_law) { self.may_give_rights() } else { Ok(()) }
    }

    /// Whether this document has changed more than rights.
    pub(super) fn has_shaped(&self) -> bool {
        self.shaped.load(Ordering::Relaxed)
    }

    /// Whether one more rule may be counted for this document, which then it is.
    pub(super) fn counts_one_more(&self, most: usize) -> bool {
        self.counted.fetch_add(1, Ordering::Relaxed) < most
    }

    /// The principal that a user would be, signed in now.
    pub(super) async fn principal_of(&self, user: tenon_value::Uuid) -> Result<Option<Arc<Principal>>, Failure> {
        let Some(identity) = &self.identity else { return Ok(None) };
        identity.principal_of(&self.cx, user).await.map_err(|error| error.problem().into())
    }

    /// Some of the people who hold one of the roles, or a role that inherits from one, as they stand in the model that
    /// is live: what only a new rule asks of them is not known yet.
    pub(super) async fn holders(&self, model: &Model, roles: &[RoleIx], most: usize) -> Result<Vec<Arc<Principal>>, Failure> {
        let members = self.store.members(model.tenant).await.map_err(|error| Failure::from(error.problem()))?;
        let holds = |name: &String| {
            let mut next = model.role_named(name);
            for _ in 0..=model.roles.len() {
                let Some(role) = next else { return false };
                if roles.contains(&role.ix) {
                    return true;
                }
                next = role.parent.and_then(|parent| model.role(parent));
            }
            false
        };
        let mut found = Vec::new();
        for member in members.iter().filter(|member| member.roles.iter().any(holds)) {
            if found.len() >= most {
                break;
            }
            found.extend(self.principal_of(member.user).await?);
        }
        Ok(found)
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

    /// Ends the session with what was changed, and the answer to it under the caller's key; the version that is live.
    pub(super) async fn keep(&self, answer: Option<(&Idempotency, &[u8])>) -> Result<Option<u64>, PackagesError> {
        let Some(mut session) = self.session.lock().await.take() else { return Ok(None) };
        if let Some((Idempotency { key, body_hash }, response)) = answer
            && let Err(error) = session.keep_answer(key, *body_hash, response).await
        {
            report(&error);
            session.abandon().await?;
            return Err(error);
        }
        let outcome = session.finish().await.map(|model| Some(model.version.0));
        outcome.inspect_err(report)
    }

    /// Ends the session without a trace.
    pub(super) async fn abandon(&self) -> Result<(), PackagesError> {
        match self.session.lock().await.take() {
            Some(session) => session.abandon().await,
            None => Ok(()),
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
