//! Counts the bytes of a file as they are read, and stops where a row takes too many: a file that is one line ends there.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::source::RECORD_BYTES_MAX;

/// Counts bytes, and stops when a row takes too many of them.
pub(super) struct Guarded {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
    allowed: Arc<AtomicU64>,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.load(Ordering::Relaxed) > self.allowed.load(Ordering::Relaxed) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        Ok(count)
    }
}

/// Bytes read so far, for progress, and how many the next row may reach.
#[derive(Clone, Default)]
pub(super) struct Meter {
    read: Arc<AtomicU64>,
    allowed: Arc<AtomicU64>,
}

impl Meter {
    /// A file whose bytes are counted here.
    pub(super) fn guarded(&self, inner: Box<dyn Read + Send>) -> Guarded {
        Guarded { inner, read: Arc::clone(&self.read), allowed: Arc::clone(&self.allowed) }
    }

    /// Bytes read so far.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// No row is bounded from now on.
    pub(super) fn unbounded(&self) {
        self.allowed.store(u64::MAX, Ordering::Relaxed);
    }

    /// The next row begins: it may take [`RECORD_BYTES_MAX`].
    pub(super) fn next_row(&self) {
        // One buffer may have been read ahead of the row.
        self.allowed.store(self.read.load(Ordering::Relaxed) + RECORD_BYTES_MAX, Ordering::Relaxed);
    }
}
