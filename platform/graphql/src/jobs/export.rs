//! Takes records out: one snapshot, read page by page through the same plans as every list, written as it is made.
//!
//! A snapshot does not outlive its connection: after a crash or where rights or model move, the file is made anew, under
//! another number, and who was reading the old one is cut off. The audit trail is told once, whatever the end.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_access::Policy;
use tenon_automation::{JobDone, JobFault, JobHandler, JobRun};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem, Problems};
use tenon_model::Object;
use tenon_query::{Action, Answer};
use tenon_store::{AuditKind, AuditNote, JobAsk, JobProgress, StoreError};
use tenon_value::{Json, JsonMap, Locale};

use super::columns::{Columns, Manner, columns};
use super::written::{Format, Written};
use crate::DataApi;
use crate::collect::Collector;
use crate::cursor::Signer;
use crate::documents::Valid;
use crate::execute::Reader;
use crate::lower::{self, Planned, Shared, Work};
use crate::prepare::coerce_variables;
use crate::schema::Schema;
use crate::shape::{Out, PageShape, Scene};
use crate::stack::{deep, levels};

/// The kind of exports.
pub const EXPORT: &str = "export";
/// Rows of one page.
const PAGE: u64 = 1_000;
/// The pieces of the file.
const DATA: &str = "data";
/// Times that rights or model may move under an export.
const MOVED_MAX: usize = 20;

/// What is to be taken out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExportRequest {
    /// API name of the object.
    pub object: String,
    /// `csv`, `jsonl`, `parquet`.
    pub format: String,
    /// Columns by API name; none: all that are seen.
    pub columns: Vec<String>,
    /// The GraphQL filter.
    pub filter: Option<Json>,
    /// The GraphQL order.
    pub order_by: Option<Json>,
    /// Language of labels.
    pub locale: Option<String>,
    /// Labels instead of codes and API names, displays instead of ids.
    pub labels: bool,
}

impl ExportRequest {
    fn manner(&self, cx: &OpContext) -> Manner {
        let locale = self.locale.as_deref().and_then(Locale::from_tag).unwrap_or(cx.locale);
        Manner { locale, labels: self.labels }
    }

    /// The object, if it is seen and may be taken out.
    fn object<'m>(&self, cx: &'m OpContext, policy: &Policy) -> Result<&'m Object, Problem> {
        let seen = cx.model.object_named(&self.object).filter(|object| policy.may(object.ix, Action::Read));
        let Some(object) = seen else {
            let (en, zh) = (format!("there is no object `{}`", self.object), format!("没有对象 `{}`", self.object));
            return Err(Problem::invalid("export/object", en, zh));
        };
        if policy.may_export(object.ix) { Ok(object) } else { Err(Problem::of_kind(Kind::Forbidden).object(object.name.as_str())) }
    }
}

impl DataApi {
    /// Whether an export can be made, before it is begun.
    ///
    /// # Errors
    /// What is wrong with it, or that the caller may not.
    pub fn check_export(&self, cx: &OpContext, request: &ExportRequest) -> Result<(), Problem> {
        if Format::of_word(&request.format).is_none() {
            let (en, zh) = ("`format` is `csv`, `jsonl` or `parquet`", "`format` 应为 `csv`、`jsonl` 或 `parquet`");
            return Err(Problem::invalid("export/format", en, zh));
        }
        if request.locale.as_deref().is_some_and(|tag| Locale::from_tag(tag).is_none()) {
            return Err(Problem::invalid("locale", "`locale` is `en` or `zh`", "`locale` 应为 `en` 或 `zh`"));
        }
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let object = request.object(cx, &policy)?;
        let schema = self.documents.schema(&cx.model, &cx.principal);
        let columns = columns(&schema, object, &request.columns, request.manner(cx))?;
        let (document, variables) = document(object, &columns, request, None);
        let levels = levels(&document, variables.values());
        let (valid, _) = deep(levels, || self.documents.document(cx, &document))?.map_err(|problems| first(&problems))?;
        let operation = valid.document.operations.first().ok_or_else(|| Problem::of_kind(Kind::Internal))?;
        coerce_variables(&valid.schema, operation, &variables).map(drop).map_err(|problems| first(&problems))
    }

    /// Whether the caller may take records of this object out now.
    #[must_use]
    pub fn may_export(&self, cx: &OpContext, object: &str) -> bool {
        let policy = Policy::resolve(&cx.model, &cx.principal);
        cx.model.object_named(object).is_some_and(|object| policy.may(object.ix, Action::Read) && policy.may_export(object.ix))
    }
}

