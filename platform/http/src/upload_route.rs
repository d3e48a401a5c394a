//! `POST /t/{tenant}/files`: a file as it is, or as the part `file` of a form; written as it comes.
//!
//! Invariants: no more of it is in memory than one piece; an upload that ends early, lies, is too large or never goes on
//! leaves nothing; what is answered with 201 is on disk.

use std::time::Instant;

use axum::Json as JsonBody;
use axum::body::BodyDataStream;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::Problem;
use tenon_store::{NewFile, Staged, StoredFile};
use tenon_value::Uuid;

use crate::app::TIME_MAX;
use crate::call::Call;
use crate::respond::{problem, problem_of};

/// Uploads that one principal may have under way on this node (`uploads`).
pub(crate) const UPLOADS_MAX: u32 = 20;
/// Bytes of a form around its file.
const FORM_AROUND: u64 = 64 * 1024;

/// Takes a file.
pub(crate) async fn upload(call: Call, request: Request) -> Response {
    match accept(&call, request).await {
        Ok(file) => {
            let body =
                json!({ "id": file.id.to_string(), "name": file.name, "mimeType": file.mime, "size": file.size, "sha256": file.sha256 });
            let mut response = (StatusCode::CREATED, JsonBody(body)).into_response();
            if let Ok(place) = HeaderValue::from_str(&format!("/t/{}/files/{}", call.part("tenant"), file.id)) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            response
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

async fn accept(call: &Call, request: Request) -> Result<StoredFile, Problem> {
    let mut cx = call.context(Via::Graphql).await?;
    let _slot = call.app.uploads.take(cx.principal.id)?;
    if call.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::invalid(
            "content_type",
            "send the file as it is, or compressed by gzip or zstd",
            "请直接上传文件,或使用 gzip、zstd 压缩",
        ));
    }
    let max = call.app.store.file_bytes_max();
    let told = call.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    let is_form = media(&call.headers).is_some_and(|media| media.to_ascii_lowercase().starts_with("multipart/form-data"));
    if let Some(told) = told.filter(|told| *told > max.saturating_add(if is_form { FORM_AROUND } else { 0 })) {
        return Err(Problem::exhausted("file_bytes", max, told));
    }
    let (staged, name, declared) = if is_form {
        from_form(call, &cx, request).await?
    } else {
        let staged = take(call, &cx, Pieces::Body(request.into_body().into_data_stream())).await?;
        (staged, disposition(&call.headers), media(&call.headers).map(str::to_owned))
    };
    // The upload may have taken long; what follows is short.
    cx.deadline = Some(Instant::now() + TIME_MAX);
    let mime = match tenon_files::tell(declared.as_deref(), staged.head()) {
        Ok(mime) => mime,
        Err(lie) => {
            discard(call, staged).await;
            let (en, zh) = (lie.to_string(), format!("文件声明为 `{}`,实际内容为 `{}`", lie.declared, lie.found));
            return Err(Problem::invalid("file_type", en, zh).with("declared", lie.declared).with("found", lie.found));
        }
    };
    let new = NewFile { id: Uuid::now_v7(), name: tenon_files::clean(name.as_deref().unwrap_or_default()), mime };
    call.app.store.file_keep(&cx, new, staged).await.map_err(|error| problem_of(&error, &call.arrival))
}

async fn discard(call: &Call, staged: Staged) {
    if let Err(error) = call.app.store.file_discard(staged).await {
        tracing::warn!(%error, "an upload that was refused stays until the sweep");
    }
}

type Taken = (Staged, Option<String>, Option<String>);

/// The part `file` of a form; other parts are passed over, a second file is refused.
async fn from_form(call: &Call, cx: &OpContext, request: Request) -> Result<Taken, Problem> {
    let broken = |error: &dyn std::fmt::Display| {
        Problem::invalid("body", format!("the form cannot be read: {error}"), format!("无法读取表单:{error}"))
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|rejection| broken(&rejection))?;
    let mut taken: Option<Taken> = None;
    loop {
        let field = match form.next_field().await.map_err(|error| broken(&error)) {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(wrong) => {
                if let Some((staged, ..)) = taken {
                    discard(call, staged).await;
                }
                return Err(wrong);
            }
        };
        if field.name() != Some("file") {
            continue;
        }
        if let Some((staged, ..)) = taken {
            discard(call, staged).await;
            return Err(Problem::invalid("body", "one file at a time: the form has several", "表单中包含多个文件,请逐个上传"));
        }
        let (name, declared) = (field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
        taken = Some((take(call, cx, Pieces::Field(Box::new(field))).await?, name, declared));
    }
    taken.ok_or_else(|| Problem::invalid("required", "the form has no file `file`", "表单缺少文件 `file`"))
}

/// Where pieces come from.
enum Pieces<'f> {
    Body(BodyDataStream),
    Field(Box<Field<'f>>),
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Self::Body(body) => body.next().await.transpose().map_err(|error| error.to_string()),
            Self::Field(field) => field.chunk().await.map_err(|error| error.to_string()),
        }
    }
}

