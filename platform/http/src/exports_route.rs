//! `POST /t/{tenant}/exports`: records taken out as a job; the file can be read while it is made.

use std::time::Duration;

use axum::Json as JsonBody;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Map;
use tenon_automation::{DATA, JobWish, job_json, unpiece};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_graphql::{EXPORT, ExportRequest};
use tenon_store::{JobState, NewJob, Store, StoredJob};
use tenon_value::{Json, TenantId, Uuid};

use crate::call::Call;
use crate::imports_route::{accepted, identified};
use crate::negotiate::is_json;
use crate::respond::{problem, problem_of};

/// Bytes of a request for an export.
pub(crate) const EXPORT_REQUEST_MAX: usize = 256 * 1024;
/// How often a reader who is faster than the maker looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Pieces fetched at once.
const PIECES: u32 = 4;

/// Begins an export.
pub(crate) async fn begin(call: Call, body: Result<Bytes, BytesRejection>) -> Response {
    let made = async {
        let cx = call.context(Via::Graphql).await?;
        if !is_json(&call.headers) {
            return Err(Problem::invalid(
                "content_type",
                "send `Content-Type: application/json`",
                "请使用 `Content-Type: application/json`",
            ));
        }
        let body = body.map_err(|_| {
            let max = u64::try_from(EXPORT_REQUEST_MAX).unwrap_or(u64::MAX);
            Problem::exhausted("export_request_bytes", max, max + 1)
        })?;
        let unread = |error: serde_json::Error| {
            Problem::invalid("body", format!("the request cannot be read: {error}"), format!("无法读取请求:{error}"))
        };
        let request: ExportRequest = serde_json::from_slice(&body).map_err(unread)?;
        call.app.data.check_export(&cx, &request)?;
        let payload = serde_json::to_value(&request).map_err(unread)?;
        let job = NewJob::new(&cx, EXPORT, payload);
        call.app.jobs.store().job_put(cx.model.tenant, &job).await.map_err(|error| problem_of(&error, &call.arrival))
    };
    match made.await {
        Ok(id) => accepted(&call, "exports", id),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// How far an export is.
pub(crate) async fn show(call: Call) -> Response {
    match identified(&call, &[EXPORT]).await {
        Ok((_, job)) => JsonBody(shown(&call, &job)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

fn shown(call: &Call, job: &StoredJob) -> Json {
    let mut shown = Map::new();
    let own = |name: &str| job.payload.get(name).cloned().unwrap_or_default();
    shown.extend([("object".to_owned(), own("object")), ("format".to_owned(), own("format"))]);
    if let Json::Object(members) = job_json(job, call.app.jobs.store().machine_time()) {
        shown.extend(members.into_iter().filter(|(name, _)| name != "kind" && name != "failed"));
    }
    Json::Object(shown)
}

/// `pause`, `resume`, `cancel`, `retry`.
pub(crate) async fn wish(call: Call) -> Response {
    let wanted = async {
        let (cx, job) = identified(&call, &[EXPORT]).await?;
        let wish = JobWish::from_word(call.part("wish")).ok_or_else(|| Problem::of_kind(Kind::NotFound))?;
        call.app.jobs.wish(&cx, &job, wish).await.map_err(|error| problem_of(&error, &call.arrival))??;
        let job = call.app.jobs.job(&cx, job.id).await.map_err(|error| problem_of(&error, &call.arrival))?;
        job.ok_or_else(|| Problem::of_kind(Kind::NotFound))
    };
    match wanted.await {
        Ok(job) => JsonBody(shown(&call, &job)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// The file, as far as it is made and then as it is made. Who may no longer take the object out is refused.
pub(crate) async fn data(call: Call) -> Response {
    let found = async {
        let (cx, job) = identified(&call, &[EXPORT]).await?;
        let object = job.payload.get("object").and_then(Json::as_str).unwrap_or_default();
        if !call.app.data.may_export(&cx, object) {
            return Err(Problem::of_kind(Kind::Forbidden));
        }
        match job.state {
            JobState::Failed | JobState::Dead | JobState::Cancelled => {
                let state = job.state.outside();
                Err(Problem::conflict("job_state", format!("the export is {state}"), format!("导出任务状态为 {state}"))
                    .with("state", state))
            }
            _ => Ok((cx, job)),
        }
    };
    match found.await {
        Ok((cx, job)) => file(&call, &cx, &job),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

fn file(call: &Call, cx: &OpContext, job: &StoredJob) -> Response {
    let text = |name: &str| job.payload.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (media, ending) = match text("format").as_str() {
        "jsonl" => ("application/x-ndjson", "jsonl"),
        "parquet" => ("application/vnd.apache.parquet", "parquet"),
        _ => ("text/csv; charset=utf-8", "csv"),
    };
    let (making, is_text) = (making(job), ending != "parquet");
    let reading = Reading { store: call.app.jobs.store().clone(), tenant: cx.model.tenant, job: job.id, next: 0, making, is_text };
    let stream = futures::stream::try_unfold(reading, |reading| reading.more());
    let name = format!("attachment; filename=\"{}.{ending}\"", text("object"));
    let mut response = ([(header::CONTENT_TYPE, media)], Body::from_stream(stream)).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Which making of the file a job is at; 0 before the first.
fn making(job: &StoredJob) -> u64 {
    job.progress.get("making").and_then(Json::as_u64).unwrap_or_default()
}

/// A reader of a file that is being made.
struct Reading {
    store: Store,
    tenant: TenantId,
    job: Uuid,
    next: i64,
    making: u64,
    /// Its pieces are text; else base64 of what is none.
    is_text: bool,
}

impl Reading {
    /// The next pieces; none at the end. Where the file is made anew meanwhile, or not to its end, the reader is cut off: what he
    /// has is not the file.
    async fn more(mut self) -> std::io::Result<Option<(Vec<u8>, Self)>> {
        loop {
            let job = self.store.job(self.tenant, self.job).await.map_err(std::io::Error::other)?;
            let Some(job) = job else { return Err(std::io::Error::other("the export is gone")) };
            let now = making(&job);
            if self.next == 0 {
                self.making = now;
            }
            if now != self.making {
                return Err(std::io::Error::other("the export is made anew"));
            }
            // Before the first making is known nothing is read: pieces that come a moment later would stand under no making's name.
            let pieces = if now == 0 { Vec::new() } else { self.pieces().await? };
            if let Some((last, _)) = pieces.last() {
                self.next = last + 1;
                let mut bytes = Vec::new();
                for (_, text) in pieces {
                    bytes.extend(if self.is_text { text.into_bytes() } else { unpiece(&text).map_err(std::io::Error::other)? });
                }
                return Ok(Some((bytes, self)));
            }
            match job.state {
                JobState::Succeeded => return Ok(None),
                JobState::Failed | JobState::Dead | JobState::Cancelled => {
                    return Err(std::io::Error::other("the export was not made to its end"));
                }
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    async fn pieces(&self) -> std::io::Result<Vec<(i64, String)>> {
        let from = (DATA, self.next);
        self.store.job_parts(self.tenant, self.job, from, PIECES).await.map_err(std::io::Error::other)
    }
}
