//! Subscriptions: a document that is answered again and again, and the feed of changes, which is one that we write ourselves.
//!
//! Each event is authorized anew: the caller hands in the context of now, and everything is planned on it. Invariant: what is
//! told of a record is read under the rights of the moment at which it is told.

mod cursor;
mod feed;
mod job;
mod record;
mod told;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tenon_automation::{Followed, Follower, Interest, JobDesk, Relay, RelayError, events, job_json};
use tenon_catalog::Catalog;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_model::ModelVersion;
use tenon_store::{Position, RESUME_WINDOW, StoreError, StoredJob};
use tenon_value::{TenantId, Uuid};

use crate::api::{DataApi, operation, rejected};
use crate::collect::Collector;
use crate::cost::Cost;
use crate::cursor::Signer;
use crate::documents::{Valid, told as told_problem};
use crate::execute::Reader;
use crate::jobs::project;
use crate::lower::{Listening, Shared, Source, listening};
use crate::prepare::{coerce_variables, measure};
use crate::respond::{Errors, response};
use crate::shape::Out;
use crate::stack::{deep, levels};
use crate::syntax::ast::OperationKind;
use crate::used::members;
use crate::{GraphqlRequest, GraphqlResponse, Outcome};

use cursor::Places;
pub use feed::{Feed, FeedLine, FeedPage, FeedQuery};
use job::JobWatch;
use told::Telling;

/// How often a subscriber to the model looks for a newer version: what PostgreSQL tells may be lost.
const MODEL_EVERY: Duration = Duration::from_millis(500);

/// One answer of a subscription.
#[derive(Clone, Debug)]
pub struct Message {
    /// A GraphQL response.
    pub body: Bytes,
    /// The place after it, where there is one.
    pub cursor: Option<String>,
}

/// What a subscription waits for.
enum Waiting {
    Changes(Box<Follower>),
    /// The tenant's model, and the version that is known.
    Model {
        tenant: TenantId,
        catalog: Arc<Catalog>,
        known: Option<u64>,
    },
    /// A job.
    Job(JobWatch),
}

/// What a document wants to listen to.
enum Wanted {
    /// Changes of records, after this place.
    Changes(Option<String>),
    Model,
    Job(Uuid),
}

/// Something has happened that a subscription may tell of.
pub enum Happened {
    /// Records changed.
    Changes(Box<Followed>),
    /// The model has this version now.
    Model(u64),
    /// A job stands like this now.
    Job(Box<StoredJob>),
}

impl std::fmt::Debug for Happened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Changes(_) => "Changes",
            Self::Model(_) => "Model",
            Self::Job(_) => "Job",
        })
    }
}

/// A subscription under way.
pub struct Subscription {
    api: DataApi,
    request: GraphqlRequest,
    waiting: Waiting,
    /// What the tenant's cursors are signed with.
    secret: [u8; 32],
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A document that is fit to be listened with, on one model.
struct Fit<T> {
    valid: Arc<Valid>,
    levels: usize,
    made: T,
}

impl DataApi {
    /// Whether a request is a subscription. What cannot be read is none; executing it says why.
    #[must_use]
    pub fn is_subscription(&self, cx: &OpContext, request: &GraphqlRequest) -> bool {
        // Most documents are told apart by their letters.
        if !request.query.contains("subscription") {
            return false;
        }
        let levels = levels(&request.query, request.variables.values());
        let Ok(Ok((valid, _))) = deep(levels, || self.documents().document(cx, &request.query)) else { return false };
        operation(&valid.document, request.operation_name.as_deref()).is_ok_and(|operation| operation.kind == OperationKind::Subscription)
    }

    /// The answer that says no, where a door has its own reasons.
    #[must_use]
    pub fn refuse(&self, cx: &OpContext, problem: &Problem) -> GraphqlResponse {
        rejected(cx, Outcome::Failed(problem.kind), &problem.clone().into())
    }

