//! Small JSON bodies of the doors to members, sessions and keys.

use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tenon_diagnostics::Problem;

use crate::call::Call;
use crate::negotiate::is_json;

/// Bytes of such a body, inflated (`form_bytes`).
pub(crate) const FORM_BYTES_MAX: usize = 16 * 1024;

/// Reads a body; unknown members are refused, so that a misspelt one is not overlooked.
pub(crate) fn read<T: DeserializeOwned>(call: &Call, body: Result<Bytes, BytesRejection>) -> Result<T, Problem> {
    if !is_json(&call.headers) || call.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::invalid("content_type", "send `Content-Type: application/json`", "请使用 `Content-Type: application/json`"));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let max = u64::try_from(FORM_BYTES_MAX).unwrap_or(u64::MAX);
            Problem::exhausted("form_bytes", max, max + 1)
        }
        _ => Problem::invalid("body", "the body could not be read", "无法读取请求体"),
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        // Where and what kind of mistake; never the text itself, which may be a password.
        let place = format!("line {}, column {}", error.line(), error.column());
        let unknown = error.to_string();
        match unknown.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`')) {
            Some((name, _)) if name.len() <= 40 => {
                Problem::invalid("body", format!("the body has no `{name}` ({place})"), format!("请求体不支持 `{name}`({place})"))
            }
            _ => Problem::invalid(
                "body",
                format!("the body is not the JSON object of this door ({place})"),
                format!("请求体不是此接口的 JSON 对象({place})"),
            ),
        }
    })
}
