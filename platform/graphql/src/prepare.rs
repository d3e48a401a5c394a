//! Is this document valid for this role? Is it too much? What are its variables? The rules of the specification, ours.
//!
//! Each definition is walked once, fragments are never unfolded. All problems are reported at once, with places.

mod arguments;
#[cfg(test)]
mod differential;
mod directives;
#[cfg(test)]
mod examples;
mod fragments;
#[cfg(test)]
mod hostile;
mod measure;
mod operations;
mod overlap;
mod selections;
mod settle;
mod single_root;
mod values;
mod variables;
mod walk;

pub(crate) use measure::{Measured, measure, measure_roots};
pub(crate) use operations::root_type;
pub(crate) use settle::{FormerUse, settle_members, settle_types};
pub(crate) use variables::coerce as coerce_variables;
pub(crate) use walk::validate;
