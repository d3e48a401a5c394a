//! Jobs of kind `import`: a file that was received, through the pipeline, chunk by chunk.

use async_trait::async_trait;
use serde_json::json;
use tenon_access::Policy;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_query::OnMatch;
use tenon_records::import::{Chunked, ERRORS, Format, Hand, ImportError, ImportJob, ImportState, Importer, Mapping};
use tenon_records::{Pipeline, RecordsError};
use tenon_store::{AuditKind, AuditNote, JobAsk, JobProgress};
use tenon_value::Json;

use super::pieces::{DATA, Pieces};
use super::{JobDone, JobFault, JobHandler, JobRun};

/// The kind of imports.
pub const IMPORT: &str = "import";
/// Times in a row that the model may move under an import.
const MOVED_MAX: usize = 20;

/// What is imported, and how.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    /// The mapping file, as JSON.
    pub mapping: Json,
    /// Its object, by API name.
    pub object: String,
    /// What happens to records that are there, where the caller decides otherwise than the mapping.
    pub on_match: Option<OnMatch>,
    /// The file's format.
    pub format: Format,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Nothing is written.
    pub dry_run: bool,
}

impl ImportPlan {
    /// As a job keeps it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let on_match = self.on_match.map(|on_match| if on_match == OnMatch::Skip { "skip" } else { "update" });
        json!({
            "mapping": self.mapping, "object": self.object, "onMatch": on_match, "format": self.format.word(), "name": self.name,
            "size": self.size, "dryRun": self.dry_run,
        })
    }

    /// What a job keeps; none where it is not of an import.
    #[must_use]
    pub fn of_json(json: &Json) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        Some(Self {
            mapping: json.get("mapping")?.clone(),
            object: text("object")?.to_owned(),
            on_match: text("onMatch").map(|word| if word == "skip" { OnMatch::Skip } else { OnMatch::Update }),
            format: Format::from_word(text("format")?)?,
            name: text("name")?.to_owned(),
            size: json.get("size").and_then(Json::as_u64).unwrap_or_default(),
            dry_run: json.get("dryRun").and_then(Json::as_bool).unwrap_or_default(),
        })
    }

    fn mapping(&self) -> Result<Mapping, JobFault> {
        let mapping = Mapping::from_json(&self.mapping).map_err(|problems| {
            JobFault::lasting(problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)))
        })?;
        Ok(match self.on_match {
            Some(on_match) => mapping.on_match(on_match),
            None => mapping,
        })
    }
}

/// Carries out imports.
pub struct ImportHandler {
    /// The pipeline.
    pub pipeline: Pipeline,
}

/// How one opening of the file ended.
enum Ended {
    /// The file did.
    Whole,
    /// It is to stop.
    Stop(JobDone),
    /// Rights or model moved: to be opened again.
    Moved,
}

#[async_trait]
impl JobHandler for ImportHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let plan = ImportPlan::of_json(&run.job.payload).ok_or_else(|| JobFault::lasting(Problem::of_kind(Kind::Internal)))?;
        let mut state = ImportState::of_json(&run.job.progress);
        // Somebody died between the end of the import and the end of its job: the file may be gone by now.
        if state.ended {
            run.store.job_parts_forget(run.tenant, run.job.id, DATA).await?;
            return Ok(JobDone::Finished(state.to_json()));
        }
        // A dry run keeps nothing, so it has nothing to go on from.
        if plan.dry_run && state.total() > 0 {
            state = ImportState::default();
            run.store.job_parts_forget(run.tenant, run.job.id, ERRORS).await?;
        }
        let ended = self.openings(run, &plan, &mut state).await;
        match ended {
            Ok(Some(stop)) => {
                if stop == JobDone::Stopped(JobAsk::Cancel) {
                    self.tell(run, &plan, &mut state, false).await?;
                }
                Ok(stop)
            }
            Ok(None) => {
                self.tell(run, &plan, &mut state, true).await?;
                run.store.job_parts_forget(run.tenant, run.job.id, DATA).await?;
                Ok(JobDone::Finished(state.to_json()))
            }
            Err(fault) => {
                // Nothing was written where the mapping does not fit.
                if !fault.may_pass && state.total() > 0 {
                    self.tell(run, &plan, &mut state, false).await?;
                }
                Err(fault)
            }
        }
    }
}