/// Takes the pieces of a file until its end.
async fn take(call: &Call, cx: &OpContext, mut pieces: Pieces<'_>) -> Result<Staged, Problem> {
    let told = |error: &tenon_store::StoreError| problem_of(error, &call.arrival);
    let max = call.app.store.file_bytes_max();
    let mut staging = call.app.store.file_stage(cx).await.map_err(|error| told(&error))?;
    loop {
        let ended = |error: String| Problem::invalid("body", format!("the upload ended early: {error}"), format!("上传中断:{error}"));
        let Some(piece) = pieces.next().await.map_err(ended)? else { break };
        let size = staging.size().saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if size > max {
            return Err(Problem::exhausted("file_bytes", max, size));
        }
        staging.write(piece).await.map_err(|error| told(&error))?;
    }
    staging.finish().await.map_err(|error| told(&error))
}

fn media(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// The name in `Content-Disposition`: `filename*` (RFC 8187) goes before `filename`.
fn disposition(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?;
    // Some clients write letters of other scripts as they are.
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let (mut plain, mut exact) = (None, None);
    for parameter in split(&value) {
        let Some((key, said)) = parameter.split_once('=') else { continue };
        match key.trim().to_ascii_lowercase().as_str() {
            "filename" => plain = Some(unquoted(said.trim())),
            "filename*" => exact = extended(said.trim()),
            _ => {}
        }
    }
    exact.or(plain)
}

/// Parts between semicolons that stand outside quotes.
fn split(value: &str) -> Vec<&str> {
    let (mut parts, mut begun, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in value.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.extend(value.get(begun..at));
                begun = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(value.get(begun..));
    parts
}

fn unquoted(said: &str) -> String {
    let Some(inner) = said.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest)) else { return said.to_owned() };
    let mut letters = inner.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        // A path of Windows is no escape: only a quote and the escape itself are.
        match (letter, letters.clone().next()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                letters.next();
                text.push(next);
            }
            _ => text.push(letter),
        }
    }
    text
}

/// `UTF-8'language'percent-encoded`.
fn extended(said: &str) -> Option<String> {
    let (charset, rest) = said.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(high * 16 + low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_bytes(header.as_bytes()).unwrap());
        assert_eq!(disposition(&headers).as_deref(), expected, "{header}");
    }

    #[test]
    fn a_name_is_read_in_every_form() {
        check("attachment; filename=\"a.txt\"", Some("a.txt"));
        check("attachment; filename=a.txt", Some("a.txt"));
        check("attachment; filename=\"a;b \\\"c\\\".txt\"; x=y", Some("a;b \"c\".txt"));
        check("attachment; filename=\"plain.txt\"; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf", Some("合同.pdf"));
        check("attachment; filename*=utf-8'zh'%F0%A0%AE%B7.txt", Some("𠮷.txt"));
        check("attachment; filename=\"合同.pdf\"", Some("合同.pdf"));
        check("attachment; filename=\"C:\\Users\\a.txt\"", Some("C:\\Users\\a.txt"));
    }

    #[test]
    fn a_broken_name_is_none_or_the_plain_one() {
        check("attachment", None);
        check("attachment; filename*=UTF-8''%E5%90", None);
        check("attachment; filename*=UTF-8''%zz; filename=b.txt", Some("b.txt"));
        check("attachment; filename*=GBK''%BA%CF; filename=c.txt", Some("c.txt"));
        check("attachment; filename=\"open", Some("open"));
    }
}
