//! The lines of an archive, and the digest over them.

use std::io::{BufRead, Read, Write};

use serde_json::json;
use sha2::{Digest, Sha256};
use tenon_value::{Json, TenantId};

use super::{ARCHIVE_LINE_MAX, ArchiveReport, FORMAT};
use crate::ddl::fixtures;
use crate::{StoreError, TenantInfo};

/// Writes lines.
pub(crate) struct Writer<'w> {
    sink: &'w mut (dyn Write + Send),
    digest: Sha256,
}

impl<'w> Writer<'w> {
    pub(crate) fn new(sink: &'w mut (dyn Write + Send)) -> Self {
        Self { sink, digest: Sha256::new() }
    }

    pub(crate) fn put(&mut self, line: &Json) -> Result<(), StoreError> {
        let mut text = line.to_string();
        text.push('\n');
        self.digest.update(&text);
        self.sink.write_all(text.as_bytes()).map_err(|error| not_written(&error))
    }

    /// The last line: how much there was, and the digest of all before it.
    pub(crate) fn end(self, report: &ArchiveReport) -> Result<(), StoreError> {
        let hash = hex::encode(self.digest.finalize());
        let line = json!({ "end": { "tables": report.tables, "rows": report.rows, "blobs": report.blobs, "sha256": hash } });
        writeln!(self.sink, "{line}").and_then(|()| self.sink.flush()).map_err(|error| not_written(&error))
    }
}

fn not_written(error: &std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::StorageFull { StoreError::Full } else { StoreError::Unavailable(error.to_string()) }
}

/// Reads lines, counting them.
pub(crate) struct Reader<'r> {
    source: &'r mut (dyn BufRead + Send),
    digest: Sha256,
    number: u64,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(source: &'r mut (dyn BufRead + Send)) -> Self {
        Self { source, digest: Sha256::new(), number: 0 }
    }

    /// An error at the line that was read last.
    pub(crate) fn wrong(&self, message: impl Into<String>) -> StoreError {
        StoreError::Archive { line: self.number, message: message.into() }
    }

    /// The next line; none at the end of the source.
    pub(crate) fn next(&mut self) -> Result<Option<Json>, StoreError> {
        let mut text = String::new();
        self.number += 1;
        let bound = u64::try_from(ARCHIVE_LINE_MAX).unwrap_or(u64::MAX);
        let count = Read::take(&mut *self.source, bound).read_line(&mut text);
        let count = count.map_err(|error| self.wrong(format!("cannot be read: {error}")))?;
        if count == 0 {
            return Ok(None);
        }
        if !text.ends_with('\n') {
            return Err(self.wrong("the line does not end"));
        }
        let line: Json = serde_json::from_str(&text).map_err(|error| self.wrong(format!("is no JSON: {error}")))?;
        if line.get("end").is_none() {
            self.digest.update(&text);
        }
        Ok(Some(line))
    }

    /// Whether the last line counts and seals what was read.
    pub(crate) fn close(mut self, end: &Json, report: &ArchiveReport) -> Result<(), StoreError> {
        let hash = hex::encode(std::mem::take(&mut self.digest).finalize());
        let said = |name: &str| end.get(name).and_then(Json::as_u64);
        if end.get("sha256").and_then(Json::as_str) != Some(hash.as_str())
            || said("tables") != Some(report.tables)
            || said("rows") != Some(report.rows)
            || said("blobs").unwrap_or_default() != report.blobs
        {
            return Err(self.wrong("the archive is not what was taken out"));
        }
        if self.next()?.is_some() {
            return Err(self.wrong("something follows the end"));
        }
        Ok(())
    }
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tenant: TenantInfo,
    /// The oldest build, by the version of its homes, that can read it.
    pub(crate) readable_by: u32,
    /// What signs the cursors of its lists, sealed like every secret.
    pub(crate) secret: Option<Json>,
}

impl Header {
    pub(crate) fn line(tenant: &TenantInfo, secret: Option<Json>) -> Json {
        json!({
            "format": FORMAT,
            "tenant": tenant.id.to_string(),
            "name": tenant.name,
            "sandbox": tenant.sandbox,
            "createdAt": tenant.created_at.to_string(),
            "home": fixtures::VERSION,
            "readableBy": fixtures::READABLE_BY,
            "secret": secret,
        })
    }

    pub(crate) fn read(line: &Json) -> Option<Self> {
        let text = |name: &str| line.get(name).and_then(Json::as_str);
        if text("format")? != FORMAT {
            return None;
        }
        let tenant = TenantInfo {
            id: TenantId(text("tenant")?.parse().ok()?),
            name: text("name")?.to_owned(),
            sandbox: line.get("sandbox")?.as_bool()?,
            created_at: text("createdAt")?.parse().ok()?,
            state: crate::TenantState::Pending,
        };
        Some(Self {
            tenant,
            readable_by: u32::try_from(line.get("readableBy")?.as_u64()?).ok()?,
            secret: line.get("secret").filter(|secret| secret.is_string()).cloned(),
        })
    }
}
