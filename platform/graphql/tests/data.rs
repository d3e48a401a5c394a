//! The data API from request to answer: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail by panicking")]

#[path = "data/house.rs"]
mod house;
#[path = "data/reads.rs"]
mod reads;
