//! Allow, deny, or "these rows": what a principal may do, as a pure function of model and principal.
//!
//! Floor 4. The only maker of [`tenon_query::AuthorizedTable`]. Invariants: what no grant gives is denied, and what
//! cannot be resolved is denied and reported; rights of several roles add up; no I/O. Equal rights have one fingerprint,
//! so that plans are shared: what differs between two people of equal rights is bound when a statement runs.

mod denied;
mod explain;
mod fields;
mod granted;
mod held;
mod place;
mod policy;
mod report;
mod resolve;
mod rows;
mod within;
mod witness;

pub use denied::Denied;
pub use explain::{By, Reason, Subject, explain, explain_verb};
pub use granted::Granted;
pub use place::Place;
pub use policy::Policy;
pub use report::{Compared, compared, counted, is_served};
pub use rows::Rows;
pub use witness::{sees, witnesses};
