//! The server as a library: one data directory, its tenants, its doors. `tenon serve` and the tests start it.
//!
//! Floor 9. Configuration and clock enter here. Invariant: one process owns a data directory; the command line talks to
//! it over `control.sock` while it runs, and opens the files itself while it does not.
// The futures of a save are nested deeper than the compiler expects by default.
#![recursion_limit = "256"]

mod archive;
mod audit;
mod backups;
mod clock;
mod config;
mod control;
mod declined;
mod doors;
mod engine;
mod host_tests;
mod keys;
mod lock;
mod log;
mod members;
mod sealer;
mod search;
mod serve;
mod sweep;
mod tenants;
mod usage;

pub use archive::{CloneRequest, ImportRequest};
pub use backups::{BackupPlan, RestoreRequest};
pub use config::{MailConfig, ServeConfig, TenantRequest, cell, quota, quota_or_default};
pub use control::{Answer, Command, send};
pub use declined::Declined;
pub use engine::Engine;
pub use host_tests::HostTests;
pub use lock::{DataLock, LockError};
pub use log::init as init_log;
pub use serve::{Running, start};
pub use tenants::TenantCreated;
pub use tenon_http::{Door, Method, Patience, doors};
pub use tenon_identity::Clock;
pub use tenon_packages::HostTestOutcome;
pub use tenon_plugin_host::{COMPILE_VERB, compile_for_parent};
pub use tenon_store::{Cell, Quota};
