//! What ties members to identity providers: providers, used sign-ins, external identities, SCIM resources.
//!
//! Invariants: a provider's secret is sealed; of a sign-in only a hash is stored, once; a change
//! of membership in groups and of the roles it gives is one transaction, which raises the epoch.

pub(crate) mod contract;
mod groups;
pub(crate) mod providers;
mod resources;
