//! Jobs of kind `index`: what a change of metadata would have lists, reports and references find rows by, over tables with
//! many rows, is made while everybody goes on.
//!
//! Invariants: one index after the other, and what is there is looked for each time, so it goes on where a dead node was; an
//! object or index that is no longer wished for is passed over.

use async_trait::async_trait;
use serde_json::json;
use tenon_model::Object;
use tenon_packages::Packages;
use tenon_store::JobProgress;
use tenon_value::Json;

use super::shape::{fault, stored};
use super::{JobDone, JobFault, JobHandler, JobRun};

/// Makes indexes.
pub struct IndexHandler {
    /// Who knows what is wished.
    pub packages: Packages,
}

#[async_trait]
impl JobHandler for IndexHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let mut done = run.job.progress.get("done").and_then(Json::as_i64).unwrap_or_default();
        loop {
            let model = self.packages.model(run.tenant).await.map_err(fault)?;
            let wished = run.job.payload.get("object").and_then(Json::as_str).unwrap_or_default();
            let object = model.objects.iter().find(|object| object.id.0.to_string() == wished);
            let missing = match object {
                Some(object) => run.store.indexes_missing(run.tenant, object).await.map_err(stored)?,
                None => Vec::new(),
            };
            let total = done + i64::try_from(missing.len()).unwrap_or_default();
            let progress = json!({ "phase": "index", "done": done });
            let progress = JobProgress { progress, total: Some(total), done, failed: 0, parts: Vec::new() };
            let (Some(object), Some(next)) = (object, missing.first()) else {
                run.checkpoint(&progress).await?;
                return Ok(JobDone::Finished(json!({ "path": run.job.payload.get("path") })));
            };
            if let Some(stop) = run.checkpoint(&progress).await? {
                return Ok(stop);
            }
            make(run, object, next).await?;
            done += 1;
        }
    }
}

/// Makes one of the indexes that are missing.
async fn make(run: &JobRun, object: &Object, name: &str) -> Result<(), JobFault> {
    if run.store.index_make(run.tenant, object, name).await.map_err(stored)? { Ok(()) } else { Err(super::shape::equal()) }
}

/// Makes all of them that are missing; one after the other, for who has no other progress to tell of.
pub(super) async fn make_all(run: &JobRun, object: &Object) -> Result<(), JobFault> {
    for name in run.store.indexes_missing(run.tenant, object).await.map_err(stored)? {
        make(run, object, &name).await?;
    }
    Ok(())
}
