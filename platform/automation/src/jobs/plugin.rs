//! Jobs of kind `plugin`: what plugins, and the calendar, have left to be done. Each step is one call and one transaction.
//!
//! Invariant: what a step wrote and how far the job has come are one transaction, the result of the last step included, so
//! that no step is done twice.

use async_trait::async_trait;
use serde_json::json;
use tenon_access::Policy;
use tenon_context::Via;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_query::{Call, CallKind, Called, Write};
use tenon_records::{Mutation, Pipeline, RecordsError, Step, StepOutcome};
use tenon_store::JobProgress;
use tenon_value::Json;

use super::moving::{Moving, moving};
use super::{JobDone, JobFault, JobHandler, JobRun};

/// Steps of one job (`job_steps`).
pub const JOB_STEPS_MAX: i64 = 10_000;
/// Times in a row that the model may move under a step.
const MOVED_MAX: usize = 20;

/// Carries out the jobs of plugins.
pub struct PluginJobHandler {
    /// The pipeline.
    pub pipeline: Pipeline,
}

/// How far a job has come.
#[derive(Clone, Debug, Default, PartialEq)]
struct Progress {
    steps: i64,
    cursor: Option<String>,
    /// What came of it: the last step is done.
    result: Option<Json>,
}

impl Progress {
    fn of_json(json: &Json) -> Self {
        Self {
            steps: json.get("steps").and_then(Json::as_i64).unwrap_or_default(),
            cursor: json.get("cursor").and_then(Json::as_str).map(str::to_owned),
            result: json.get("result").cloned(),
        }
    }

    fn after(&self, outcomes: &[StepOutcome]) -> Self {
        let (cursor, result) = match outcomes.first() {
            Some(StepOutcome::Called(Called::GoesOn(cursor))) => (Some(cursor.clone()), None),
            Some(StepOutcome::Called(Called::Done(result))) => (None, Some(result.clone())),
            _ => (None, Some(Json::Null)),
        };
        Self { steps: self.steps + 1, cursor, result }
    }

    fn stored(&self) -> JobProgress {
        let mut progress = json!({ "steps": self.steps, "cursor": self.cursor });
        if let (Json::Object(members), Some(result)) = (&mut progress, &self.result) {
            members.insert("result".to_owned(), result.clone());
        }
        JobProgress { progress, total: self.result.as_ref().map(|_| self.steps), done: self.steps, failed: 0, parts: Vec::new() }
    }
}

#[async_trait]
impl JobHandler for PluginJobHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let mut progress = Progress::of_json(&run.job.progress);
        if self.is_stale(run).await? {
            return Ok(JobDone::Finished(Json::Null));
        }
        let mut moved = 0;
        loop {
            if let Some(result) = progress.result {
                return Ok(JobDone::Finished(result));
            }
            if progress.steps >= JOB_STEPS_MAX {
                let number = |count: i64| u64::try_from(count).unwrap_or_default();
                return Err(JobFault::lasting(Problem::exhausted("job_steps", number(JOB_STEPS_MAX), number(progress.steps))));
            }
            let cx = run.context(Via::Job).await?;
            // After the context: a package that changes from now on changes the model, and the step is not done.
            match moving(run).await? {
                Moving::On => {}
                Moving::NotYet => return Ok(JobDone::NotYet),
                Moving::Gone => return Ok(JobDone::Finished(Json::Null)),
            }
            let policy = Policy::resolve(&cx.model, &cx.principal);
            let call = call_of(run, progress.cursor.clone()).ok_or_else(|| JobFault::lasting(Problem::of_kind(Kind::Internal)))?;
            let mutation = Mutation { steps: vec![Step { write: Write::Call(call), answer: None }], idempotency: None };
            let settle = |outcomes: &[StepOutcome]| progress.after(outcomes).stored();
            match Box::pin(self.pipeline.write_for_job(&cx, &policy, &mutation, (run.lease, &settle))).await {
                Ok((outcomes, asked)) => {
                    moved = 0;
                    progress = progress.after(&outcomes);
                    if progress.result.is_none()
                        && let Some(stop) = run.border(asked)
                    {
                        return Ok(stop);
                    }
                }
                Err(RecordsError::StaleModel) if moved < MOVED_MAX => moved += 1,
                Err(error) => return Err(fault(error)),
            }
        }
    }
}

impl PluginJobHandler {
    /// A time of a calendar that its package has changed since, or has no more.
    async fn is_stale(&self, run: &JobRun) -> Result<bool, JobFault> {
        let text = |name: &str| run.job.payload.get(name).and_then(Json::as_str);
        let Some(cron) = text("cron") else { return Ok(false) };
        // What a tenant's packages offer is known with its model.
        run.context(Via::Job).await?;
        let offers = self.pipeline.offers(run.tenant);
        let offer = offers.job(text("package").unwrap_or_default(), text("job").unwrap_or_default());
        Ok(offer.and_then(|offer| offer.cron.as_deref()) != Some(cron))
    }
}

fn call_of(run: &JobRun, cursor: Option<String>) -> Option<Call> {
    let payload = &run.job.payload;
    let text = |name: &str| payload.get(name).and_then(Json::as_str).map(str::to_owned);
    // An event that could not be digested when it was heard.
    if let Some(event) = payload.get("event") {
        return Some(Call { kind: CallKind::Event, package: text("package")?, name: text("object")?, input: event.clone(), cursor: None });
    }
    let input = payload.get("input").cloned().unwrap_or_default();
    // The rest of an upgrade: its first step, in the upgrade itself, may have come somewhere.
    if let Some(moment) = text("moment") {
        return Some(Call {
            kind: CallKind::Lifecycle,
            package: text("package")?,
            name: moment,
            input,
            cursor: cursor.or_else(|| text("cursor")),
        });
    }
    Some(Call { kind: CallKind::Job, package: text("package")?, name: text("job")?, input, cursor })
}

/// A plugin that broke, and what others were in the way of, may pass. A refusal does not.
fn fault(error: RecordsError) -> JobFault {
    let passes = matches!(error.kind(), Kind::PluginFault | Kind::Conflict);
    let fault = JobFault::from(error);
    JobFault { may_pass: fault.may_pass || passes, ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_as_it_was_written() {
        let begun = Progress::default();
        let on = begun.after(&[StepOutcome::Called(Called::GoesOn("7".to_owned()))]);
        assert_eq!((on.steps, on.cursor.as_deref(), &on.result), (1, Some("7"), &None));
        assert_eq!(Progress::of_json(&on.stored().progress), on);
        let done = on.after(&[StepOutcome::Called(Called::Done(Json::Null))]);
        assert_eq!(Progress::of_json(&done.stored().progress), done, "nothing came of it, and still it is done");
        assert_eq!((done.stored().total, done.stored().done), (Some(2), 2));
    }
}
