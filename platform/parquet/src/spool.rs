//! A file that comes as a stream, put where any place of it can be read: on the disk, without a name, gone with its handle.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// A whole file.
pub(crate) struct Spool {
    pub(crate) file: File,
    pub(crate) length: u64,
}

impl Spool {
    /// Takes a stream to its end.
    pub(crate) fn of(mut stream: impl Read) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        let length = io::copy(&mut stream, &mut file)?;
        Ok(Self { file, length })
    }

    /// Up to `count` bytes from a place on; fewer at the end.
    pub(crate) fn piece(&self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        let count = count.min(self.length.saturating_sub(at));
        let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }
}
