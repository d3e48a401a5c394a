//! Allow, deny, or "these rows": what a principal may do, as a pure function of model and roles.
//!
//! Floor 4. The only maker of [`tenon_query::AuthorizedTable`]. Invariants: what cannot be resolved is denied; no I/O.
//! Until roles are part of the metadata there is one rule: the tenant's administrator may do everything within
//! his tenant, everybody else nothing.

mod denied;
mod policy;

pub use denied::Denied;
pub use policy::Policy;
