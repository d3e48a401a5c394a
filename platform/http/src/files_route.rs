//! `GET│HEAD /t/{tenant}/files/{id}` and `…/thumb?w=`: who may see a record and its field gets the file it holds; who has a
//! signed link gets that one.
//!
//! Bytes of strangers are never a page of ours: they are saved, unless their type is one that can do nothing, and even
//! then without scripts, frames or an origin (`Content-Security-Policy: sandbox`).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use tenon_access::Policy;
use tenon_context::Via;
use tenon_diagnostics::{Kind, Problem};
use tenon_files::{Opens, THUMBNAIL_BYTES_MAX, Undrawable, disposition, draw, is_drawn, is_shown_inline, width};
use tenon_store::StoredFile;
use tenon_value::TenantId;
use tokio::sync::Semaphore;

use crate::call::Call;
use crate::etag;
use crate::ranges::{Wanted, wanted};
use crate::respond::{problem, problem_of};

/// Thumbnails drawn at once (`thumbnails`); others wait.
pub(crate) const DRAWN_AT_ONCE: usize = 2;
static DRAWING: Semaphore = Semaphore::const_new(DRAWN_AT_ONCE);

/// The width of a thumbnail unless said otherwise.
const WIDTH: u32 = 256;
/// Seconds for which a browser need not ask again for what a link opens.
const LINK_KEPT: i64 = 300;
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// A file that may be given out.
struct Found {
    tenant: TenantId,
    file: StoredFile,
    /// Seconds for which the link still holds, where it came by one.
    left: Option<i64>,
}

