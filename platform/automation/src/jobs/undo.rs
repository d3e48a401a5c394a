//! Jobs of kind `undo`: what an import wrote is taken back, piece by piece.

use async_trait::async_trait;
use serde_json::json;
use tenon_access::Policy;
use tenon_context::Via;
use tenon_diagnostics::{Kind, Problem};
use tenon_records::Pipeline;
use tenon_records::import::{CREATED, Hand, ImportState, UNDO_ROWS, UPDATED, Undone, undo};
use tenon_store::{AuditKind, AuditNote, JobProgress, StoredJob};
use tenon_value::{Json, Uuid};

use super::import::ImportPlan;
use super::{JobDone, JobFault, JobHandler, JobRun};

/// The kind of jobs that take an import back.
pub const UNDO: &str = "undo";
/// Days within which an import can be taken back (`undo_days`).
pub const UNDO_DAYS: i64 = 30;
const DAY: i64 = 86_400_000;

/// What a job of this kind does; the problem says why the import cannot be taken back.
///
/// # Errors
/// Where it is no import that wrote something, still runs, or is too old.
pub fn undo_plan(import: &StoredJob, now: tenon_value::DateTime) -> Result<Json, Problem> {
    let plan = ImportPlan::of_json(&import.payload).filter(|plan| import.kind == super::IMPORT && !plan.dry_run);
    let Some(plan) = plan else {
        return Err(Problem::conflict("undo", "only an import that wrote something can be taken back", "只能撤销写入了数据的导入"));
    };
    let Some(ended) = import.finished_at else {
        return Err(Problem::conflict("undo", "the import has not ended: cancel it first", "导入尚未结束,请先取消"));
    };
    if now.millis() - ended.millis() > UNDO_DAYS * DAY {
        let (en, zh) = (format!("an import can be taken back for {UNDO_DAYS} days"), format!("导入只能在 {UNDO_DAYS} 天内撤销"));
        return Err(Problem::conflict("undo", en, zh));
    }
    Ok(json!({ "import": import.id.to_string(), "object": plan.object, "request": JobRun::request_of(import).as_str() }))
}

/// Takes imports back.
pub struct UndoHandler {
    /// The pipeline.
    pub pipeline: Pipeline,
}

#[async_trait]
impl JobHandler for UndoHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let text = |name: &str| run.job.payload.get(name).and_then(Json::as_str);
        let import = text("import").and_then(|id| id.parse::<Uuid>().ok());
        let (Some(import), Some(object), Some(request)) = (import, text("object"), text("request")) else {
            return Err(JobFault::lasting(Problem::of_kind(Kind::Internal)));
        };
        let mut state = ImportState::of_json(&run.job.progress);
        let mut steps = 0;
        // What was changed first goes last: new records that others refer to since stay in the way of nothing.
        for (kind, made) in [(UPDATED, false), (CREATED, true)] {
            let mut from = 0;
            loop {
                let pieces = run.store.job_parts(run.tenant, import, (kind, from), 1).await?;
                let Some((number, names)) = pieces.into_iter().next() else { break };
                from = number + 1;
                let ids: Vec<Uuid> = names.split_whitespace().filter_map(|id| id.parse().ok()).collect();
                for ids in ids.chunks(UNDO_ROWS) {
                    steps += 1;
                    // Steps that are behind: `rows` counts them.
                    if steps <= state.rows {
                        continue;
                    }
                    let undone = Undone { object, request, made, ids };
                    if let Some(stop) = self.step(run, &undone, &mut state).await? {
                        return Ok(stop);
                    }
                }
            }
        }
        self.tell(run, object, &mut state).await?;
        Ok(JobDone::Finished(state.to_json()))
    }
}

impl UndoHandler {
    async fn step(&self, run: &JobRun, undone: &Undone<'_>, state: &mut ImportState) -> Result<Option<JobDone>, JobFault> {
        let cx = run.context(Via::Import).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let hand = Hand { pipeline: &self.pipeline, cx: &cx, policy: &policy, lease: run.lease };
        let asked = Box::pin(undo(&hand, undone, state)).await?;
        Ok(run.border(asked))
    }

    async fn tell(&self, run: &JobRun, object: &str, state: &mut ImportState) -> Result<(), JobFault> {
        if state.ended {
            return Ok(());
        }
        state.ended = true;
        let facts =
            json!({ "undone": run.job.payload.get("import"), "updated": state.updated, "skipped": state.skipped, "failed": state.failed });
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let done = number(state.total());
        let progress = JobProgress {
            progress: state.to_json(),
            total: Some(done),
            done,
            failed: number(state.failed + state.skipped),
            parts: Vec::new(),
        };
        let cx = run.context(Via::Import).await?;
        let mut tx = run.store.begin(&cx).await?;
        tx.audit_note(AuditNote::new(AuditKind::Imported).about(object, None).facts(facts));
        tx.job_checkpoint(run.lease, &progress).await?;
        Ok(tx.commit().await?)
    }
}
