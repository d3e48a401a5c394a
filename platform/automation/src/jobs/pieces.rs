//! What a job works on, read as one file: pieces of the store, each base64 text, one after the other.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenon_store::Store;
use tenon_value::{TenantId, Uuid};
use tokio::runtime::Handle;

/// The pieces of a job's own file.
pub const DATA: &str = "data";
/// Bytes of one piece.
pub const PIECE_BYTES: usize = 512 * 1024;
/// Pieces fetched at once.
const AHEAD: u32 = 2;

/// A piece as it is stored.
#[must_use]
pub fn piece(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a piece as it is stored.
///
/// # Errors
/// Where it is no such piece.
pub fn unpiece(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(text)
}

/// Reads a job's file, on a thread that may block.
pub(super) struct Pieces {
    pub(super) store: Store,
    pub(super) tenant: TenantId,
    pub(super) job: Uuid,
    pub(super) runtime: Handle,
    pub(super) next: i64,
    pub(super) waiting: std::vec::IntoIter<(i64, String)>,
    pub(super) bytes: io::Cursor<Vec<u8>>,
}

impl Pieces {
    pub(super) fn new(store: Store, (tenant, job): (TenantId, Uuid)) -> Self {
        Self { store, tenant, job, runtime: Handle::current(), next: 0, waiting: Vec::new().into_iter(), bytes: io::Cursor::default() }
    }

    /// Goes on to the next piece; false at the end.
    fn turn(&mut self) -> io::Result<bool> {
        if self.waiting.len() == 0 {
            let fetched = self.runtime.block_on(self.store.job_parts(self.tenant, self.job, (DATA, self.next), AHEAD));
            self.waiting = fetched.map_err(io::Error::other)?.into_iter();
        }
        let Some((number, text)) = self.waiting.next() else { return Ok(false) };
        self.next = number + 1;
        self.bytes = io::Cursor::new(unpiece(&text).map_err(io::Error::other)?);
        Ok(true)
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.bytes.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.turn()? {
                return Ok(count);
            }
        }
    }
}
