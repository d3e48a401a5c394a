//! An upload under way: written as it comes, hashed on the way, never whole in memory.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload};
use sha2::{Digest, Sha256};

use super::told;
use crate::StoreError;

/// Bytes gathered before they are written.
const PART: usize = 1024 * 1024;
/// The first bytes, from which a type is told.
const HEAD: usize = 8 * 1024;

/// An upload under way. Dropped before its end it leaves nothing.
#[derive(Debug)]
pub struct Staging {
    upload: Box<dyn MultipartUpload>,
    path: Path,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    head: Vec<u8>,
    hasher: Sha256,
    size: u64,
}

/// An upload that has come whole, and has no name yet.
#[derive(Debug)]
pub struct Staged {
    pub(crate) path: Path,
    /// The SHA-256 of its bytes.
    pub(crate) sha256: String,
    size: u64,
    head: Vec<u8>,
}

impl Staging {
    pub(super) fn new(upload: Box<dyn MultipartUpload>, path: Path) -> Self {
        Self { upload, path, waiting: Vec::new(), waiting_bytes: 0, head: Vec::new(), hasher: Sha256::new(), size: 0 }
    }

    /// How many bytes have come.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes some bytes.
    ///
    /// # Errors
    /// `Full`, `Unavailable`.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.hasher.update(&bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        self.waiting_bytes += bytes.len();
        self.waiting.push(bytes);
        if self.waiting_bytes >= PART { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.waiting_bytes = 0;
        let part: PutPayload = std::mem::take(&mut self.waiting).into_iter().collect();
        self.upload.put_part(part).await.map_err(|error| told(&error))
    }

    /// All has come: what is written is on disk.
    ///
    /// # Errors
    /// `Full`, `Unavailable`.
    pub async fn finish(mut self) -> Result<Staged, StoreError> {
        self.flush().await?;
        self.upload.complete().await.map_err(|error| told(&error))?;
        Ok(Staged { path: self.path, sha256: hex::encode(self.hasher.finalize()), size: self.size, head: self.head })
    }
}

impl Staged {
    /// Its first bytes.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}
