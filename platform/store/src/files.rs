//! Files: the tenant's index of them, who holds each, and the store of their bytes.
//!
//! A file is a row of the index and a blob named by the SHA-256 of its bytes, in a folder of its tenant: equal bytes of one
//! tenant are kept once, tenants share nothing. A blob is published and its row written under one lock, and removed under
//! the same, so no row is ever without its bytes; a crash leaves at most bytes without a row, which `sweep` and `doctor` find.

pub(crate) mod blobs;
pub(crate) mod contract;
pub(crate) mod doctor;
pub(crate) mod held;
pub(crate) mod index;
pub(crate) mod staging;
pub(crate) mod sweep;

use crate::db::Kind;
use crate::{Dialect, StoreError};

/// Added to a tenant's lock key: who holds it publishes or removes blobs.
pub(crate) const LOCK: i64 = 16;

/// `expression in (the elements of an array argument)`, in a statement of our own.
pub(crate) fn among(dialect: Dialect, expression: &str, array: &str, kind: Kind) -> String {
    match (dialect, kind) {
        (Dialect::Postgres, _) => format!("{expression} = any({array})"),
        (Dialect::Sqlite, Kind::Id) => format!("{expression} in (select unhex(e.value) from json_each({array}) as e)"),
        (Dialect::Sqlite, _) => format!("{expression} in (select e.value from json_each({array}) as e)"),
    }
}

/// What a failure to read the bytes of a file of the index means.
pub(crate) fn unread(error: &object_store::Error) -> StoreError {
    if !matches!(error, object_store::Error::NotFound { .. }) {
        return told(error);
    }
    // Who asks is told that there is no such file; who runs the server must hear of it, and may ask `doctor`.
    tracing::error!(%error, "the bytes of a file are gone");
    StoreError::FileGone
}

/// What a failure of the store of bytes means.
pub(crate) fn told(error: &object_store::Error) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>()
            && matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        {
            return StoreError::Full;
        }
        cause = one.source();
    }
    match error {
        object_store::Error::NotFound { .. } => StoreError::Damaged("the bytes of a file are gone".to_owned()),
        _ => StoreError::Unavailable(format!("the store of files: {error}")),
    }
}
