//! The store of bytes: a directory today, through `object_store`, so that another kind of store is a line of configuration.
//!
//! `<tenant>/blobs/ab/abcd…` the bytes · `<tenant>/thumbs/<sha256>/<width>` what was drawn of them · `<tenant>/staging/` uploads
//! under way. Every write ends with fsync of file and folder.

use std::io::{BufRead, BufReader, Cursor, Seek};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use tenon_value::{TenantId, Uuid};

use super::staging::Staging;
use super::{told, unread};
use crate::StoreError;

/// Bytes read at a time.
const CHUNK: u64 = 256 * 1024;

/// A picture as its decoder wants it.
pub trait Picture: BufRead + Seek + Send {}
impl<T: BufRead + Seek + Send> Picture for T {}

/// The store of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Blobs {
    pub(super) objects: Arc<dyn ObjectStore>,
    root: PathBuf,
}

fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the folder of files: {error}"))
}

pub(super) fn blob(tenant: TenantId, sha256: &str) -> Path {
    let shelf = sha256.get(..2).unwrap_or(sha256);
    Path::from(format!("{tenant}/blobs/{shelf}/{sha256}"))
}

fn thumbs(tenant: TenantId, sha256: &str) -> Path {
    Path::from(format!("{tenant}/thumbs/{sha256}"))
}

impl Blobs {
    /// Opens a directory, made where it is missing.
    pub(crate) fn open(root: &FsPath) -> Result<Self, StoreError> {
        std::fs::create_dir_all(root).map_err(|error| unavailable(&error))?;
        let objects = LocalFileSystem::new_with_prefix(root).map_err(|error| told(&error))?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), root: root.to_owned() })
    }

    /// Begins an upload.
    pub(crate) async fn stage(&self, tenant: TenantId) -> Result<Staging, StoreError> {
        let path = Path::from(format!("{tenant}/staging/{}", Uuid::now_v7()));
        let upload = self.objects.put_multipart(&path).await.map_err(|error| told(&error))?;
        Ok(Staging::new(upload, path))
    }

    /// Gives staged bytes their name. What had that name had the same bytes.
    pub(crate) async fn publish(&self, tenant: TenantId, staged: &Path, sha256: &str) -> Result<(), StoreError> {
        self.objects.rename(staged, &blob(tenant, sha256)).await.map_err(|error| told(&error))
    }

    pub(super) async fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.objects.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(told(&error)),
        }
    }

    /// Removes bytes, and what was drawn of them.
    pub(super) async fn forget(&self, tenant: TenantId, sha256: &str) -> Result<(), StoreError> {
        self.remove(&blob(tenant, sha256)).await?;
        let drawn: Vec<Path> = self.names(&thumbs(tenant, sha256)).await?;
        for path in drawn {
            self.remove(&path).await?;
        }
        Ok(())
    }

    pub(super) async fn names(&self, below: &Path) -> Result<Vec<Path>, StoreError> {
        let listed = self.objects.list(Some(below)).map_ok(|meta| meta.location).try_collect().await;
        listed.map_err(|error| told(&error))
    }

    /// All blobs of a tenant by their names.
    pub(super) async fn all(&self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        let names = self.names(&Path::from(format!("{tenant}/blobs"))).await?;
        Ok(names.iter().filter_map(|path| path.filename()).map(str::to_owned).collect())
    }

    /// Bytes of a blob, a piece at a time.
    pub(crate) fn read(&self, tenant: TenantId, sha256: &str, range: Range<u64>) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
        let (objects, path) = (Arc::clone(&self.objects), blob(tenant, sha256));
        stream::try_unfold(range, move |left| {
            let (objects, path) = (Arc::clone(&objects), path.clone());
            async move {
                if left.is_empty() {
                    return Ok(None);
                }
                let end = left.end.min(left.start.saturating_add(CHUNK));
                let piece = objects.get_range(&path, left.start..end).await.map_err(|error| unread(&error))?;
                Ok(Some((piece, end..left.end)))
            }
        })
        .fuse()
    }

    /// A blob for a decoder that goes back and forth in it.
    pub(crate) async fn picture(&self, tenant: TenantId, sha256: &str) -> Result<Box<dyn Picture>, StoreError> {
        let found = self.objects.get(&blob(tenant, sha256)).await.map_err(|error| unread(&error))?;
        Ok(match found.payload {
            GetResultPayload::File(file, _) => Box::new(BufReader::new(file)),
            GetResultPayload::Stream(_) => Box::new(Cursor::new(found.bytes().await.map_err(|error| told(&error))?)),
        })
    }

    /// What was drawn of a blob before.
    pub(crate) async fn thumbnail(&self, tenant: TenantId, sha256: &str, width: u32) -> Result<Option<Bytes>, StoreError> {
        match self.objects.get(&thumbs(tenant, sha256).join(width.to_string())).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(|error| told(&error))?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(&error)),
        }
    }

    /// Keeps what was drawn.
    pub(crate) async fn keep_thumbnail(&self, tenant: TenantId, sha256: &str, width: u32, bytes: Bytes) -> Result<(), StoreError> {
        let put = self.objects.put(&thumbs(tenant, sha256).join(width.to_string()), bytes.into()).await;
        put.map(|_| ()).map_err(|error| told(&error))
    }

    /// Removes uploads that have not been written to for so long; how many. A crash leaves them under names that a list of
    /// objects does not show.
    pub(super) fn clear_staging(&self, tenant: TenantId, now: SystemTime, kept: Duration) -> Result<u64, StoreError> {
        let entries = match std::fs::read_dir(self.root.join(tenant.to_string()).join("staging")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(unavailable(&error)),
        };
        let mut cleared = 0;
        for entry in entries {
            let entry = entry.map_err(|error| unavailable(&error))?;
            let Ok(written) = entry.metadata().and_then(|meta| meta.modified()) else { continue };
            if now.duration_since(written).is_ok_and(|age| age >= kept) && std::fs::remove_file(entry.path()).is_ok() {
                cleared += 1;
            }
        }
        Ok(cleared)
    }

    /// When a blob was published.
    pub(crate) async fn published(&self, tenant: TenantId, sha256: &str) -> Result<Option<i64>, StoreError> {
        match self.objects.head(&blob(tenant, sha256)).await {
            Ok(meta) => Ok(Some(meta.last_modified.timestamp_millis())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(&error)),
        }
    }

    /// Removes everything of a tenant.
    pub(crate) fn remove_tenant(&self, tenant: TenantId) -> Result<(), StoreError> {
        match std::fs::remove_dir_all(self.root.join(tenant.to_string())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unavailable(&error)),
            _ => Ok(()),
        }
    }
}
