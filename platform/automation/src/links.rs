//! Links between tenants: what one has agreed to give, the other has mirrored, and nobody there changes it.
//!
//! `agreement` says what was agreed on, `desk` is where administrators offer, accept and revoke; a job of the taking tenant
//! (`job`) reads from the giving one (`reading`) and writes its mirror (`writing`); `waking` wakes it as the giver commits.
//! Invariants: each side is read and written by the link's own principal, with the role that side gave it; what a chunk wrote
//! and how far the link has come are one transaction; before each chunk both sides are asked whether they still agree.

mod agreement;
mod desk;
mod error;
mod job;
mod progress;
mod reading;
mod waking;
mod writing;

pub use agreement::{Agreement, LINK_FIELDS_MAX, LINK_NAME_MAX, LINK_OFFER_DAYS, LinkOffer, Mapping, OnRevoke};
pub use desk::LinkDesk;
pub use error::LinkError;
pub use job::LinkHandler;
pub use waking::Linking;

/// The kind of the jobs that keep mirrors.
pub const LINK_JOB: &str = "link";
/// Records of one chunk (`link_chunk`).
pub const LINK_CHUNK: usize = 200;
