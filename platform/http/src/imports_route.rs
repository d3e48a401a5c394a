//! `POST /t/{tenant}/imports`: a form of two files, `mapping` and `data`; kept as a job, watched by its address.

use axum::Json as JsonBody;
use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, json};
use tenon_access::Policy;
use tenon_automation::{IMPORT, ImportPlan, JobWish, UNDO, millis_of, undo_plan};
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_packages::{SourceFile, read_yaml};
use tenon_query::OnMatch;
use tenon_records::import::{ERRORS, Format, ImportState, Mapping, SUGGEST_BYTES_MAX, XLSX_BYTES_MAX, error_header, suggest};
use tenon_store::{JobState, NewJob, StoredJob};
use tenon_value::{Json, Uuid};

use crate::call::Call;
use crate::receiving::Receiving;
use crate::respond::{problem, problem_of};

/// Bytes of a mapping file.
pub(crate) const MAPPING_BYTES_MAX: usize = 1024 * 1024;
/// Bytes read after a file has been refused.
const DRAINED_MAX: usize = 16 * 1024 * 1024;
/// Pieces of an error file fetched at once.
const PIECES: u32 = 4;

/// Begins an import.
pub(crate) async fn begin(call: Call, form: Result<Multipart, MultipartRejection>) -> Response {
    match accept(&call, form).await {
        Ok(id) => accepted(&call, "imports", id),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// 202 with the address at which a job is watched.
pub(crate) fn accepted(call: &Call, door: &str, id: Uuid) -> Response {
    let place = format!("/t/{}/{door}/{id}", call.part("tenant"));
    let mut response = (StatusCode::ACCEPTED, JsonBody(json!({ "id": id.to_string(), "state": "WAITING" }))).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Shows how far an import is.
pub(crate) async fn show(call: Call) -> Response {
    match identified(&call, &[IMPORT, UNDO]).await {
        Ok((_, job)) => JsonBody(shown(&call, &job)).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `pause`, `resume`, `cancel`: what somebody wants of it.
pub(crate) async fn wish(call: Call) -> Response {
    let wanted = async {
        let (cx, job) = identified(&call, &[IMPORT, UNDO]).await?;
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

/// Takes an import back: a job of its own, watched at the same door.
pub(crate) async fn undo(call: Call) -> Response {
    let made = async {
        let (cx, job) = identified(&call, &[IMPORT]).await?;
        let store = call.app.jobs.store();
        let payload = undo_plan(&job, store.machine_time())?;
        // Once is enough: asked again, it is the same job.
        let undo = NewJob { key: Some(format!("undo:{}", job.id)), ..NewJob::new(&cx, UNDO, payload) };
        store.job_put(cx.model.tenant, &undo).await.map_err(|error| problem_of(&error, &call.arrival))
    };
    match made.await {
        Ok(id) => accepted(&call, "imports", id),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// The rows that failed, as they stand now.
pub(crate) async fn errors(call: Call) -> Response {
    match identified(&call, &[IMPORT, UNDO]).await {
        Ok((cx, job)) => pieces(&call, (&cx, &job), error_header(&[])),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// The error file of a job, piece by piece; `header` where it has none.
pub(crate) fn pieces(call: &Call, (cx, job): (&OpContext, &StoredJob), header: String) -> Response {
    let (store, tenant, id) = (call.app.jobs.store().clone(), cx.model.tenant, job.id);
    let stream = futures::stream::try_unfold((0_i64, Some(header)), move |(next, header)| {
        let store = store.clone();
        async move {
            let pieces = store.job_parts(tenant, id, (ERRORS, next), PIECES).await.map_err(std::io::Error::other)?;
            let Some((last, _)) = pieces.last() else {
                return Ok::<_, std::io::Error>(header.map(|header| (header, (next, None))));
            };
            let after = last + 1;
            Ok(Some((pieces.into_iter().map(|(_, text)| text).collect::<String>(), (after, None))))
        }
    });
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], Body::from_stream(stream)).into_response()
}

/// Proposes a mapping for a file.
pub(crate) async fn propose(call: Call, form: Result<Multipart, MultipartRejection>) -> Response {
    match proposed(&call, form).await {
        Ok(proposal) => JsonBody(proposal).into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn proposed(call: &Call, form: Result<Multipart, MultipartRejection>) -> Result<Json, Problem> {
    let cx = call.context(Via::Import).await?;
    let object = call.parameter("object").ok_or_else(|| absent("object"))?;
    let mut form = form.map_err(|_| no_form())?;
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        if field.name() != Some("data") {
            continue;
        }
        let format = Format::of_name(field.file_name().unwrap_or("data.csv"));
        let whole = matches!(format, Format::Xlsx | Format::Parquet);
        let enough = if whole { usize::try_from(XLSX_BYTES_MAX).unwrap_or(usize::MAX) } else { SUGGEST_BYTES_MAX };
        let mut begin = Vec::new();
        while begin.len() < enough
            && let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))?
        {
            begin.extend_from_slice(&chunk);
        }
        if format == Format::Parquet && begin.len() >= enough {
            return Err(Problem::exhausted("suggest_parquet_bytes", XLSX_BYTES_MAX, begin.len() as u64));
        }
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let proposing = tokio::task::spawn_blocking(move || suggest(&cx.model, &policy, &object, (begin, format)));
        return match proposing.await {
            Ok(proposal) => proposal.map_err(|error| error.problem()),
            Err(_) => Err(Problem::of_kind(Kind::Internal)),
        };
    }
    Err(absent("data"))
}

/// The job of the address, of one of these kinds, if the caller may know of it.
pub(crate) async fn identified(call: &Call, kinds: &[&str]) -> Result<(OpContext, StoredJob), Problem> {
    let cx = call.context(Via::Import).await?;
    let job = call.app.jobs.job(&cx, call.id()?).await.map_err(|error| problem_of(&error, &call.arrival))?;
    let job = job.filter(|job| kinds.contains(&job.kind.as_str())).ok_or_else(|| Problem::of_kind(Kind::NotFound))?;
    Ok((cx, job))
}

/// An import as `GET …/imports/{id}` shows it.
fn shown(call: &Call, job: &StoredJob) -> Json {
    let state = ImportState::of_json(&job.progress);
    let plan = ImportPlan::of_json(&job.payload);
    let mut shown = Map::new();
    let object = job.payload.get("object").cloned().unwrap_or_default();
    let own = [
        ("id", json!(job.id.to_string())),
        ("state", json!(job.state.outside())),
        ("object", object),
        ("dryRun", json!(plan.as_ref().is_some_and(|plan| plan.dry_run))),
        ("undoes", job.payload.get("import").cloned().unwrap_or_default()),
    ];
    shown.extend(own.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_owned(), value)));
    shown.extend(counts(&state));
    shown.extend(pace(job, &state, plan.map_or(0, |plan| plan.size), call.app.jobs.store().machine_time()));
    if let Some(error) = &job.error {
        shown.insert("error".to_owned(), error.clone());
    }
    Json::Object(shown)
}

fn counts(state: &ImportState) -> Map<String, Json> {
    let replaced: Vec<Json> = state
        .replaced
        .iter()
        .map(|(column, from, to, count)| json!({ "column": column, "from": from, "to": to, "count": count }))
        .collect();
    let missing: Vec<Json> = state.missing.iter().map(|(column, count)| json!({ "column": column, "count": count })).collect();
    let counts = json!({
        "total": state.total(), "created": state.created, "updated": state.updated, "unchanged": state.unchanged,
        "skipped": state.skipped, "failed": state.failed, "replaced": replaced, "missing": missing,
    });
    counts.as_object().cloned().unwrap_or_default()
}

/// Rows a second, and the seconds left by the bytes left; of an import that has ended, the rows a second it made.
fn pace(job: &StoredJob, state: &ImportState, size: u64, now: tenon_value::DateTime) -> Map<String, Json> {
    let millis = millis_of(job, now).and_then(|millis| u64::try_from(millis).ok());
    let eta = match (job.state, millis) {
        (JobState::Succeeded, _) => Some(0),
        (JobState::Running, Some(millis)) if state.bytes > 0 => Some(size.saturating_sub(state.bytes) * millis / state.bytes / 1000),
        _ => None,
    };
    let pace = json!({ "rowsPerSecond": millis.map(|millis| state.total() * 1000 / millis), "etaSeconds": eta });
    pace.as_object().cloned().unwrap_or_default()
}

async fn accept(call: &Call, form: Result<Multipart, MultipartRejection>) -> Result<Uuid, Problem> {
    let cx = call.context(Via::Import).await?;
    let mut form = form.map_err(|_| no_form())?;
    let (mut mapping, mut received) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name() {
            Some("mapping") => mapping = Some(read_mapping(field).await?),
            Some("data") if received.is_none() => received = Some(receive(call, &cx, field).await?),
            _ => {}
        }
    }
    let (receiving, name) = received.ok_or_else(|| absent("data"))?;
    let (json, object) = mapping.ok_or_else(|| absent("mapping"))?;
    let plan = ImportPlan {
        on_match: on_match(call, &object)?,
        mapping: json,
        object,
        format: Format::of_name(&name),
        name,
        size: receiving.bytes(),
        dry_run: call.parameter("dryRun").is_some_and(|value| value == "true"),
    };
    receiving.finish(&plan.to_json()).await.map_err(|error| problem_of(&error, &call.arrival))
}

/// Keeps the data as it comes: it may be larger than memory, and another node may go on with it.
async fn receive(call: &Call, cx: &OpContext, mut field: Field<'_>) -> Result<(Receiving, String), Problem> {
    let name = field.file_name().unwrap_or("data.csv").to_owned();
    let told = |error: &tenon_store::StoreError| problem_of(error, &call.arrival);
    let format = Format::of_name(&name);
    let store = call.app.jobs.store().clone();
    let mut receiving = Receiving::begin(store, cx, (IMPORT, format)).await.map_err(|error| told(&error))?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if let Err(refused) = receiving.take(&chunk).await {
            drain(&mut field).await;
            return Err(refused.problem(&told));
        }
    }
    receiving.flush().await.map_err(|fault| fault.problem(&told))?;
    Ok((receiving, name))
}

/// Reads on for a while, so that a caller who is still sending comes to hear why he is refused.
async fn drain(field: &mut Field<'_>) {
    let mut left = DRAINED_MAX;
    while left > 0
        && let Ok(Some(chunk)) = field.chunk().await
    {
        left = left.saturating_sub(chunk.len());
    }
}

/// The query may name the object (it must be the mapping's) and decide what happens to records that are there.
fn on_match(call: &Call, mapped: &str) -> Result<Option<OnMatch>, Problem> {
    if let Some(object) = call.parameter("object")
        && object != mapped
    {
        let (en, zh) = (format!("the mapping is for `{mapped}`, not for `{object}`"), format!("该映射用于 `{mapped}`,而非 `{object}`"));
        return Err(Problem::invalid("import/object", en, zh));
    }
    match call.parameter("onMatch").as_deref() {
        None => Ok(None),
        Some("update") => Ok(Some(OnMatch::Update)),
        Some("skip") => Ok(Some(OnMatch::Skip)),
        Some(_) => Err(Problem::invalid("import/word", "`onMatch` is `update` or `skip`", "`onMatch` 应为 `update` 或 `skip`")),
    }
}

/// A mapping file as JSON, checked, and its object.
async fn read_mapping(mut field: Field<'_>) -> Result<(Json, String), Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAPPING_BYTES_MAX {
            drain(&mut field).await;
            let max = u64::try_from(MAPPING_BYTES_MAX).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("mapping_bytes", max, max + 1));
        }
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::invalid("import/encoding", "the mapping is no UTF-8 text", "映射文件不是 UTF-8 文本"))?;
    let file = SourceFile { path: "mapping.yaml".to_owned(), text: text.to_owned() };
    let json = read_yaml(&file).map_err(|diagnostics| {
        let words = diagnostics.first().map_or_else(String::new, ToString::to_string);
        Problem::invalid("import/yaml", words.clone(), words)
    })?;
    let mapping = Mapping::from_json(&json).map_err(|problems| {
        let first = problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid));
        let others: Vec<_> = problems
            .as_slice()
            .iter()
            .map(|problem| json!({ "rule": problem.rule, "message": problem.message.en, "inputPath": problem.input_path.to_json() }))
            .collect();
        first.with("problems", others)
    })?;
    let object = mapping.object().to_owned();
    Ok((json, object))
}

fn absent(name: &str) -> Problem {
    Problem::invalid("required", format!("the form has no file `{name}`"), format!("表单缺少文件 `{name}`"))
}

fn no_form() -> Problem {
    Problem::invalid("content_type", "send a form with the files `mapping` and `data`", "请以表单形式上传 `mapping` 和 `data` 两个文件")
}

fn broken(error: &MultipartError) -> Problem {
    Problem::invalid("body", format!("the form cannot be read: {error}"), format!("无法读取表单:{error}"))
}
