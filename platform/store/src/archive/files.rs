//! The bytes of files in an archive: after all rows, a line for each blob and lines of its pieces, in base64.
//!
//! They are read after the snapshot has ended: a blob never changes, and one that a sweep has removed meanwhile belongs to a
//! file nobody holds any more. Such a one is named as lost, as is one that was lost before. Invariant: bytes get a name only
//! under the digest that was computed of them here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::TryStreamExt;
use serde_json::json;
use tenon_value::{Json, TenantId, Value};

use super::line::{Reader, Writer};
use super::{ArchiveReport, ROWS_AT_ONCE};
use crate::StoreError;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::files::blobs::Blobs;
use crate::tenant::numbered;

/// Blobs by their digest, with their size.
pub(super) type Named = Vec<(String, u64)>;

/// What the rows of files are made of.
pub(super) async fn named(conn: &mut Conn, schema: &str) -> Result<Named, Fault> {
    let sql = format!(
        "select distinct f.\"sha256\", f.\"size\" from \"{schema}\".\"file\" as f where f.\"sha256\" > $1 order by f.\"sha256\" limit {ROWS_AT_ONCE}"
    );
    let sql = numbered(&sql, conn);
    let mut found = Named::new();
    loop {
        let after = found.last().map_or("", |(sha256, _)| sha256.as_str());
        let rows = conn.fetch(&sql, &[Arg::text(after)], &[Shape::Text, Shape::Int]).await?;
        let blob = |row: &Vec<Value>| Some((row.first()?.as_text()?.to_owned(), u64::try_from(row.get(1)?.as_int()?).ok()?));
        found.extend(rows.iter().filter_map(blob));
        if rows.len() < ROWS_AT_ONCE {
            return Ok(found);
        }
    }
}

/// Writes them, a piece at a time.
pub(super) async fn take_out(
    blobs: &Blobs,
    tenant: TenantId,
    named: &Named,
    writer: &mut Writer<'_>,
    report: &mut ArchiveReport,
) -> Result<(), StoreError> {
    for (sha256, size) in named {
        let mut pieces = std::pin::pin!(blobs.read(tenant, sha256, 0..*size));
        // The first piece tells whether it is there; none of an empty file.
        let first = match pieces.try_next().await {
            Err(StoreError::FileGone) => {
                report.blobs_lost += 1;
                writer.put(&json!({ "blob": sha256, "lost": true }))?;
                continue;
            }
            first => first?,
        };
        writer.put(&json!({ "blob": sha256, "size": size }))?;
        let mut piece = first;
        while let Some(bytes) = piece {
            writer.put(&Json::from(STANDARD.encode(&bytes)))?;
            piece = pieces.try_next().await?;
        }
        report.blobs += 1;
    }
    Ok(())
}

/// Reads the pieces of the blob that `line` names, and publishes it.
pub(super) async fn bring_in(
    blobs: &Blobs,
    tenant: TenantId,
    line: &Json,
    reader: &mut Reader<'_>,
    report: &mut ArchiveReport,
) -> Result<(), StoreError> {
    if line.get("lost").is_some() {
        report.blobs_lost += 1;
        return Ok(());
    }
    let size = line.get("size").and_then(Json::as_u64).ok_or_else(|| reader.wrong("names bytes without their size"))?;
    let mut staging = blobs.stage(tenant).await?;
    while staging.size() < size {
        let piece = reader.next()?;
        let bytes = piece.as_ref().and_then(Json::as_str).and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty());
        staging.write(Bytes::from(bytes.ok_or_else(|| reader.wrong("is no piece of a file"))?)).await?;
    }
    let staged = staging.finish().await?;
    if staged.size() != size || line.get("blob").and_then(Json::as_str) != Some(staged.sha256.as_str()) {
        return Err(reader.wrong("ends a file that is not what was taken out"));
    }
    blobs.publish(tenant, &staged.path, &staged.sha256).await?;
    report.blobs += 1;
    Ok(())
}
