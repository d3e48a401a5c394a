//! Stored metadata → [`tenon_model::Model`]: cached by bytes, loaded once however many ask, fresh within half a second.
//!
//! Floor 6. Invariants: a model is served whole or not at all; while a newer one loads the old one answers; what the
//! cache forgets is loaded again, so it may forget anything.

mod alike;
mod catalog;
mod error;
mod load;
mod weight;

pub use catalog::{CHECK_EVERY, Catalog, Follower, MODELS_BYTES_MAX, RELOAD_WAIT_MAX};
pub use error::CatalogError;
pub use load::{assemble_rows, model_of};
