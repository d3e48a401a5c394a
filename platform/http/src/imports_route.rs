//! `POST /t/{tenant}/imports`: a form of two files, `mapping` and `data`; answered at once, watched by its address.

use axum::Json as JsonBody;
use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_packages::{SourceFile, read_yaml};
use tenon_query::OnMatch;
use tenon_records::import::Mapping;
use tenon_value::Uuid;
use tokio::io::AsyncWriteExt;

use crate::call::Call;
use crate::imports::{Kept, Upload};
use crate::respond::problem;

/// Bytes of a mapping file.
pub(crate) const MAPPING_BYTES_MAX: usize = 1024 * 1024;

/// Begins an import.
pub(crate) async fn begin(call: Call, form: Result<Multipart, MultipartRejection>) -> Response {
    match accept(&call, form).await {
        Ok(id) => {
            let place = format!("/t/{}/imports/{id}", call.part("tenant"));
            let mut response = (StatusCode::ACCEPTED, JsonBody(json!({ "id": id.to_string(), "state": "WAITING" }))).into_response();
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            response
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// Shows how far an import is.
pub(crate) async fn show(call: Call) -> Response {
    match identified(&call).await {
        Ok((context, id)) => match call.app.imports.show(&context, id) {
            Some(shown) => JsonBody(shown).into_response(),
            None => problem(&Problem::of_kind(Kind::NotFound), &call.arrival),
        },
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// The rows that failed.
pub(crate) async fn errors(call: Call) -> Response {
    let file = match identified(&call).await {
        Ok((context, id)) => call.app.imports.errors(&context, id),
        Err(wrong) => return problem(&wrong, &call.arrival),
    };
    let Some(file) = file else { return problem(&Problem::of_kind(Kind::NotFound), &call.arrival) };
    match tokio::fs::read(&file).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], Body::from(text)).into_response(),
        Err(_) => problem(&Problem::of_kind(Kind::NotFound), &call.arrival),
    }
}

async fn identified(call: &Call) -> Result<(OpContext, Uuid), Problem> {
    let context = call.context(Via::Import).await?;
    let id = call.part("id").parse().map_err(|_| Problem::of_kind(Kind::NotFound))?;
    Ok((context, id))
}

async fn accept(call: &Call, form: Result<Multipart, MultipartRejection>) -> Result<Uuid, Problem> {
    let mut context = call.context(Via::Import).await?;
    // An import may take hours; its caller does not wait.
    context.deadline = None;
    context.dry_run = call.parameter("dryRun").is_some_and(|value| value == "true");
    let mut form = form.map_err(|_| {
        Problem::invalid("content_type", "send a form with the files `mapping` and `data`", "请以表单形式上传 `mapping` 和 `data` 两个文件")
    })?;
    let (mut mapping, mut data) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name() {
            Some("mapping") => mapping = Some(read_mapping(field).await?),
            Some("data") => data = Some(keep(call, field).await?),
            _ => {}
        }
    }
    let absent = |name: &str| Problem::invalid("required", format!("the form has no file `{name}`"), format!("表单缺少文件 `{name}`"));
    let (file, name) = data.ok_or_else(|| absent("data"))?;
    let mapping = with_parameters(call, mapping.ok_or_else(|| absent("mapping"))?)?;
    call.app.imports.begin(context, Upload { file, name, mapping })
}

/// The query may name the object (it must be the mapping's) and decide what happens to records that are there.
fn with_parameters(call: &Call, mapping: Mapping) -> Result<Mapping, Problem> {
    if let Some(object) = call.parameter("object")
        && object != mapping.object()
    {
        let (en, zh) = (
            format!("the mapping is for `{}`, not for `{object}`", mapping.object()),
            format!("该映射用于 `{}`,而非 `{object}`", mapping.object()),
        );
        return Err(Problem::invalid("import/object", en, zh));
    }
    match call.parameter("onMatch").as_deref() {
        None => Ok(mapping),
        Some("update") => Ok(mapping.on_match(OnMatch::Update)),
        Some("skip") => Ok(mapping.on_match(OnMatch::Skip)),
        Some(_) => Err(Problem::invalid("import/word", "`onMatch` is `update` or `skip`", "`onMatch` 应为 `update` 或 `skip`")),
    }
}

async fn read_mapping(field: Field<'_>) -> Result<Mapping, Problem> {
    let bytes = field.bytes().await.map_err(|error| broken(&error))?;
    if bytes.len() > MAPPING_BYTES_MAX {
        let max = u64::try_from(MAPPING_BYTES_MAX).unwrap_or(u64::MAX);
        return Err(Problem::exhausted("mapping_bytes", max, u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::invalid("import/encoding", "the mapping is no UTF-8 text", "映射文件不是 UTF-8 文本"))?;
    let file = SourceFile { path: "mapping.yaml".to_owned(), text: text.to_owned() };
    let json = read_yaml(&file).map_err(|diagnostics| {
        let words = diagnostics.first().map_or_else(String::new, ToString::to_string);
        Problem::invalid("import/yaml", words.clone(), words)
    })?;
    Mapping::from_json(&json).map_err(|problems| {
        let first = problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid));
        let others: Vec<_> = problems
            .as_slice()
            .iter()
            .map(|problem| json!({ "rule": problem.rule, "message": problem.message.en, "inputPath": problem.input_path.to_json() }))
            .collect();
        first.with("problems", others)
    })
}

/// Keeps the data in a file of its own: it may be larger than memory.
async fn keep(call: &Call, mut field: Field<'_>) -> Result<(Kept, String), Problem> {
    let name = field.file_name().unwrap_or("data.csv").to_owned();
    let full = |error: std::io::Error| {
        tracing::error!("an upload cannot be kept: {error}");
        Problem::of_kind(Kind::Unavailable)
    };
    let (kept, mut file) = call.app.imports.new_file().await.map_err(full)?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        file.write_all(&chunk).await.map_err(full)?;
    }
    file.flush().await.map_err(full)?;
    Ok((kept, name))
}

fn broken(error: &MultipartError) -> Problem {
    Problem::invalid("body", format!("the form cannot be read: {error}"), format!("无法读取表单:{error}"))
}
