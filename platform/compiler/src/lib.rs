//! Metadata files → elements → the checked [`tenon_model::Model`], or every mistake at once.
//!
//! Floor 3. Two steps: [`read`] turns files into a layer of elements, [`assemble`] merges layers property by property,
//! checks them and builds the model. Invariant: pure; no I/O, no clock, and no input makes it panic.

mod assemble;
mod checks;
mod clash;
mod cycle;
mod filter;
mod keys;
mod labels;
pub mod limits;
mod located;
mod merge;
mod names;
mod order;
mod physical;
mod read;
mod references;
mod schema;
mod shape;
mod source;
#[cfg(test)]
mod testing;
mod write;
mod yaml;

pub use assemble::{Assembled, assemble};
pub use checks::CODES;
pub use order::sort as sort_diagnostics;
pub use physical::{PhysicalKind, link_field_id, unnamed};
pub use read::{Manifest, Read, element, read};
pub use schema::schemas;
pub use source::SourceFile;
pub use write::write;
pub use yaml::read_yaml;
