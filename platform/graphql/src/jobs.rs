//! Jobs in the data API: looked at by `job` and `jobs`, made by `mode: JOB`; batches carried out (`batch`), records taken out
//! (`export`, in the forms of `written`).

mod batch;
mod columns;
mod export;
mod kinds;
mod written;

use serde_json::json;
use tenon_automation::{JobDesk, job_json};
use tenon_context::OpContext;
use tenon_store::{JobFilter, JobState, Store, StoreError};
use tenon_value::{Json, Uuid};

use crate::GraphqlRequest;
use crate::shape::Sub;

pub use batch::BatchHandler;
pub use columns::COLUMNS_MAX as EXPORT_COLUMNS_MAX;
pub use export::{EXPORT, ExportHandler, ExportRequest};
pub use tenon_parquet::{GROUP_BYTES as PARQUET_GROUP_BYTES, GROUP_ROWS as PARQUET_GROUP_ROWS};

/// The kind of jobs that carry out a batch.
pub const BATCH: &str = "batch";

/// Which jobs are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobsAsked {
    One(Uuid),
    Page { kinds: Vec<String>, states: Vec<String>, after: Option<Uuid>, first: u32 },
}

/// The jobs asked for, as far as the caller may know of them.
pub(crate) async fn find(store: &Store, cx: &OpContext, asked: &JobsAsked) -> Result<Json, StoreError> {
    let (desk, now) = (JobDesk::new(store.clone()), store.machine_time());
    match asked {
        JobsAsked::One(id) => Ok(desk.job(cx, *id).await?.map_or(Json::Null, |job| job_json(&job, now))),
        JobsAsked::Page { kinds, states, after, first } => {
            let wanted = JobState::ALL.into_iter().filter(|state| states.iter().any(|word| word == state.outside())).collect();
            let filter = JobFilter { by: None, kinds: kinds.clone(), states: wanted, before: *after };
            let mut jobs = desk.jobs(cx, filter, first.saturating_add(1)).await?;
            let has_next = jobs.len() > usize::try_from(*first).unwrap_or(usize::MAX);
            jobs.truncate(usize::try_from(*first).unwrap_or(usize::MAX));
            let cursor = |job: Option<&tenon_store::StoredJob>| job.map(|job| job.id.to_string());
            let page_info = json!({
                "hasNextPage": has_next, "hasPreviousPage": after.is_some(), "startCursor": cursor(jobs.first()), "endCursor": cursor(jobs.last()),
            });
            let nodes: Vec<Json> = jobs.iter().map(|job| job_json(job, now)).collect();
            let edges: Vec<Json> =
                jobs.iter().zip(&nodes).map(|(job, node)| json!({ "cursor": job.id.to_string(), "node": node })).collect();
            Ok(json!({ "edges": edges, "nodes": nodes, "pageInfo": page_info }))
        }
    }
}

/// The selected members of a job, or of what stands around it.
pub(crate) fn project(json: &Json, subs: &[Sub<'_>], type_name: &str) -> Json {
    match json {
        Json::Array(elements) => elements.iter().map(|element| project(element, subs, type_name)).collect(),
        Json::Object(members) => {
            let member = |sub: &Sub<'_>| match sub.name {
                "__typename" => Json::from(type_name),
                name => {
                    let value = members.get(name).unwrap_or(&Json::Null);
                    if sub.below.is_empty() { value.clone() } else { project(value, &sub.below, type_of(name)) }
                }
            };
            Json::Object(subs.iter().map(|sub| (sub.key.to_owned(), member(sub))).collect())
        }
        other => other.clone(),
    }
}

fn type_of(name: &str) -> &'static str {
    match name {
        "edges" => "JobEdge",
        "pageInfo" => "PageInfo",
        "error" => "RecordError",
        _ => "Job",
    }
}

/// The job that was made just now, as its batch answers it; null in the other modes.
pub(crate) fn made(job: Option<(Uuid, Option<i64>)>, subs: &[Sub<'_>]) -> Json {
    let Some((id, total)) = job else { return Json::Null };
    let fresh = json!({
        "id": id.to_string(), "kind": BATCH, "state": JobState::Queued.outside(), "total": total, "done": 0, "failed": 0,
        "rowsPerSecond": null, "etaSeconds": null, "startedAt": null, "finishedAt": null, "error": null,
    });
    project(&fresh, subs, "Job")
}

/// What a batch's job keeps: the document it stands in, and which of its fields it is.
pub(crate) fn payload(request: &GraphqlRequest, key: &str) -> Json {
    json!({
        "query": request.query, "operationName": request.operation_name, "variables": request.variables, "extensions": request.extensions,
        "key": key,
    })
}
