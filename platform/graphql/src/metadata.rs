//! The metadata API: a static schema in the words of the files, over `tenon-packages`.
//!
//! Names of elements are `snake_case` values, enum values lower-case (API.md §2). Invariants: a document is counted before
//! async-graphql sees it; the changes of one document are one transaction; reads are cut to what the principal may see.

mod access;
mod alter;
mod api;
mod audit;
mod can;
mod clock;
mod currencies;
mod describe;
mod door;
mod field;
mod guard;
mod inputs;
mod mutation;
mod numbers;
mod object;
mod packages;
mod person;
mod plan;
mod properties;
mod prune;
mod query;
mod relation;
mod report;
mod respond;
mod roles;
mod scalars;
mod schema_usage;
mod settings;
mod sight;
mod usage;
mod views;
mod words;

pub use api::MetadataApi;
