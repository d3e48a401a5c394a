//! Where the store keeps its data, and its limits by name and number.

use std::path::PathBuf;
use std::time::Duration;

use tenon_value::{DateTime, Uuid};

use crate::{Cell, Quotas};

/// Transactions that may wait for the one writer of a SQLite file; more are refused (`writer_queue`).
pub const WRITER_QUEUE_MAX: usize = 256;
/// Connections to PostgreSQL that reads of records share, and as many again for aggregates: beside `connections`.
pub const SHARED_CONNECTIONS: usize = 4;
/// Connections to PostgreSQL for reads that cannot be shared: opened when the shared ones are stuck.
pub const READING_CONNECTIONS: u32 = 8;
/// Reading connections of one SQLite file.
pub const READERS_MAX: usize = 2;
/// Levels followed in a tree; what lies deeper is not seen.
pub const TREE_DEPTH_MAX: u32 = 64;
/// Groups of an aggregate that does not say `first` (`groups`).
pub const GROUPS_MAX: usize = 2_000;
/// Groups looked at before `having`, order and `first` choose among them (`groups_scanned`).
pub const GROUPS_SCANNED_MAX: usize = 100_000;
/// Rows of one level of a read (`nested_rows`).
pub const ROWS_MAX: usize = 100_000;
/// Arms of one statement at most (`lower/fan.rs`): who sees rows in more ways is answered from all rows.
pub(crate) const FAN_ARMS_MAX: usize = 48;
/// Elements of a list that get an arm each.
pub(crate) const FAN_EACH_MAX: usize = 16;
/// Elements of a list that PostgreSQL goes through one by one for a page.
pub(crate) const FAN_LISTED_MAX: usize = 1_000;
/// How long an idempotency key is kept.
pub const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a file unless configured (`file_bytes`).
pub const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// How long writes of a tenant stand still at most while it is moved, unless configured (`move_stop`).
pub const MOVE_STOP_MAX: Duration = Duration::from_secs(60);

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// One file per tenant under `data`.
    Sqlite,
    /// One schema per tenant.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: String,
    },
}

/// The dialect of SQL that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.51 as compiled in.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

/// Limits that an operator may set.
#[derive(Clone, Debug)]
pub struct StoreLimits {
    /// Connections to PostgreSQL for transactions.
    pub connections: u32,
    /// How long one statement may run (`time`).
    pub time: Duration,
    /// How long a change of metadata waits for the model lock.
    pub lock_wait: Duration,
    /// Prepared statements kept per connection.
    pub statements: usize,
    /// SQLite files open at once; none: a share of `RLIMIT_NOFILE`.
    pub open_files: Option<usize>,
    /// Bytes of a file (`file_bytes`).
    pub file_bytes: u64,
    /// What a tenant may have of everything that is counted, where nothing is set for it.
    pub quotas: Quotas,
    /// How long writes of a tenant stand still at most while it is moved (`move_stop`).
    pub move_stop: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            connections: 20,
            time: Duration::from_secs(10),
            lock_wait: Duration::from_secs(5),
            statements: 256,
            open_files: None,
            file_bytes: FILE_BYTES_MAX,
            quotas: Quotas::default(),
            move_stop: MOVE_STOP_MAX,
        }
    }
}

/// Machine time as ids have it, where nobody hands in a clock.
fn machine_time() -> DateTime {
    let millis = Uuid::now_v7().as_u128().wrapping_shr(80);
    DateTime::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Everything the store is told at start.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The data directory.
    pub data: PathBuf,
    /// The folder of files; none: `files` under `data`. Nodes that share a database share it.
    pub files: Option<PathBuf>,
    /// The database.
    pub database: Database,
    /// Further databases for tenants. PostgreSQL only.
    pub cells: Vec<Cell>,
    /// Limits.
    pub limits: StoreLimits,
    /// Machine time, for the audit trail.
    pub clock: fn() -> DateTime,
    /// Tests only: the process ends at once on reaching this step of a change of metadata, see [`crate::crash_points`].
    pub crash_at: Option<String>,
}

impl StoreConfig {
    /// A configuration with the usual limits.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>, database: Database) -> Self {
        Self {
            data: data.into(),
            files: None,
            database,
            cells: Vec::new(),
            limits: StoreLimits::default(),
            clock: machine_time,
            crash_at: None,
        }
    }
}
