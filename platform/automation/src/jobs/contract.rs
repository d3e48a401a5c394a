//! Who carries out the jobs of one kind.

use async_trait::async_trait;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_store::JobAsk;
use tenon_value::Json;

use super::JobRun;

/// Carries out the jobs of one kind, in chunks. Called again from where the job has come to: after a rest, a kill, a fault.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// Goes on with a job until it is done, or is to stop.
    ///
    /// # Errors
    /// What is in the way, and whether another try may help.
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault>;

    /// Takes back what a job has begun, before it ends otherwise than well: cancelled, failed, or given up.
    ///
    /// # Errors
    /// What is in the way; the job ends all the same.
    async fn let_go(&self, run: &JobRun) -> Result<(), JobFault> {
        let _ = run;
        Ok(())
    }
}

/// How a handler ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobDone {
    /// The job is done, with what came of it.
    Finished(Json),
    /// It stopped as somebody asked.
    Stopped(JobAsk),
    /// It stopped because the server does.
    HandedBack,
    /// What it waits for has not come to pass: it is looked at again in a while.
    NotYet,
}

/// What is in the way of a job.
#[derive(Clone, Debug)]
pub struct JobFault {
    /// What its people are told.
    pub problem: Problem,
    /// It may pass.
    pub may_pass: bool,
}

impl JobFault {
    /// Something that does not pass.
    #[must_use]
    pub const fn lasting(problem: Problem) -> Self {
        Self { problem, may_pass: false }
    }
}

impl<E: Classify> From<E> for JobFault {
    fn from(error: E) -> Self {
        if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
            let causes = std::iter::successors(error.source(), |cause| cause.source());
            let causes: String = causes.map(|cause| format!(": {cause}")).collect();
            tracing::warn!("a job met: {error}{causes}");
        }
        Self { may_pass: matches!(error.kind(), Kind::Unavailable | Kind::Internal), problem: error.problem() }
    }
}
