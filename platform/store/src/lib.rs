//! The only crate that knows a database: plans become SQL here, and rows become values.
//!
//! Floor 5. [`Store::prepare`] lowers a plan once (`lower`), [`Store::read`] runs it (`run`), [`Tx`] writes (`tx`),
//! [`MetadataTx`] changes metadata and shape (`metadata`, `ddl`); `db` stands between SQL text and the drivers.
//! Invariants: a statement names an object only through an `AuthorizedTable`, with its row policy; no statement
//! names two tenants; one mutation is one transaction; what is acknowledged is on disk.

mod archive;
mod audit;
mod cells;
mod clock;
mod config;
mod contract;
mod credentials;
mod db;
mod ddl;
mod doctor;
mod documents;
mod error;
mod federation;
mod files;
mod home;
mod idempotency;
mod jobs;
mod json;
mod links;
mod lower;
mod metadata;
mod meter;
mod package_values;
mod packages;
mod prepared;
mod quota;
mod relay;
mod run;
mod schema_usage;
mod seal;
mod shaping;
mod snapshot;
mod store;
mod system;
mod tables;
mod tenant;
mod tx;
mod usage;
mod wire;

pub use archive::{ARCHIVE_LINE_MAX, ArchiveContent, ArchiveIn, ArchiveOut, ArchiveReport, Assemble};
pub use audit::{
    AuditBreak, AuditBy, AuditEntry, AuditFilter, AuditKind, AuditNote, AuditNotes, AuditOrder, AuditReport, Erased, Sealed, record_json,
};
pub use cells::{Cell, MAIN_CELL, Moved};
pub use config::{
    Database, Dialect, FILE_BYTES_MAX, GROUPS_MAX, GROUPS_SCANNED_MAX, IDEMPOTENCY_KEPT, MOVE_STOP_MAX, READERS_MAX, READING_CONNECTIONS,
    ROWS_MAX, SHARED_CONNECTIONS, StoreConfig, StoreLimits, TREE_DEPTH_MAX, WRITER_QUEUE_MAX,
};
pub use contract::{
    Finding, IdempotencyRow, LinkRow, Lock, MetadataRows, NewTenant, OutboxEntry, OutboxRow, PhysicalKind, RowWrite, TenantInfo,
    TenantState,
};
pub use credentials::contract::{MemberState, StoredKey, StoredMember, StoredSession, StoredTicket, StoredTotp, TicketPurpose};
pub use credentials::law::EPOCH_LEASE;
pub use documents::{DOCUMENTS_MAX, StoredDocument};
pub use error::StoreError;
pub use federation::contract::{MembershipChange, ScimKind, StoredProvider, StoredScim};
pub use files::blobs::Picture;
pub use files::contract::{FileHolder, NewFile, StoredFile, Swept};
pub use files::staging::{Staged, Staging};
pub use files::sweep::{FILE_LET_GO_KEPT, FILE_STAGED_KEPT, FILE_UNTAKEN_KEPT};
pub use home::HomeVersion;
pub use jobs::contract::{JobAsk, JobBy, JobEnd, JobLease, JobProgress, JobState, NewJob, StoredJob};
pub use jobs::looking::JobFilter;
pub use jobs::moves::move_key;
pub use jobs::{JOB_DAYS, JOBS_WAITING_MAX, PLUGIN_JOBS_MAX};
pub use links::{LinkSide, LinkState, StoredLink};
pub use metadata::change::{MetadataTx, crash_points};
pub use metadata::lent::{GivenBack, Lent};
pub use meter::{EXPLAINED_MAX, Explained, Meter, metered};
pub use package_values::{SealedSecret, StoredSecret, StoredSetting};
pub use packages::{PACKAGE_PART_BYTES, PackageState, StoredPackage, StoredPackageVersion};
pub use prepared::Prepared;
pub use quota::{Quota, QuotaUse, Quotas, Room};
pub use relay::{CHANGES_MAX, Change, ChangeWord, Committed, Imaged, Images, Position, RESUME_WINDOW, Tail};
pub use schema_usage::{SchemaUse, USAGE_DAYS, USAGE_RECENT_DAYS, USAGE_ROWS_MAX};
pub use shaping::{AT_ONCE_MAX, INDEX, INDEX_HOLD_MAX, ShapeFound, ShapeLook, ShapeRow, ShapeSettled, ShapeSpan};
pub use snapshot::{SNAPSHOTS_MAX, Snapshot};
pub use store::Store;
pub use tx::Tx;
pub use tx::kv::KvLimits;
pub use tx::merge::{KeptMerge, NewMerge, StoredMerge};
pub use tx::savepoint::Savepoint;
pub use tx::share::{Share, StoredShare};
pub use usage::Usage;