fn first(problems: &Problems) -> Problem {
    problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid))
}

/// The document that reads one page.
fn document(object: &Object, columns: &Columns, request: &ExportRequest, after: Option<&str>) -> (String, JsonMap<String, Json>) {
    let name = &object.graphql.type_name;
    let text = format!(
        "query ($filter: {name}Filter, $orderBy: [{name}Order!], $after: String) {{ {}(filter: $filter, orderBy: $orderBy, first: {PAGE}, after: $after) \
         {{ nodes {{{} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        object.graphql.plural, columns.selection
    );
    let mut variables = JsonMap::new();
    for (name, value) in [("filter", &request.filter), ("orderBy", &request.order_by)] {
        if let Some(value) = value {
            variables.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(after) = after {
        variables.insert("after".to_owned(), Json::from(after));
    }
    (text, variables)
}

/// How far an export is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Which making of the file this is.
    making: u64,
    pieces: i64,
    rows: i64,
    ended: bool,
}

/// Takes records out.
pub struct ExportHandler {
    /// The data API.
    pub api: DataApi,
}

#[async_trait]
impl JobHandler for ExportHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let request: ExportRequest =
            serde_json::from_value(run.job.payload.clone()).map_err(|_| JobFault::lasting(Problem::of_kind(Kind::Internal)))?;
        let mut state: State = serde_json::from_value(run.job.progress.clone()).unwrap_or_default();
        if state.ended {
            return Ok(JobDone::Finished(json!({ "rows": state.rows })));
        }
        for _ in 0..MOVED_MAX {
            state = State { making: state.making + 1, ..State::default() };
            run.store.job_parts_forget(run.tenant, run.job.id, DATA).await?;
            match Box::pin(self.make(run, &request, &mut state)).await {
                Ok(None) => {}
                Ok(Some(JobDone::Stopped(JobAsk::Cancel))) => {
                    self.tell(run, &request, &mut state, false).await?;
                    return Ok(JobDone::Stopped(JobAsk::Cancel));
                }
                Ok(Some(done)) => return Ok(done),
                Err(fault) => {
                    if !fault.may_pass && state.rows > 0 {
                        self.tell(run, &request, &mut state, false).await?;
                    }
                    return Err(fault);
                }
            }
        }
        Err(JobFault { may_pass: true, ..JobFault::lasting(Problem::of_kind(Kind::Unavailable)) })
    }
}

impl ExportHandler {
    /// Makes the file; none where rights or model moved.
    async fn make(&self, run: &JobRun, request: &ExportRequest, state: &mut State) -> Result<Option<JobDone>, JobFault> {
        let cx = run.context(Via::Job).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let rights = Policy::key_of(&cx.model, &cx.principal);
        let object = request.object(&cx, &policy).map_err(JobFault::lasting)?;
        let manner = request.manner(&cx);
        let schema = self.api.documents.schema(&cx.model, &cx.principal);
        let columns = columns(&schema, object, &request.columns, manner).map_err(JobFault::lasting)?;
        let (text, _) = document(object, &columns, request, None);
        let (valid, _) = self.api.documents.document(&cx, &text).map_err(|problems| JobFault::lasting(first(&problems)))?;
        let mut snapshot = match self.api.store.snapshot(&cx).await {
            Err(StoreError::StaleModel) => return Ok(None),
            snapshot => snapshot?,
        };
        let mut written = Written::new(&request.format, &columns, manner).map_err(JobFault::lasting)?;
        let mut after: Option<String> = None;
        loop {
            let (_, variables) = document(object, &columns, request, after.as_deref());
            let (pieces, next) = {
                let (store, documents) = (&self.api.store, &self.api.documents);
                let levels = levels(&text, variables.values());
                let files = self.api.files.of(store, cx.model.tenant).await?;
                let reader = Reader { store, documents, valid: &valid, cx: &cx, identity: None, files, levels, elsewhere: None };
                match page(&self.api, &reader, &mut snapshot, &variables).await {
                    Err(StoreError::StaleModel) => return Ok(None),
                    found => {
                        let page = found?.map_err(|problems| JobFault::lasting(first(&problems)))?;
                        written.page(&page, &mut state.rows).map_err(JobFault::lasting)?
                    }
                }
            };
            let parts: Vec<_> = (state.pieces..).zip(pieces).map(|(number, piece)| (DATA, number, piece)).collect();
            state.pieces += i64::try_from(parts.len()).unwrap_or_default();
            if next.is_none() {
                snapshot.end().await?;
                return self.finish(run, request, state, parts).await.map(Some);
            }
            let progress = progress(state, None, parts);
            if let Some(stop) = run.checkpoint(&progress).await? {
                return Ok(Some(stop));
            }
            after = next;
            let fresh = run.context(Via::Job).await?;
            if fresh.model.version != cx.model.version || Policy::key_of(&fresh.model, &fresh.principal) != rights {
                return Ok(None);
            }
        }
    }

