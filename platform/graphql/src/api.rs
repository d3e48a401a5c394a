//! The door: one request in, one response out.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tenon_access::Policy;
use tenon_catalog::Catalog;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_files::Links;
use tenon_identity::Identity;
use tenon_model::ModelVersion;
use tenon_records::{Pipeline, Queries};
use tenon_store::{Meter, Store, StoreError, metered};
use tenon_value::Json;

use crate::collect::{Collector, Variables};
use crate::cost::{Cost, FullCost};
use crate::cursor::Signer;
use crate::documents::{Documents, Told, Valid, told};
use crate::execute::{Reader, refused};
use crate::files::Addresses;
use crate::lower::{self, Shared};
use crate::mutate::{self, Mutated};
use crate::persisted::Persisted;
use crate::plugin_reads::PluginReads;
use crate::prepare::{coerce_variables, measure, measure_roots};
use crate::respond::{Errors, response};
use crate::stack::{deep, levels};
use crate::syntax::ast::{Document, Operation, OperationKind, Selection};
use crate::used::{SchemaUsage, members};
use crate::{GraphqlRequest, GraphqlResponse, Outcome, behind, view_as};

/// Seconds after which to ask again when the database is away.
const RETRY_AFTER: u64 = 1;

/// The data API of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct DataApi {
    pub(crate) store: Store,
    catalog: Arc<Catalog>,
    pub(crate) pipeline: Pipeline,
    pub(crate) documents: Documents,
    pub(crate) identity: Option<Identity>,
    persisted: Persisted,
    pub(crate) files: Addresses,
    pub(crate) usage: SchemaUsage,
}

impl std::fmt::Debug for DataApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataApi").finish_non_exhaustive()
    }
}

/// One try on one model.
enum Tried {
    Answered(GraphqlResponse),
    Stale,
}

impl DataApi {
    /// The API over a store.
    #[must_use]
    pub fn new(store: Store, catalog: Arc<Catalog>, pipeline: Pipeline) -> Self {
        Self {
            documents: Documents::new(pipeline.clone()),
            store,
            catalog,
            pipeline,
            identity: None,
            persisted: Persisted::new(),
            files: Addresses::new(None),
            usage: SchemaUsage::default(),
        }
    }

    /// With who knows the members: for `explainAccess` of others and `whoCanSee`.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// With who makes links to files: they begin with where people reach the server.
    #[must_use]
    pub fn with_files(mut self, links: Links) -> Self {
        self.files = Addresses::new(Some(links));
        self
    }

    /// With who counts what of the schema is used.
    #[must_use]
    pub fn with_usage(mut self, usage: SchemaUsage) -> Self {
        self.usage = usage;
        self
    }

    pub(crate) const fn persisted(&self) -> &Persisted {
        &self.persisted
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) const fn documents(&self) -> &Documents {
        &self.documents
    }

    pub(crate) const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub(crate) const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// How plugins read: the same documents and plans, without a door.
    #[must_use]
    pub fn for_plugins(&self) -> Arc<dyn Queries> {
        Arc::new(PluginReads { store: self.store.clone(), documents: self.documents.clone(), files: self.files.clone() })
    }

    /// The schema as this principal sees it, as sorted SDL.
    #[must_use]
    pub fn sdl(&self, cx: &OpContext) -> Bytes {
        self.documents.sdl(cx)
    }

