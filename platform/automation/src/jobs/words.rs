//! A job and its problem as they are shown outside.

use serde_json::{Map, json};
use tenon_diagnostics::Problem;
use tenon_store::{JobState, StoredJob};
use tenon_value::{DateTime, Json, Locale};

/// A problem as a job keeps it: the members of `RecordError`, in the language of whoever made the job.
#[must_use]
pub fn problem_json(problem: &Problem, locale: Locale) -> Json {
    let mut members = Map::new();
    members.insert("code".to_owned(), json!(problem.kind.code()));
    members.insert("message".to_owned(), json!(problem.message.in_locale(locale)));
    let named = [
        ("rule", problem.rule.as_deref()),
        ("limit", problem.limit),
        ("object", problem.object.as_deref()),
        ("field", problem.field.as_deref()),
        ("package", problem.package.as_deref()),
    ];
    members.extend(named.into_iter().filter_map(|(name, word)| Some((name.to_owned(), json!(word?)))));
    members.insert("inputPath".to_owned(), problem.input_path.to_json());
    members.extend(problem.details.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Json::Object(members)
}

/// A job with the members of the type `Job`; `now` is machine time.
#[must_use]
pub fn job_json(job: &StoredJob, now: DateTime) -> Json {
    let (rate, eta) = pace(job, now);
    json!({
        "id": job.id.to_string(),
        "kind": job.kind,
        "state": job.state.outside(),
        "total": job.total,
        "done": job.done,
        "failed": job.failed,
        "rowsPerSecond": rate,
        "etaSeconds": eta,
        "startedAt": job.started_at.map(|at| at.to_string()),
        "finishedAt": job.finished_at.map(|at| at.to_string()),
        "error": job.error,
    })
}

/// Steps a second since it was begun, and the seconds left where it is known how many steps there are.
fn pace(job: &StoredJob, now: DateTime) -> (Option<f64>, Option<i64>) {
    let Some(taken) = millis_of(job, now) else { return (None, None) };
    let rate = (job.done as f64 * 1_000.0 / taken as f64 * 10.0).round() / 10.0;
    let left = job.total.map(|total| (total - job.done).max(0));
    let eta = match (job.state, left) {
        (JobState::Succeeded, _) => Some(0),
        (JobState::Running, Some(left)) if job.done > 0 => Some(left.saturating_mul(taken) / job.done / 1_000),
        _ => None,
    };
    (Some(rate), eta)
}

/// How long a job has taken so far, or took; none where it has not been begun or rests.
#[must_use]
pub fn millis_of(job: &StoredJob, now: DateTime) -> Option<i64> {
    let started = job.started_at?;
    let until = job.finished_at.or_else(|| (job.state == JobState::Running).then_some(now))?;
    Some((until.millis() - started.millis()).max(1))
}
