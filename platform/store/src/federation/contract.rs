//! What is stored of providers and SCIM resources. `Debug` gives no secret away.

use std::fmt;

use tenon_value::{DateTime, Json, Uuid};

/// An identity provider of a tenant.
#[derive(Clone, PartialEq)]
pub struct StoredProvider {
    /// Its name in URLs.
    pub name: String,
    /// Everything but the secret, as `identity` has it.
    pub settings: Json,
    /// The client secret, opened; none for a public client.
    pub secret: Option<String>,
    /// When it was set up.
    pub created_at: DateTime,
    /// When it was last changed.
    pub changed_at: DateTime,
}

/// Whether a SCIM resource is a user or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimKind {
    /// What a client wrote of a member beside the record.
    User,
    /// A group.
    Group,
}

impl ScimKind {
    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// A SCIM resource, as far as members and records do not hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredScim {
    /// Its id; a user's is that of the record.
    pub id: Uuid,
    /// User or group.
    pub kind: ScimKind,
    /// What is unique among its kind, folded: a group's display name; a user's id.
    pub name: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// The attributes as the client wrote them.
    pub body: Json,
    /// When it came to be.
    pub created_at: DateTime,
    /// When it was last changed.
    pub changed_at: DateTime,
}

/// A change of who is in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembershipChange {
    /// Who comes.
    pub added: Vec<Uuid>,
    /// Who leaves.
    pub removed: Vec<Uuid>,
    /// The roles that members have from now on.
    pub roles: Vec<(Uuid, Vec<String>)>,
}

impl fmt::Debug for StoredProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredProvider").field("name", &self.name).finish_non_exhaustive()
    }
}
