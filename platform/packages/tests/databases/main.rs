//! Changes of metadata against real databases: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, in their helpers too")]

mod alike;
mod changes;
mod crash;
mod house;
mod records;
