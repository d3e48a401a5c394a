//! The store against real databases: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so (in CI it must).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it does not expect fails")]

#[path = "databases/aggregates.rs"]
mod aggregates;
#[path = "databases/audit.rs"]
mod audit;
#[path = "databases/cells.rs"]
mod cells;
#[path = "databases/connections.rs"]
mod connections;
#[path = "databases/crash.rs"]
mod crash;
#[path = "databases/credentials.rs"]
mod credentials;
#[path = "databases/differential.rs"]
mod differential;
#[path = "databases/fans.rs"]
mod fans;
#[path = "databases/homes.rs"]
mod homes;
#[path = "databases/house.rs"]
mod house;
#[path = "databases/jobs.rs"]
mod jobs;
#[path = "databases/reads.rs"]
mod reads;
#[path = "databases/rules.rs"]
mod rules;
#[path = "databases/writes.rs"]
mod writes;
