//! Who asks, for which tenant, until when, by what clock.
//!
//! Floor 2. Every function that touches tenant data takes `&OpContext` first. Invariant: contexts of requests are
//! made by `identity` only; a context names exactly one tenant and one model version.

mod context;
mod principal;
mod standing;

pub use context::{OpContext, OpContextParts, Via};
pub use principal::{ActorKind, Principal};
pub use standing::Standing;
