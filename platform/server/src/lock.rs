//! One process owns a data directory: it holds a lock on the file `lock` in it.

use std::fs::{File, TryLockError};
use std::path::Path;

/// The ownership of a data directory, until dropped.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Why a directory cannot be owned.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process owns it.
    #[error("another process is using this data directory")]
    Taken,
    /// The directory cannot be made or written.
    #[error("the data directory cannot be used")]
    Io(#[from] std::io::Error),
}

impl DataLock {
    /// Takes a directory, making it where it is missing.
    ///
    /// # Errors
    /// `Taken` where another process has it, `Io` where it cannot be written.
    pub fn take(data: &Path) -> Result<Self, LockError> {
        std::fs::create_dir_all(data)?;
        let file = File::options().create(true).truncate(false).write(true).open(data.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}