    /// Answers a request. Never fails: what is wrong is in the response.
    #[tracing::instrument(name = "graphql.execute", skip_all)]
    pub async fn execute(&self, cx: OpContext, request: GraphqlRequest) -> GraphqlResponse {
        let mut cx = cx;
        let explains = match read_extensions(&mut cx, &request) {
            Ok(explains) => explains,
            Err(problem) => return rejected(&cx, Outcome::Rejected, &problem.into()),
        };
        // Asked of who really asks, before he sees as another.
        if explains && !Policy::resolve(&cx.model, &cx.principal).is_administrator() {
            let problem = behind::forbidden();
            return rejected(&cx, Outcome::Failed(problem.kind), &problem.into());
        }
        if let Some(user) = &request.view_as
            && let Err(problem) = Box::pin(view_as::change(&self.store, self.identity.as_ref(), &mut cx, user)).await
        {
            return rejected(&cx, Outcome::Failed(problem.kind), &problem.into());
        }
        if let Tried::Answered(response) = self.attempt(&cx, &request, explains).await {
            return response;
        }
        // The tenant's model moved while this was planned: once more, on the new one.
        match self.catalog.reload(cx.model.tenant, ModelVersion(cx.model.version.0 + 1)).await {
            Ok(model) => cx.model = model,
            Err(error) => return rejected(&cx, Outcome::Failed(error.kind()), &told(&error).into()),
        }
        match self.attempt(&cx, &request, explains).await {
            Tried::Answered(response) => response,
            Tried::Stale => {
                let problem = Problem::of_kind(Kind::Unavailable);
                rejected(&cx, Outcome::Failed(problem.kind), &problem.into())
            }
        }
    }

    async fn attempt(&self, cx: &OpContext, request: &GraphqlRequest, explains: bool) -> Tried {
        let started = Instant::now();
        let refuse = |problems: &Problems| Tried::Answered(rejected(cx, Outcome::Rejected, problems));
        // Verbs these rights lack: refused as one that a row refuses.
        let forbid = |problems: &Problems| {
            let mut errors = Errors::default();
            errors.add(cx, None, problems);
            Tried::Answered(answered(cx, response(cx, Some(b"null"), &errors, &Cost::default()), &errors))
        };
        let levels = levels(&request.query, request.variables.values());
        let (valid, known) =
            match deep(levels, || self.documents.document(cx, &request.query)).unwrap_or_else(|problem| Err(problem.into())) {
                Ok(found) => found,
                Err(problems) if problems.as_slice().iter().all(|one| one.kind == Kind::Forbidden) => return forbid(&problems),
                Err(problems) => return refuse(&problems),
            };
        let operation = match operation(&valid.document, request.operation_name.as_deref()) {
            Ok(operation) => operation,
            Err(problem) => return refuse(&problem.into()),
        };
        if operation.kind == OperationKind::Mutation && request.is_get {
            let problem = Problem::invalid("mutation_by_get", "a mutation is sent by POST", "变更操作必须用 POST 发送");
            return Tried::Answered(rejected(cx, Outcome::MutationByGet, &problem.into()));
        }
        if operation.kind == OperationKind::Mutation && request.view_as.is_some() {
            let problem = Problem::forbidden("view_as", "who sees as another changes nothing", "以他人身份查看时不能修改数据");
            return Tried::Answered(rejected(cx, Outcome::Failed(problem.kind), &problem.into()));
        }
        if operation.kind == OperationKind::Mutation && explains {
            let problem = Problem::invalid("explain", "queries are explained, mutations are not", "仅查询可以解释,变更操作不可");
            return refuse(&problem.into());
        }
        if operation.kind == OperationKind::Subscription {
            let problem = Problem::invalid(
                "subscription",
                "a subscription is sent with `Accept: text/event-stream`, or over a WebSocket",
                "订阅请使用 `Accept: text/event-stream` 或 WebSocket",
            );
            return refuse(&problem.into());
        }
        let (variables, also_former) = match coerce_variables(&valid.schema, operation, &request.variables) {
            Ok(coerced) => coerced,
            Err(problems) => return refuse(&problems),
        };
        let collector = Collector { document: &valid.document, variables: &variables };
        let measured = match deep(levels, || measure(&valid.schema, &collector, operation)).unwrap_or_else(|problem| Err(problem.into())) {
            Ok(measured) => measured,
            Err(problems) => return refuse(&problems),
        };
        let full = request.cost_full.then(|| {
            let roots = deep(levels, || measure_roots(&valid.schema, &collector, operation)).unwrap_or_default();
            let tells_work = valid.schema.policy.is_administrator();
            Arc::new(FullCost { started, is_hit: known, tells_work, roots })
        });
        let meter = match (explains, &full) {
            (true, _) => Some(Arc::new(Meter::explaining())),
            (false, Some(_)) => Some(Arc::default()),
            (false, None) => None,
        };
        self.usage.count(cx, &valid.used, members(&valid.schema, operation, &variables, &also_former));
        let former = valid.former.iter().cloned().chain(also_former).collect();
        let cost = Cost { measured, full, former, meter: meter.clone(), ..Cost::default() };
        let done = self.carry_out((cx, request, levels), &valid, (operation, &variables), cost);
        match meter {
            Some(meter) => Box::pin(metered(&meter, done)).await,
            None => done.await,
        }
    }

