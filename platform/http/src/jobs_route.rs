//! Jobs of every kind: looked at, paused, cancelled, tried again by who made them and by administrators.

use axum::Json as JsonBody;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenon_automation::{JobWish, job_json};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{JobFilter, JobState, StoredJob};
use tenon_value::Json;

use crate::call::Call;
use crate::imports_route::pieces;
use crate::respond::{problem, problem_of};

/// Jobs of a list, unless it says how many.
const LISTED: u32 = 50;
/// Jobs of a list at most.
const LISTED_MAX: u32 = 200;

/// The newest first: `?state=`, `?kind=`, `?first=`, `?before=`.
pub(crate) async fn list(call: Call) -> Response {
    match listed(&call).await {
        Ok(jobs) => JsonBody(json!({ "jobs": jobs })).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn listed(call: &Call) -> Result<Vec<Json>, Problem> {
    let cx = call.context(Via::Job).await?;
    let wrong = |name: &str| Problem::invalid("type", format!("`{name}` makes no sense"), format!("`{name}` 的值无效"));
    let first = match call.parameter("first").map(|text| text.parse::<u32>()) {
        None => LISTED,
        Some(Ok(first)) if first <= LISTED_MAX => first,
        Some(Ok(first)) => return Err(Problem::exhausted("page_size", u64::from(LISTED_MAX), u64::from(first))),
        Some(Err(_)) => return Err(wrong("first")),
    };
    let states = match call.parameter("state") {
        None => Vec::new(),
        Some(word) => {
            let states: Vec<JobState> = JobState::ALL.into_iter().filter(|state| state.outside().eq_ignore_ascii_case(&word)).collect();
            if states.is_empty() {
                return Err(wrong("state"));
            }
            states
        }
    };
    let before = call.parameter("before").map(|id| id.parse()).transpose().map_err(|_| wrong("before"))?;
    let filter = JobFilter { by: None, kinds: call.parameter("kind").into_iter().collect(), states, before };
    let jobs = call.app.jobs.jobs(&cx, filter, first).await.map_err(|error| problem_of(&error, &call.arrival))?;
    let now = call.app.jobs.store().machine_time();
    Ok(jobs.iter().map(|job| job_json(job, now)).collect())
}

/// One job.
pub(crate) async fn show(call: Call) -> Response {
    match identified(&call).await {
        Ok((_, job)) => JsonBody(job_json(&job, call.app.jobs.store().machine_time())).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// What it has to say of the rows that failed.
pub(crate) async fn errors(call: Call) -> Response {
    match identified(&call).await {
        Ok((cx, job)) => pieces(&call, (&cx, &job), String::new()),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `pause`, `resume`, `cancel`, `retry`.
pub(crate) async fn wish(call: Call) -> Response {
    let wanted = async {
        let (cx, job) = identified(&call).await?;
        let wish = JobWish::from_word(call.part("wish")).ok_or_else(|| Problem::of_kind(Kind::NotFound))?;
        call.app.jobs.wish(&cx, &job, wish).await.map_err(|error| problem_of(&error, &call.arrival))??;
        let job = call.app.jobs.job(&cx, job.id).await.map_err(|error| problem_of(&error, &call.arrival))?;
        job.ok_or_else(|| Problem::of_kind(Kind::NotFound))
    };
    match wanted.await {
        Ok(job) => JsonBody(job_json(&job, call.app.jobs.store().machine_time())).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn identified(call: &Call) -> Result<(OpContext, StoredJob), Problem> {
    let cx = call.context(Via::Job).await?;
    let job = call.app.jobs.job(&cx, call.id()?).await.map_err(|error| problem_of(&error, &call.arrival))?;
    Ok((cx, job.ok_or_else(|| Problem::of_kind(Kind::NotFound))?))
}