/// Gives a file out.
pub(crate) async fn fetch(call: Call) -> Response {
    let opens = if call.parameter("download").as_deref() == Some("1") { Opens::Saved } else { Opens::Shown };
    match find(&call, opens).await {
        Ok(found) => answer(&call, &found, opens).await.unwrap_or_else(|wrong| problem(&wrong, &call.arrival)),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// Gives a thumbnail out, drawn at the first call.
pub(crate) async fn thumbnail(call: Call) -> Response {
    let drawn = async {
        let wanted = call.parameter("w").map_or(Ok(WIDTH), |text| text.parse().map_err(|_| wrong_width()))?;
        let width = width(wanted);
        let found = find(&call, Opens::Thumbnail(width)).await?;
        let tag = tag(&format!("{}-{width}", found.file.sha256));
        if etag::is_known(&call.headers, &tag) {
            return Ok(unchanged(tag, &found));
        }
        let bytes = small(&call, &found, width).await?;
        let mime = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
        let mut response = Body::from(bytes).into_response();
        dress(response.headers_mut(), tag, &found);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
        Ok(response)
    };
    drawn.await.unwrap_or_else(|wrong: Problem| problem(&wrong, &call.arrival))
}

fn wrong_width() -> Problem {
    Problem::invalid("type", "`w` is a whole number", "`w` 应为整数")
}

/// The file, if who calls may have it. By a signature: in this tenant, this file, this way, and not for ever.
async fn find(call: &Call, opens: Opens) -> Result<Found, Problem> {
    let told = |error: &tenon_store::StoreError| problem_of(error, &call.arrival);
    let missing = || Problem::of_kind(Kind::NotFound);
    if let Some(signature) = call.parameter("sig") {
        call.check_taken()?;
        let stranger = || Problem::of_kind(Kind::Unauthenticated);
        let (file, until) = (call.id().map_err(|_| stranger())?, call.parameter("exp").and_then(|text| text.parse::<i64>().ok()));
        let tenant = call.app.store.tenant(call.part("tenant")).await.map_err(|error| told(&error))?.ok_or_else(stranger)?.id;
        let now = call.app.store.machine_time().millis() / 1_000;
        let until = until.filter(|until| call.app.links.holds(tenant, file, opens, (*until, now), &signature)).ok_or_else(stranger)?;
        let file = call.app.store.files(tenant, &[file]).await.map_err(|error| told(&error))?.pop().ok_or_else(missing)?;
        return Ok(Found { tenant, file, left: Some(until.saturating_sub(now)) });
    }
    let cx = call.context(Via::Graphql).await?;
    let id = call.id()?;
    let policy = Policy::resolve(&cx.model, &cx.principal);
    let mut seen = tenon_records::files::seen(&call.app.store, &cx, &policy, &[id]).await.map_err(|error| told(&error))?;
    let file = seen.remove(&id).ok_or_else(missing)?;
    Ok(Found { tenant: cx.model.tenant, file, left: None })
}

fn tag(text: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What every answer with bytes of a stranger says.
fn dress(headers: &mut HeaderMap, tag: HeaderValue, found: &Found) {
    headers.insert(header::ETAG, tag);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(left) = found.left
        && let Ok(value) = HeaderValue::from_str(&format!("private, max-age={}", left.clamp(0, LINK_KEPT)))
    {
        headers.insert(header::CACHE_CONTROL, value);
    }
}

fn unchanged(tag: HeaderValue, found: &Found) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    dress(response.headers_mut(), tag, found);
    response
}

async fn answer(call: &Call, found: &Found, opens: Opens) -> Result<Response, Problem> {
    let file = &found.file;
    let tag = tag(&file.sha256);
    if etag::is_known(&call.headers, &tag) {
        return Ok(unchanged(tag, found));
    }
    let (status, range) = match wanted(&call.headers, file.size, &tag) {
        Wanted::Whole => (StatusCode::OK, 0..file.size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Beyond => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            dress(response.headers_mut(), tag, found);
            say(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", file.size));
            return Ok(response);
        }
    };
    // A head is answered as the whole would be: where the bytes are gone, the first of them tells.
    let asked = if call.is_head() { range.start..range.end.min(range.start.saturating_add(1)) } else { range.clone() };
    let read = bytes(call, found, asked).await?;
    let body = if call.is_head() { Body::empty() } else { read };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    dress(headers, tag, found);
    let inline = opens == Opens::Shown && is_shown_inline(&file.mime);
    let mime = if file.mime.starts_with("text/") { format!("{}; charset=utf-8", file.mime) } else { file.mime.clone() };
    say(headers, header::CONTENT_TYPE, &mime);
    say(headers, header::CONTENT_DISPOSITION, &disposition(&file.name, inline));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if status == StatusCode::PARTIAL_CONTENT {
        say(headers, header::CONTENT_RANGE, &format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.size));
    }
    Ok(response)
}

fn say(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The bytes, as they are read. The first piece is waited for: that they are gone is said with a status.
async fn bytes(call: &Call, found: &Found, range: std::ops::Range<u64>) -> Result<Body, Problem> {
    let mut pieces = Box::pin(call.app.store.file_read(found.tenant, &found.file, range));
    let first = match pieces.next().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(problem_of(&error, &call.arrival)),
        None => return Ok(Body::empty()),
    };
    Ok(Body::from_stream(stream::once(async move { Ok(first) }).chain(pieces)))
}

/// A thumbnail, kept from before or drawn now.
async fn small(call: &Call, found: &Found, width: u32) -> Result<Bytes, Problem> {
    let (store, file) = (&call.app.store, &found.file);
    let told = |error: &tenon_store::StoreError| problem_of(error, &call.arrival);
    if !is_drawn(&file.mime) {
        return Err(Problem::invalid(
            "file_type",
            "thumbnails are drawn of PNG, JPEG, GIF and WebP",
            "仅支持为 PNG、JPEG、GIF、WebP 生成缩略图",
        ));
    }
    if file.size > THUMBNAIL_BYTES_MAX {
        return Err(Problem::exhausted("thumbnail_bytes", THUMBNAIL_BYTES_MAX, file.size));
    }
    if let Some(kept) = store.file_thumbnail(found.tenant, file, width).await.map_err(|error| told(&error))? {
        return Ok(kept);
    }
    let turn = tokio::time::timeout_at(call.arrival.deadline.into(), DRAWING.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or_else(|| Problem::of_kind(Kind::Unavailable))?;
    let picture = store.file_picture(found.tenant, file).await.map_err(|error| told(&error))?;
    let mime = file.mime.clone();
    let drawn = tokio::task::spawn_blocking(move || draw(picture, &mime, width)).await;
    let drawn = drawn.map_err(|_| Problem::of_kind(Kind::Internal))?.map_err(|undrawable| match undrawable {
        Undrawable::TooLarge => {
            Problem::invalid("file_too_large_to_draw", "the picture has too many dots for a thumbnail", "图片尺寸过大,无法生成缩略图")
        }
        Undrawable::Broken(_) => Problem::invalid("file_broken", "the picture cannot be read", "无法读取该图片"),
    })?;
    let bytes = Bytes::from(drawn.bytes);
    if let Err(error) = store.file_thumbnail_keep(found.tenant, file, width, bytes.clone()).await {
        tracing::warn!(%error, "a thumbnail is not kept");
    }
    Ok(bytes)
}
