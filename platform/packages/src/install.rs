//! Packages of a tenant: uploaded, planned with consent, installed as a layer, upgraded, rolled back, switched off, removed.
//!
//! Invariants: whoever does any of it has the special right `packages`; an install is one transaction with its metadata;
//! a version once uploaded never changes; no plugin is needed to read what its package brought.

mod chosen;
mod error;
mod grants;
mod listing;
mod namespace;
mod plan;
mod plugins;
mod requires;
mod session;
mod upload;

pub use error::InstallError;
pub use grants::GrantLine;
pub use listing::{Health, Installed};
pub use plan::{InstallWish, PackagePlan};
pub use plugins::Plugins;
pub(crate) use plugins::WithModels;
pub use upload::{PACKAGES_MAX, VERSIONS_MAX};
