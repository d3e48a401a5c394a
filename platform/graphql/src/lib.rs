//! The data API: documents become plans of the query language, answers become bytes, the schema describes itself.
//!
//! Floor 7. Parsing, validation, planning and execution are ours (DESIGN §5). Invariants: nothing is executed that
//! was not validated against what this principal may see; every object in a plan is an `AuthorizedTable`; limits hold
//! before anything recursive runs; bad input is a problem with a place, never a panic.
#![recursion_limit = "256"]

mod api;
mod behind;
mod calendar;
mod collect;
mod cost;
mod cursor;
mod documents;
mod execute;
mod explain;
mod files;
mod jobs;
mod limits;
mod live;
mod lower;
mod members;
mod metadata;
mod mutate;
mod persisted;
mod plugin_reads;
mod prepare;
mod range;
mod registered;
mod request;
mod respond;
mod schema;
mod shape;
mod stack;
mod syntax;
mod testing;
mod told;
mod used;
mod view_as;

pub use api::DataApi;
pub use jobs::{BATCH, BatchHandler, EXPORT, EXPORT_COLUMNS_MAX, ExportHandler, ExportRequest, PARQUET_GROUP_BYTES, PARQUET_GROUP_ROWS};
pub use limits::LIMITS;
pub use live::{Feed, FeedLine, FeedPage, FeedQuery, Happened, Message, Subscription};
pub use metadata::MetadataApi;
pub use request::{GraphqlRequest, GraphqlResponse, Outcome};
pub use schema::{Effect, SchemaChange, schema_diff};
pub use tenon_records::Idempotency;
pub use told::problem_json;
pub use used::SchemaUsage;
