//! Where a file goes while it is made: bytes that wait to be taken away.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes written and not yet taken.
#[derive(Clone, Default)]
pub(crate) struct Sink {
    waiting: Arc<Mutex<Vec<u8>>>,
}

impl Sink {
    /// What was written since the last time.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
