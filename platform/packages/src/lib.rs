//! Changing a tenant's metadata: plan and apply, pull, settings, and the base package that every tenant begins with.
//!
//! Floor 6. A wish ([`Draft`]) is laid over what is stored; the difference is a [`Plan`] of typed [`Operation`]s with risk
//! and effect on the API; applying computes it again under the exclusive model lock and refuses if anything moved.
//! Invariants: applying is one transaction; applying twice is an empty plan; what is pulled plans to nothing.

mod apply;
mod changes;
mod check;
mod complaint;
mod compute;
mod crm;
mod desired;
mod diff;
mod draft;
mod elements;
mod error;
mod journal;
mod judge;
mod measure;
mod operation;
mod options;
mod packages;
mod physical;
mod plan;
mod plans;
mod pull;
mod rename;
mod session;
mod settings;
#[cfg(test)]
mod tests;

pub use apply::Applied;
pub use check::check;
pub use crm::{PackageInfo, BASE_PACKAGE};
pub use draft::{Change, Draft};
pub use elements::TENANT_LAYER;
pub use error::{of_diagnostic, PackagesError};
pub use operation::{ApiEffect, Op, Operation, Risk};
pub use packages::Packages;
pub use plan::{Plan, PLAN_KEPT_MILLIS};
pub use plans::PLANS_BYTES_MAX;
pub use session::Session;
pub use settings::{is_zone, SettingsChange, CORS_MAX};
pub use tenon_compiler::{read_yaml, SourceFile};
