//! The pipeline over a real store: SQLite always, PostgreSQL where `TENON_TEST_POSTGRES` names a cluster.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod batches;
mod hooks;
mod house;
mod nested;
mod removal;
mod repeats;
mod saving;
mod upserts;
