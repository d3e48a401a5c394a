//! The runner against real databases: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it does not expect fails")]

#[path = "jobs/house.rs"]
mod house;
#[path = "jobs/runs.rs"]
mod runs;
