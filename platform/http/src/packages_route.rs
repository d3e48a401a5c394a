//! Files of packages: `/t/{tenant}/packages`. What is done with them afterwards is the metadata API's.

use axum::Json as JsonBody;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use tenon_context::Via;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_packages::{BUNDLE_BYTES_MAX, PackagesError};

use crate::call::Call;
use crate::respond::problem;

/// What is sent: the file itself.
const MEDIA: &str = "application/vnd.tenon.package";

fn told(error: &PackagesError) -> Problem {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        tracing::error!(%error, "package request failed");
    }
    error.problem()
}

/// `POST /packages`: takes a `.tenon` file in. Nothing of it is in force by that.
pub(crate) async fn upload(call: Call, bytes: Result<Bytes, BytesRejection>) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let media = call.headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
        if ![MEDIA, "application/octet-stream"].contains(&media) || call.headers.contains_key(header::CONTENT_ENCODING) {
            let english = format!("send the file as it is, with `Content-Type: {MEDIA}`");
            return Err(Problem::invalid("content_type", english, format!("请以 `Content-Type: {MEDIA}` 直接发送文件")));
        }
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let max = u64::try_from(BUNDLE_BYTES_MAX).unwrap_or(u64::MAX);
                Problem::exhausted("package_bytes", max, max + 1)
            }
            _ => Problem::invalid("body", "the body could not be read", "无法读取请求体"),
        })?;
        call.app.metadata.packages().upload(&context, bytes.to_vec()).await.map_err(|error| told(&error))
    };
    match Box::pin(done).await {
        Ok(stored) => {
            let answer = json!({
                "package": stored.package,
                "version": stored.version,
                "digest": stored.digest,
                "bytes": stored.bytes,
                "publisher": stored.publisher,
                "signedBy": stored.signed_by,
            });
            (StatusCode::CREATED, JsonBody(answer)).into_response()
        }
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

/// `DELETE /packages/{package}/{version}`: forgets a version that is not in use.
pub(crate) async fn remove(call: Call) -> Response {
    let done = async {
        let context = call.context(Via::Graphql).await?;
        let packages = call.app.metadata.packages();
        packages.forget_version(&context, call.part("package"), call.part("version")).await.map_err(|error| told(&error))
    };
    match Box::pin(done).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}
