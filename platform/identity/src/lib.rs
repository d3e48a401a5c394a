//! Credential → context. The only maker of [`tenon_context::OpContext`].
//!
//! Floor 6. Invariants: an unknown tenant, a bad credential and another tenant's credential give one and the same
//! answer after the same work; no secret is stored in clear; no secret reaches a log.

mod error;
mod identity;
mod key;
mod password;

pub use error::IdentityError;
pub use identity::{Clock, Identity, RequestFacts};
pub use key::{ApiKey, KeyError};
pub use password::{hash_password, random_password, verify_password};
