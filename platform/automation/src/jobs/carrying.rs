//! One job from being taken to being let go.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{JobAsk, JobEnd, StoreError};
use tokio::sync::watch;

use super::runner::raised;
use super::{JobDone, JobFault, JobHandler, JobRun, problem_json};

/// How often a job is begun without getting any further (`job_attempts`).
const ATTEMPTS_MAX: i64 = 5;
/// Waited before the second try; each further one waits four times as long.
const WAIT: i64 = 1_000;

/// Carries a job as far as it goes.
pub(crate) async fn carry(run: JobRun, handler: Arc<dyn JobHandler>, halt: watch::Receiver<bool>) {
    let end = match run.job.asked {
        Some(JobAsk::Pause) => JobEnd::Paused,
        Some(JobAsk::Cancel) => JobEnd::Cancelled,
        None if run.job.attempts > ATTEMPTS_MAX => JobEnd::Dead(run.job.error.clone().unwrap_or_else(|| {
            let died = Problem::conflict("job_died", "whoever carried this out died each time", "执行此任务的进程每次都异常终止");
            problem_json(&died, run.job.by.locale)
        })),
        None => tokio::select! {
            done = AssertUnwindSafe(handler.run(&run)).catch_unwind() => ended(&run, done.unwrap_or_else(|_| Err(broken()))),
            () = lost(&run) => return,
            () = raised(halt) => JobEnd::HandedBack,
        },
    };
    if matches!(end, JobEnd::Cancelled | JobEnd::Failed(_) | JobEnd::Dead(_)) {
        let let_go = AssertUnwindSafe(handler.let_go(&run)).catch_unwind().await.unwrap_or_else(|_| Err(broken()));
        if let Err(fault) = let_go {
            tracing::warn!(tenant = %run.tenant, job = %run.job.id, why = %fault.problem.message.en, "what a job began is left");
        }
    }
    // A store that is away comes back; if not within the lease, another node goes on.
    for wait in [0, 1, 5] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        match run.store.job_end(run.tenant, run.lease, &end).await {
            Ok(_) => return,
            Err(error) => tracing::warn!(tenant = %run.tenant, job = %run.job.id, %error, "a job could not be let go"),
        }
    }
}

/// A handler that panicked: a bug of ours, and perhaps the data's.
fn broken() -> JobFault {
    JobFault { problem: Problem::of_kind(Kind::Internal), may_pass: true }
}

fn ended(run: &JobRun, done: Result<JobDone, JobFault>) -> JobEnd {
    match done {
        Ok(JobDone::Finished(result)) => JobEnd::Succeeded(result),
        Ok(JobDone::Stopped(JobAsk::Pause)) => JobEnd::Paused,
        Ok(JobDone::Stopped(JobAsk::Cancel)) => JobEnd::Cancelled,
        Ok(JobDone::HandedBack) => JobEnd::HandedBack,
        Ok(JobDone::NotYet) => JobEnd::NotYet(WAIT),
        Err(fault) => {
            let error = problem_json(&fault.problem, run.job.by.locale);
            if !fault.may_pass {
                return JobEnd::Failed(error);
            }
            if run.job.attempts >= ATTEMPTS_MAX {
                return JobEnd::Dead(error);
            }
            let exponent = u32::try_from(run.job.attempts.max(1) - 1).unwrap_or_default();
            JobEnd::Again(error, WAIT * 4_i64.pow(exponent))
        }
    }
}

/// Gives signs of life; returns when another has the job.
async fn lost(run: &JobRun) {
    let every = Duration::from_millis(u64::try_from(run.lease.millis / 3).unwrap_or(1).max(1));
    loop {
        tokio::time::sleep(every).await;
        match run.store.job_renew(run.tenant, run.lease).await {
            Err(StoreError::LeaseLost) => {
                tracing::warn!(tenant = %run.tenant, job = %run.job.id, "another node has this job");
                return;
            }
            Err(error) => tracing::debug!(tenant = %run.tenant, job = %run.job.id, %error, "no sign of life"),
            Ok(_) => {}
        }
    }
}