    /// The last piece, what the trail is told, and the end are one transaction.
    async fn finish(
        &self,
        run: &JobRun,
        request: &ExportRequest,
        state: &mut State,
        parts: Vec<(&'static str, i64, String)>,
    ) -> Result<JobDone, JobFault> {
        state.ended = true;
        self.note(run, request, state, (true, parts)).await?;
        Ok(JobDone::Finished(json!({ "rows": state.rows })))
    }

    async fn tell(&self, run: &JobRun, request: &ExportRequest, state: &mut State, whole: bool) -> Result<(), JobFault> {
        self.note(run, request, state, (whole, Vec::new())).await
    }

    async fn note(
        &self,
        run: &JobRun,
        request: &ExportRequest,
        state: &State,
        (whole, parts): (bool, Vec<(&'static str, i64, String)>),
    ) -> Result<(), JobFault> {
        let cx = run.context(Via::Job).await?;
        let facts = json!({ "rows": state.rows, "format": request.format, "columns": request.columns, "filter": request.filter.is_some(), "whole": whole });
        let mut tx = self.api.store.begin(&cx).await?;
        tx.audit_note(AuditNote::new(AuditKind::Exported).about(&request.object, None).facts(facts));
        tx.job_checkpoint(run.lease, &progress(state, whole.then_some(state.rows), parts)).await?;
        Ok(tx.commit().await?)
    }
}

fn progress(state: &State, total: Option<i64>, parts: Vec<(&'static str, i64, String)>) -> JobProgress {
    JobProgress { progress: serde_json::to_value(state).unwrap_or_default(), total, done: state.rows, failed: 0, parts }
}

/// One page of the snapshot, as the data API would answer it.
async fn page(
    api: &DataApi,
    reader: &Reader<'_>,
    snapshot: &mut tenon_store::Snapshot,
    variables: &JsonMap<String, Json>,
) -> Result<Result<Json, Problems>, StoreError> {
    let (valid, cx): (&Valid, &OpContext) = (reader.valid, reader.cx);
    let Some(operation) = valid.document.operations.first() else { return Ok(Ok(Json::Null)) };
    let (variables, _) = match coerce_variables(&valid.schema, operation, variables) {
        Ok(variables) => variables,
        Err(problems) => return Ok(Err(problems)),
    };
    let signer = Signer::new(&api.store.cursor_secret(cx.model.tenant).await?, cx.model.tenant);
    let collector = Collector { document: &valid.document, variables: &variables };
    let shared = Shared { schema: &valid.schema, cx, collector: &collector, signer: &signer, in_job: false, exporting: true };
    let roots = match deep(reader.levels, || lower::query(shared, operation)) {
        Ok(roots) => roots,
        Err(problem) => return Ok(Err(problem.into())),
    };
    let Some(root) = roots.into_iter().next() else { return Ok(Ok(Json::Null)) };
    let (Planned { read, params }, shape): (Planned, PageShape<'_>) = match root.work {
        Err(problems) => return Ok(Err(problems)),
        Ok(Work::Page(planned, shape)) => (planned, shape),
        Ok(_) => return Ok(Ok(Json::Null)),
    };
    let prepared = reader.prepare(read)?;
    let Answer::Page(found) = snapshot.read(cx, &prepared, &params).await? else { return Ok(Ok(Json::Null)) };
    let schema: &Schema = &valid.schema;
    let scene = Scene { locale: cx.locale, base_currency: &schema.model.settings.base_currency, files: &reader.files };
    let mut out = Out::default();
    out.page(&shape, &found, &scene);
    reader.note(&out.clear);
    Ok(Ok(serde_json::from_slice(&out.bytes).unwrap_or_default()))
}
