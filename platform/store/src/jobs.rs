//! Jobs: work that goes on after its request, kept in the tenant's own tables, so that any node can go on with it.
//!
//! A job is leased to one node at a time. Each lease has a number, its *fence*: what a chunk did is committed together with
//! how far the job has come, and only while the fence is still the stored one. Invariants: the effect of a chunk and the
//! progress that tells of it are one transaction; who lost his lease commits nothing more. Leases run by the clock of the
//! database, so that nodes whose clocks differ agree.

mod asking;
pub(crate) mod contract;
mod leasing;
pub(crate) mod looking;
pub(crate) mod moves;
mod parts;
mod plugins;
mod putting;
mod row;
pub(crate) mod told;

pub(crate) use leasing::checkpoint_with;
pub(crate) use putting::put_with;

use crate::Dialect;

/// Jobs of a tenant that wait or rest at once (`jobs_waiting`).
pub const JOBS_WAITING_MAX: u64 = 1_000;
/// Jobs of plugins that wait at once in a tenant, timers among them (`plugin_jobs`).
pub const PLUGIN_JOBS_MAX: u64 = 10_000;
/// Days for which a job that has ended can be looked at and undone (`job_days`).
pub const JOB_DAYS: u32 = 30;

/// Kinds of jobs that take back what they began before they are cancelled.
const TIDY_KINDS: &str = "'shape'";

/// The moment it is, by the clock of the database, in SQL.
const fn clock(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "date_trunc('milliseconds', clock_timestamp())",
        Dialect::Sqlite => "cast(round(unixepoch('subsec') * 1000) as integer)",
    }
}

/// So many milliseconds after that, as the argument of this number says.
fn later(dialect: Dialect, argument: u8) -> String {
    let now = clock(dialect);
    match dialect {
        Dialect::Postgres => format!("{now} + ${argument} * interval '1 millisecond'"),
        Dialect::Sqlite => format!("{now} + ${argument}"),
    }
}
