//! What callers hand in and get back about files.

use tenon_model::{FieldIx, ObjectIx};
use tenon_value::{DateTime, RecordId, Uuid};

/// A file to be put into the index.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its id.
    pub id: Uuid,
    /// What it is called; cleaned by its door.
    pub name: String,
    /// Its media type; told from its bytes by its door.
    pub mime: String,
}

/// A file of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Who brought it: kind and id.
    pub by: (String, Uuid),
    /// When, in business time.
    pub at: DateTime,
    /// When, in machine time.
    pub clock: DateTime,
}

/// A record that holds a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHolder {
    /// The file.
    pub file: Uuid,
    /// Its object.
    pub object: ObjectIx,
    /// The field.
    pub field: FieldIx,
    /// The record.
    pub record: RecordId,
}

/// What a sweep has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that nobody held for long enough.
    pub files: u64,
    /// Blobs that no file is made of any more.
    pub blobs: u64,
    /// Left-overs of uploads that never ended.
    pub staged: u64,
}
