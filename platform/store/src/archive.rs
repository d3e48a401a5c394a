//! A whole tenant as a stream of lines: taken out of one installation, brought into another, on either database.
//!
//! The first line says what it is, the last one counts and seals what stood between, so that half an archive is never
//! taken for a whole one. Between them each table names its columns, and its rows follow; then come the bytes of files.
//! Invariants: what is taken out is one snapshot; a secret leaves only under a key of the archive's own; what is brought in is
//! a tenant only when all of it is there.

mod bring_in;
mod cell;
mod files;
mod line;
pub(crate) mod table;
mod take_out;

use tenon_model::Model;
use tenon_value::{DateTime, TenantId};

use crate::MetadataRows;

/// How archives call themselves; another number is another format.
pub(crate) const FORMAT: &str = "tenon/tenant-archive/v1";
/// Rows read or written at once.
pub(crate) const ROWS_AT_ONCE: usize = 500;
/// Bytes of one line at most: a record of long texts, never a file without an end.
pub const ARCHIVE_LINE_MAX: usize = 64 * 1024 * 1024;

/// What of a tenant is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveContent {
    /// Objects, fields, views, roles, settings: no record and nobody.
    Metadata,
    /// Everything.
    All,
}

/// How a tenant is taken out.
#[derive(Clone, Debug)]
pub struct ArchiveOut {
    /// What of it.
    pub content: ArchiveContent,
    /// Secrets (secret fields, second factors, secrets of identity providers and packages) are sealed under this key; without one they stay behind.
    pub secrets: Option<[u8; 32]>,
}

/// How a tenant is brought in.
#[derive(Clone, Debug)]
pub struct ArchiveIn {
    /// Its name here; that of the archive where none is given.
    pub name: Option<String>,
    /// As another tenant with an id of its own: without sessions, keys and the audit chain, which are the first one's.
    pub anew: bool,
    /// Whether it is a sandbox here; as in the archive where nothing is said.
    pub sandbox: Option<bool>,
    /// The key of the archive's secrets; without it secrets are empty.
    pub secrets: Option<[u8; 32]>,
    /// When it came to be here, for one made anew.
    pub created_at: DateTime,
}

/// What was taken out or brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Tables.
    pub tables: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Secrets that came along.
    pub secrets: u64,
    /// Secrets that did not: to be entered anew.
    pub secrets_left: u64,
    /// Bytes of files, equal ones once.
    pub blobs: u64,
    /// Those that were not there.
    pub blobs_lost: u64,
}

/// Makes the model of rows of metadata, which is above the store.
pub type Assemble<'a> = &'a (dyn Fn(TenantId, &MetadataRows) -> Option<Model> + Send + Sync);