    async fn carry_out(
        &self,
        (cx, request, levels): (&OpContext, &GraphqlRequest, usize),
        valid: &Valid,
        (operation, variables): (&Operation, &Variables),
        mut cost: Cost,
    ) -> Tried {
        let signer = match self.store.cursor_secret(cx.model.tenant).await {
            Ok(secret) => Signer::new(&secret, cx.model.tenant),
            Err(error) => return Tried::Answered(rejected(cx, Outcome::Failed(error.kind()), &error.problem().into())),
        };
        let collector = Collector { document: &valid.document, variables };
        let shared = Shared { schema: &valid.schema, cx, collector: &collector, signer: &signer, in_job: false, exporting: false };
        let files = match self.files.of(&self.store, cx.model.tenant).await {
            Ok(files) => files,
            Err(error) => return Tried::Answered(rejected(cx, Outcome::Failed(error.kind()), &told(&error).into())),
        };
        let reader = Reader {
            store: &self.store,
            documents: &self.documents,
            valid,
            cx,
            identity: self.identity.as_ref(),
            files,
            levels,
            elsewhere: None,
        };
        if operation.kind == OperationKind::Mutation {
            // Boxed: queries need not carry a save's future through every layer.
            let done = Box::pin(mutate::run(&reader, &self.pipeline, (shared, operation), request, &cost)).await;
            return match done {
                Mutated::Done(body, replayed) => Tried::Answered(GraphqlResponse { replayed, ..answered(cx, body, &Errors::default()) }),
                Mutated::Failed(errors) if errors.is_away() => Tried::Answered(away(cx, &errors)),
                Mutated::Failed(errors) => Tried::Answered(answered(cx, response(cx, Some(b"null"), &errors, &cost), &errors)),
                Mutated::Rejected(errors) => Tried::Answered(GraphqlResponse {
                    outcome: Outcome::Rejected,
                    ..answered(cx, response(cx, None, &errors, &cost), &errors)
                }),
                Mutated::Stale => Tried::Stale,
            };
        }
        let question = asks_the_schema(operation).then(|| question(request));
        if let Some(told) = question.and_then(|question| self.documents.told_before(&valid.schema, question)) {
            cost.actual = told.of_roots.iter().sum();
            cost.of_roots.clone_from(&told.of_roots);
            let errors = Errors::default();
            return Tried::Answered(answered(cx, response(cx, Some(&told.data), &errors, &cost), &errors));
        }
        let lowered = tracing::info_span!("graphql.lower").in_scope(|| deep(levels, || lower::query(shared, operation)));
        let roots = match lowered {
            Ok(roots) => roots,
            Err(problem) => return Tried::Answered(rejected(cx, Outcome::Failed(problem.kind), &problem.into())),
        };
        let mut errors = refused(cx, &roots);
        if !errors.is_empty() {
            return Tried::Answered(GraphqlResponse {
                outcome: Outcome::Rejected,
                ..answered(cx, response(cx, None, &errors, &cost), &errors)
            });
        }
        match reader.query(roots, &mut errors).await {
            Ok(_) if errors.is_away() => Tried::Answered(away(cx, &errors)),
            Ok((data, of_roots)) => {
                cost.actual = of_roots.iter().sum();
                cost.of_roots = of_roots;
                let explained = cost.meter.as_ref().and_then(|meter| meter.explained());
                cost.behind = explained.map(|statements| behind::told(cx, &statements));
                let body = response(cx, Some(&data), &errors, &cost);
                if let Some(question) = question.filter(|_| errors.is_empty()) {
                    self.documents.keep_told(&valid.schema, question, Told { data: Bytes::from(data), of_roots: cost.of_roots });
                }
                Tried::Answered(answered(cx, body, &errors))
            }
            Err(StoreError::StaleModel) => Tried::Stale,
            Err(error) => Tried::Answered(rejected(cx, Outcome::Failed(error.kind()), &told(&error).into())),
        }
    }
}

