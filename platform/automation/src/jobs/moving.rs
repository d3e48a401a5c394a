//! Jobs that move a package's data: whether one may go on, has to wait, or is about a version that is gone.
//!
//! A move goes on after the upgrade, in steps; where the upgrade waits for a change of shape, it begins after that.

use tenon_diagnostics::Problem;
use tenon_store::{JobState, PackageState};
use tenon_value::{Json, Uuid};

use super::{JobFault, JobRun};

/// Whether a move may go on.
pub(super) enum Moving {
    /// It may; other jobs of plugins always do.
    On,
    /// A change of shape that it waits for is not done.
    NotYet,
    /// Its version is not in force any more.
    Gone,
}

/// Whether a job may go on, where it moves data.
pub(super) async fn moving(run: &JobRun) -> Result<Moving, JobFault> {
    let payload = &run.job.payload;
    let text = |name: &str| payload.get(name).and_then(Json::as_str);
    let (Some(package), Some(version), Some(_)) = (text("package"), text("version"), text("moment")) else { return Ok(Moving::On) };
    let there = run.store.packages(run.tenant).await?;
    let in_force = there.iter().any(|one| one.package == package && one.version == version && one.state == PackageState::Installed);
    if !in_force {
        return Ok(Moving::Gone);
    }
    let after = payload.get("after").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    for id in after.iter().filter_map(|id| id.as_str()?.parse::<Uuid>().ok()) {
        match run.store.job(run.tenant, id).await?.map(|job| job.state) {
            Some(JobState::Succeeded) => {}
            Some(JobState::Failed | JobState::Dead | JobState::Cancelled) | None => return Err(unshaped(id)),
            Some(_) => return Ok(Moving::NotYet),
        }
    }
    Ok(Moving::On)
}

fn unshaped(job: Uuid) -> JobFault {
    let (en, zh) = (
        format!("the change of shape that this waits for did not end well: see job {job}, then retry both"),
        format!("所等待的结构变更未成功完成:请查看任务 {job},然后重试两者"),
    );
    JobFault::lasting(Problem::conflict("package/shape", en, zh).with("job", job.to_string()))
}