impl ImportHandler {
    /// Opens the file as often as rights or model move; how it is to stop, if it is.
    async fn openings(&self, run: &JobRun, plan: &ImportPlan, state: &mut ImportState) -> Result<Option<JobDone>, JobFault> {
        let mut moved = 0;
        loop {
            let before = state.total();
            match self.opening(run, plan, state).await? {
                Ended::Whole => return Ok(None),
                Ended::Stop(stop) => return Ok(Some(stop)),
                Ended::Moved if moved < MOVED_MAX => {
                    moved = if state.total() == before { moved + 1 } else { 0 };
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
                Ended::Moved => return Err(JobFault { may_pass: true, ..JobFault::lasting(Problem::of_kind(Kind::Unavailable)) }),
            }
        }
    }

    async fn opening(&self, run: &JobRun, plan: &ImportPlan, state: &mut ImportState) -> Result<Ended, JobFault> {
        let mut cx = context(run, plan).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let rights = Policy::key_of(&cx.model, &cx.principal);
        let pieces = Pieces::new(run.store.clone(), (run.tenant, run.job.id));
        let job =
            ImportJob { mapping: plan.mapping()?, open: Box::new(|| Ok(Box::new(pieces))), format: plan.format, state: state.clone() };
        let mut importer = Importer::open(&cx, &policy, job).await?;
        loop {
            let hand = Hand { pipeline: &self.pipeline, cx: &cx, policy: &policy, lease: run.lease };
            let chunked = Box::pin(importer.chunk(&hand)).await;
            *state = importer.state().clone();
            match chunked {
                Ok(Chunked::End) => return Ok(Ended::Whole),
                Ok(Chunked::Written(asked)) => {
                    if let Some(stop) = run.border(asked) {
                        return Ok(Ended::Stop(stop));
                    }
                }
                Err(ImportError::Records(RecordsError::StaleModel)) => return Ok(Ended::Moved),
                Err(error) => return Err(error.into()),
            }
            cx = context(run, plan).await?;
            if cx.model.version != importer.model_version() || Policy::key_of(&cx.model, &cx.principal) != rights {
                return Ok(Ended::Moved);
            }
        }
    }

    /// Tells the audit trail once how the import ended: the note and the state that knows of it are one transaction.
    async fn tell(&self, run: &JobRun, plan: &ImportPlan, state: &mut ImportState, whole: bool) -> Result<(), JobFault> {
        if state.ended {
            return Ok(());
        }
        state.ended = whole;
        let facts = json!({
            "created": state.created, "updated": state.updated, "unchanged": state.unchanged, "skipped": state.skipped,
            "failed": state.failed, "dry_run": plan.dry_run, "whole": whole,
        });
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = JobProgress {
            progress: state.to_json(),
            total: whole.then(|| number(state.total())),
            done: number(state.total()),
            failed: number(state.failed),
            parts: Vec::new(),
        };
        let cx = context(run, plan).await?;
        let mut tx = run.store.begin(&cx).await?;
        tx.audit_note(AuditNote::new(AuditKind::Imported).about(&plan.object, None).facts(facts));
        tx.job_checkpoint(run.lease, &progress).await?;
        Ok(tx.commit().await?)
    }
}

async fn context(run: &JobRun, plan: &ImportPlan) -> Result<OpContext, JobFault> {
    let mut cx = run.context(Via::Import).await?;
    cx.dry_run = plan.dry_run;
    Ok(cx)
}
