//! Everything that needs a running server, in one binary: linking is what costs.
//!
//! `stories` plays the Markdown stories on both databases with a second tenant present; the other modules hold what
//! a story cannot say. `STORY=part-of-a-path` plays some stories, `UPDATE=1` rewrites what they expect.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking; a member that JSON lacks reads as null"
)]

mod access_matrix;
mod audit;
mod backups;
mod bad_input;
mod both;
mod cells;
mod explain;
mod files;
mod flow;
mod jobs;
mod links;
mod live;
mod live_model;
mod moves;
mod nodes;
mod packages;
mod plugins;
mod plugins_called;
mod plugins_within;
mod quotas;
mod real_pipeline;
mod retired;
mod sales;
mod schema_usage;
mod scim;
mod sdk_contract;
mod shape;
mod sign_in;
mod slow_senders;
mod stories;