/// Whether an operation asks for nothing but the schema.
fn asks_the_schema(operation: &Operation) -> bool {
    let of_schema =
        |item: &Selection| matches!(item, Selection::Field(field) if matches!(&*field.name.text, "__schema" | "__type" | "__typename"));
    operation.selection.iter().all(of_schema)
}

/// What a request asks, as one number.
pub(crate) fn question(request: &GraphqlRequest) -> [u8; 32] {
    let mut digest = Sha256::new();
    let name = request.operation_name.as_deref().unwrap_or_default();
    for part in [request.query.as_str(), name, &Json::Object(request.variables.clone()).to_string()] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// An answer, with what its errors mean for those who store answers or ask again.
fn answered(cx: &OpContext, body: Vec<u8>, errors: &Errors) -> GraphqlResponse {
    let answer = GraphqlResponse::answered(Bytes::from(body), cx.model.version.0);
    GraphqlResponse { has_errors: !errors.is_empty(), retry_after: errors.retry_after(), ..answer }
}

/// The database was away: nothing was answered, so there is no `data`, and the status says it too.
fn away(cx: &OpContext, errors: &Errors) -> GraphqlResponse {
    let outcome = Outcome::Failed(Kind::Unavailable);
    GraphqlResponse { outcome, retry_after: Some(RETRY_AFTER), ..answered(cx, response(cx, None, errors, &Cost::default()), errors) }
}

pub(crate) fn rejected(cx: &OpContext, outcome: Outcome, problems: &Problems) -> GraphqlResponse {
    let mut errors = Errors::default();
    errors.add(cx, None, problems);
    GraphqlResponse { outcome, ..answered(cx, response(cx, None, &errors, &Cost::default()), &errors) }
}

/// The operation that is meant.
pub(crate) fn operation<'a>(document: &'a Document, name: Option<&str>) -> Result<&'a Operation, Problem> {
    let unknown = |en: String, zh: String| Problem::invalid("graphql/validation", en, zh);
    match (name.filter(|name| !name.is_empty()), document.operations.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(unknown(
            "Must provide operation name if query contains multiple operations.".to_owned(),
            "文档含多个操作，必须给出操作名".to_owned(),
        )),
        (Some(name), operations) => operations
            .iter()
            .find(|operation| operation.name.as_ref().is_some_and(|known| *known.text == *name))
            .ok_or_else(|| unknown(format!("Unknown operation named \"{name}\"."), format!("没有名为“{name}”的操作"))),
    }
}

/// `dryRun`, `confirm`, `reason` of the request's extensions go into the context; whether `explain` is asked for.
fn read_extensions(cx: &mut OpContext, request: &GraphqlRequest) -> Result<bool, Problem> {
    let mut explains = false;
    let wrong =
        |name: &str| Problem::invalid("type", format!("`extensions.{name}` has a wrong type"), format!("`extensions.{name}` 的类型不对"));
    for (name, value) in request.extensions.iter().filter(|(_, value)| !value.is_null()) {
        match (name.as_str(), value) {
            ("dryRun", Json::Bool(dry)) => cx.dry_run = *dry,
            ("reason", Json::String(reason)) => cx.reason = Some(reason.chars().filter(|letter| *letter != '\0').take(1_000).collect()),
            ("confirm", Json::Array(rules)) => {
                cx.confirm = rules.iter().map(|rule| rule.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(|| wrong(name))?;
            }
            ("explain", Json::Bool(wanted)) => explains = *wanted,
            ("dryRun" | "reason" | "confirm" | "explain", _) => return Err(wrong(name)),
            _ => {}
        }
    }
    Ok(explains)
}
