//! What callers hand to the store and get back, beside plans and records.

use tenon_model::{Layer, ModelVersion, Physical, Settings};
use tenon_query::Record;
use tenon_value::{DateTime, ElementId, Json, RecordId, TenantId, Value};

/// A tenant to be made.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its name in URLs.
    pub name: String,
    /// A sandbox.
    pub sandbox: bool,
    /// Its first settings.
    pub settings: Settings,
    /// When it came to be.
    pub created_at: DateTime,
}

/// A tenant as `system` knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantInfo {
    /// Its id.
    pub id: TenantId,
    /// Its name in URLs.
    pub name: String,
    /// A sandbox.
    pub sandbox: bool,
    /// When it came to be.
    pub created_at: DateTime,
    /// Whether it may be used.
    pub state: TenantState,
}

/// Whether a tenant may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantState {
    /// Being made or removed; a later start finishes that.
    Pending,
    /// In use.
    Active,
}

/// The metadata of a tenant as stored.
#[derive(Clone, Debug)]
pub struct MetadataRows {
    /// Which version.
    pub version: ModelVersion,
    /// Settings.
    pub settings: Settings,
    /// Elements by layer, in the order in which the packages came; `tenant` last.
    pub layers: Vec<Layer>,
    /// Physical names.
    pub physical: Physical,
}

/// What a new physical name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhysicalKind {
    /// A table of an object, `o_…`.
    Object,
    /// A table of a many-to-many relation, `l_…`.
    Link,
    /// The column stem of a field or relation, `f_…`.
    Field,
    /// An index, `u_…`.
    Index,
}

/// How rows are locked when loaded. SQLite has one writer: nothing to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Not at all.
    None,
    /// They may be referred to: nobody deletes them meanwhile.
    KeyShare,
    /// They will be written.
    Update,
}

/// One row to write. The store sets what every write sets: on insert `version` 1, `created_*`, `updated_*`; on update
/// `version` of the old image + 1, `updated_*`.
#[derive(Clone, Debug)]
pub enum RowWrite {
    /// A new record.
    Insert(Record),
    /// A changed one; the old image's version must still be the stored one.
    Update {
        /// As loaded.
        old: Record,
        /// As it is to be.
        new: Record,
    },
    /// Gone for good, with its history, external ids and links.
    Destroy(Record),
}

/// One link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRow {
    /// Id at the declaring end.
    pub source: RecordId,
    /// Id at the other end.
    pub target: RecordId,
    /// One value per attribute of the link.
    pub attributes: Vec<Value>,
}

/// A stored answer to a mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// SHA-256 of the request's body.
    pub body_hash: [u8; 32],
    /// The bytes answered.
    pub response: Vec<u8>,
    /// When.
    pub at: DateTime,
}

/// One save, for those who follow changes. Who, when and through which door come from the context.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxEntry {
    /// `created`, `updated`, `deleted`, `restored`, `destroyed`.
    pub word: &'static str,
    /// The object.
    pub object: ElementId,
    /// Records with the version each has now.
    pub records: Vec<(RecordId, i64)>,
    /// API names of the fields that changed.
    pub changed: Vec<String>,
}

/// An outbox row as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: DateTime,
    /// What: `type`, `object`, `records`, `changed`, `via`, `by`.
    pub payload: Json,
}

/// Something `doctor` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `drift/missing-column`, `orphan/reference`.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// How many rows are concerned.
    pub rows: u64,
    /// What to do.
    pub help: String,
    /// True where `fix` does it safely.
    pub fixable: bool,
}
