//! The data API from request to answer: always on SQLite, on PostgreSQL where `TENON_TEST_POSTGRES` says so.

#[path = "data/house.rs"]
mod house;
#[path = "data/reads.rs"]
mod reads;
