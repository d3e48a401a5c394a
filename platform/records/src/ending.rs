//! What a mutation does last, before its commit: the caller's bytes are made, and a job's progress is written.

use std::sync::{Mutex, PoisonError};

use tenon_store::{JobAsk, JobLease, JobProgress, Tx};

use crate::pipeline::Respond;
use crate::{RecordsError, StepOutcome};

/// Makes of what became of the steps how far the job has come then.
pub type Settle<'s> = dyn Fn(&[StepOutcome]) -> JobProgress + Sync + 's;

/// What a mutation does last.
pub(crate) struct Ending<'e> {
    pub(crate) respond: &'e Respond<'e>,
    pub(crate) job: Option<JobEnding<'e>>,
}

/// The job of which the mutation is a chunk.
pub(crate) struct JobEnding<'e> {
    lease: JobLease,
    settle: &'e Settle<'e>,
    asked: Mutex<Option<JobAsk>>,
}

impl<'e> JobEnding<'e> {
    pub(crate) fn new(lease: JobLease, settle: &'e Settle<'e>) -> Self {
        Self { lease, settle, asked: Mutex::new(None) }
    }
}

impl Ending<'_> {
    /// Writes how far the job has come: the last statement, for it locks the job's row.
    pub(crate) async fn settle(&self, tx: &mut Tx, outcomes: &[StepOutcome], dry_run: bool) -> Result<(), RecordsError> {
        let Some(job) = self.job.as_ref().filter(|_| !dry_run) else { return Ok(()) };
        let asked = tx.job_checkpoint(job.lease, &(job.settle)(outcomes)).await?;
        *job.asked.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }

    /// What somebody wants of the job.
    pub(crate) fn asked(&self) -> Option<JobAsk> {
        self.job.as_ref().and_then(|job| *job.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