    /// Begins a subscription; `resume` is where it goes on if the document does not say.
    ///
    /// # Errors
    /// The answer that says what is wrong with it.
    pub async fn subscribe(
        &self,
        relay: &Relay,
        cx: &OpContext,
        request: GraphqlRequest,
        resume: Option<&str>,
    ) -> Result<Subscription, Box<GraphqlResponse>> {
        let secret = self.store().cursor_secret(cx.model.tenant).await.map_err(|error| ended(cx, &error))?;
        let fit = self.fit(cx, (&request, &secret), |listening| match listening.to {
            Source::Changes(_) => Wanted::Changes(listening.after),
            Source::Metadata(_) => Wanted::Model,
            Source::Job(id, _) => Wanted::Job(id),
        })?;
        let tenant = cx.model.tenant;
        let waiting = match fit.made {
            Wanted::Model => Waiting::Model { tenant, catalog: Arc::clone(self.catalog()), known: None },
            Wanted::Job(id) => Waiting::Job(JobWatch::begin(self.store(), cx, id).await?),
            Wanted::Changes(after) => {
                let place = Self::place(cx, &secret, after.as_deref().or(resume)).map_err(|problem| refused(cx, &problem))?;
                let resumes = place.is_some();
                let follower = relay.follow(tenant, place).await.map_err(|error| broken(cx, &error))?;
                let follower = Box::new(follower);
                if resumes {
                    // Too old a place is said at once.
                    follower.check().await.map_err(|error| broken(cx, &error))?;
                }
                Waiting::Changes(follower)
            }
        };
        Ok(Subscription { api: self.clone(), request, waiting, secret })
    }

    /// The same principal over the tenant's newest model.
    async fn newer(&self, cx: &OpContext) -> Result<OpContext, Problem> {
        let model = self.catalog().reload(cx.model.tenant, ModelVersion(cx.model.version.0 + 1)).await;
        let model = model.map_err(|error| told_problem(&error))?;
        let mut newer = cx.clone();
        newer.model = model;
        Ok(newer)
    }

    /// The place of a cursor.
    fn place(cx: &OpContext, secret: &[u8; 32], cursor: Option<&str>) -> Result<Option<Position>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let damaged = || Problem::invalid("cursor", "this is no cursor of this tenant's changes", "游标无效");
        Places::new(secret, cx.model.tenant).read(cursor).map(Some).ok_or_else(damaged)
    }

