//! The store against real databases: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so (in CI it must).

#[path = "databases/aggregates.rs"]
mod aggregates;
#[path = "databases/house.rs"]
mod house;
#[path = "databases/reads.rs"]
mod reads;
#[path = "databases/writes.rs"]
mod writes;
