//! SCIM 2.0 (RFC 7643, 7644): an identity provider keeps the members of a tenant.
//!
//! Users are members with their records of `user`; groups give roles. `users` and `groups` are the two doors, `user`,
//! `person` and `groups` put resources together, `filter`, `parse`, `patch`, `project`, `read`, `schema` are the protocol.
//! Invariant: who calls holds the special right `users`, and gives no role that is above him.

mod discovery;
mod error;
mod filter;
mod groups;
mod list;
mod parse;
mod patch;
mod person;
mod project;
mod read;
mod request;
mod schema;
mod user;
mod users;

pub use error::ScimError;
pub use groups::GROUPS_MAX;
pub use list::COUNT_MAX;
pub use parse::FILTER_BYTES_MAX;
pub use patch::OPERATIONS_MAX;
pub use read::ELEMENTS_MAX;
pub use request::{ScimAnswer, ScimMethod, ScimRequest};
pub use users::USERS_SCANNED_MAX;

use crate::Identity;

/// The SCIM service of one tenant.
pub struct Scim {
    identity: Identity,
    /// Where its resources lie: `https://crm.example/t/acme/scim/v2`.
    base: String,
}

impl Scim {
    /// The service of a tenant, over identities.
    #[must_use]
    pub fn new(identity: Identity, tenant: &str) -> Self {
        let base = format!("{}/t/{tenant}/scim/v2", identity.public_url);
        Self { identity, base }
    }
}