    /// Parses, validates and plans a subscription; `look` takes of the plan what outlives it.
    fn fit<T: Send>(
        &self,
        cx: &OpContext,
        (request, secret): (&GraphqlRequest, &[u8; 32]),
        look: impl FnOnce(Listening<'_>) -> T + Send,
    ) -> Result<Fit<T>, Box<GraphqlResponse>> {
        let refuse = |problems: Problems| Box::new(rejected(cx, Outcome::Rejected, &problems));
        let levels = levels(&request.query, request.variables.values());
        let checked = deep(levels, || {
            let (valid, _) = self.documents().document(cx, &request.query)?;
            let made = {
                let operation = operation(&valid.document, request.operation_name.as_deref())?;
                let (variables, former) = coerce_variables(&valid.schema, operation, &request.variables)?;
                self.usage.count(cx, &valid.used, members(&valid.schema, operation, &variables, &former));
                let collector = Collector { document: &valid.document, variables: &variables };
                measure(&valid.schema, &collector, operation)?;
                let signer = Signer::new(secret, cx.model.tenant);
                let shared = Shared { schema: &valid.schema, cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
                look(listening(shared, operation)?)
            };
            Ok::<_, Problems>(Fit { valid, levels, made })
        });
        checked.unwrap_or_else(|problem| Err(problem.into())).map_err(refuse)
    }
}

impl Subscription {
    /// Waits until something happened; none where nothing will any more. May be dropped while it waits.
    ///
    /// # Errors
    /// Why the subscription ends.
    pub async fn happened(&mut self, cx: &OpContext) -> Result<Option<Happened>, Box<GraphqlResponse>> {
        match &mut self.waiting {
            Waiting::Changes(follower) => {
                let followed = follower.next().await.map_err(|error| broken(cx, &error))?;
                Ok(Some(Happened::Changes(Box::new(followed))))
            }
            Waiting::Job(watch) => Ok(watch.next(self.api.store()).await.map(|job| Happened::Job(Box::new(job)))),
            Waiting::Model { tenant, catalog, known } => loop {
                // An away database is looked for again: nobody is told of a model that is not there.
                if let Ok(model) = catalog.model(*tenant).await {
                    let before = known.replace(model.version.0);
                    if before.is_some_and(|before| before < model.version.0) {
                        return Ok(Some(Happened::Model(model.version.0)));
                    }
                }
                tokio::time::sleep(MODEL_EVERY).await;
            },
        }
    }

    /// What the principal of now is told of it.
    ///
    /// # Errors
    /// The answer with which the subscription ends: its document is not valid any more, or the store failed.
    pub async fn messages(&self, cx: &OpContext, happened: &Happened) -> Result<Vec<Message>, Box<GraphqlResponse>> {
        match happened {
            Happened::Model(version) => self.told(cx, |out, source| {
                let Source::Metadata(parts) = source else { return };
                out.object(
                    parts,
                    |(key, _)| key,
                    |out, (_, is_version)| if *is_version { out.number(version) } else { out.plain("ModelVersion") },
                );
            }),
            Happened::Job(job) if !JobDesk::sees(cx, job) => Err(refused(cx, &Problem::of_kind(Kind::NotFound))),
            Happened::Job(job) => self.told(cx, |out, source| {
                let Source::Job(_, subs) = source else { return };
                out.json(&project(&job_json(job, self.api.store().machine_time()), subs, "Job"));
            }),
            Happened::Changes(followed) => {
                let told = match Box::pin(self.changes(cx, followed)).await {
                    Err(StoreError::StaleModel) => {
                        let newer = self.api.newer(cx).await.map_err(|problem| refused(cx, &problem))?;
                        Box::pin(self.changes(&newer, followed)).await
                    }
                    told => told,
                };
                told.map_err(|error| ended(cx, &error))?
            }
        }
    }

    /// One message of what `write` says of what is listened to.
    fn told(&self, cx: &OpContext, write: impl FnOnce(&mut Out, &Source<'_>) + Send) -> Result<Vec<Message>, Box<GraphqlResponse>> {
        let body = |listening: Listening<'_>| {
            let mut out = Out::default();
            out.raw("{");
            out.text(listening.key);
            out.raw(":");
            write(&mut out, &listening.to);
            out.raw("}");
            let cost = Cost { actual: out.fields, ..Cost::default() };
            Bytes::from(response(cx, Some(&out.bytes), &Errors::default(), &cost))
        };
        let fit = self.api.fit(cx, (&self.request, &self.secret), body)?;
        Ok(vec![Message { body: fit.made, cursor: None }])
    }

    async fn changes(&self, cx: &OpContext, followed: &Followed) -> Result<Result<Vec<Message>, Box<GraphqlResponse>>, StoreError> {
        // Lowered twice: first what is listened to, then, where there is something to tell, how it is told.
        let fit = match self.api.fit(cx, (&self.request, &self.secret), |listening| match listening.to {
            Source::Changes(heard) => heard.into_iter().map(|heard| heard.interest).collect::<Vec<Interest>>(),
            Source::Metadata(_) | Source::Job(..) => Vec::new(),
        }) {
            Ok(fit) => fit,
            Err(response) => return Ok(Err(response)),
        };
        let policy = &fit.valid.schema.policy;
        let mut told = Vec::new();
        for (nth, interest) in fit.made.iter().enumerate() {
            let events = Box::pin(events(self.api.store(), (cx, policy), followed, interest, followed.is_behind())).await?;
            told.extend(events.into_iter().map(|event| (nth, event)));
        }
        if told.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        told.sort_by_key(|(_, event)| event.place);
        let reader = Reader {
            store: self.api.store(),
            documents: self.api.documents(),
            valid: &fit.valid,
            cx,
            identity: self.api.identity(),
            files: self.api.files.of(self.api.store(), cx.model.tenant).await?,
            levels: fit.levels,
            elsewhere: None,
        };
        let places = Places::new(&self.secret, cx.model.tenant);
        let telling = Telling { reader: &reader, places: &places, followed };
        telling.messages(&self.request, &told, (&fit.valid, &self.secret)).await
    }
}

/// Refused before it began.
fn refused(cx: &OpContext, problem: &Problem) -> Box<GraphqlResponse> {
    Box::new(rejected(cx, Outcome::Rejected, &problem.clone().into()))
}

/// The answer for who follows no longer.
fn broken(cx: &OpContext, error: &RelayError) -> Box<GraphqlResponse> {
    match error {
        RelayError::TooOld => refused(cx, &too_old()),
        RelayError::Store(error) => ended(cx, error),
    }
}

/// EXHAUSTED `resume_window`.
fn too_old() -> Problem {
    let hours = RESUME_WINDOW.as_secs() / 3_600;
    let message = tenon_diagnostics::Message::new(
        "changes after this cursor are no longer kept; read anew, and follow from now on",
        "该游标之后的变更已不再保留，请重新读取并从现在开始跟踪",
    );
    Problem { message, ..Problem::exhausted("resume_window", hours, hours + 1) }
}

fn ended(cx: &OpContext, error: &StoreError) -> Box<GraphqlResponse> {
    let problem = if matches!(error, StoreError::StaleModel) { Problem::of_kind(Kind::Unavailable) } else { told_problem(error) };
    Box::new(rejected(cx, Outcome::Failed(error.kind()), &problem.into()))
}
