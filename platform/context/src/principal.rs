//! Who acts.

use tenon_value::Uuid;

/// The kinds of principals, as history and `Actor.kind` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A member of the tenant's staff.
    User,
    /// Somebody of a customer or partner.
    PortalUser,
    /// A key of the API.
    ApiKey,
    /// Another program of the tenant.
    Service,
    /// A plugin acting as itself.
    Plugin,
    /// A link between tenants.
    Link,
    /// Tenon itself: installs, jobs.
    System,
}

impl ActorKind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::User, Self::PortalUser, Self::ApiKey, Self::Service, Self::Plugin, Self::Link, Self::System];

    /// The word on the wire and in the store: `user`, `api_key`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::PortalUser => "portal_user",
            Self::ApiKey => "api_key",
            Self::Service => "service",
            Self::Plugin => "plugin",
            Self::Link => "link",
            Self::System => "system",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Special rights, beside those on objects and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Change the metadata.
    Metadata,
    /// Import records.
    Import,
    /// Remove records for good.
    Destroy,
}

/// Who acts, resolved from a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What kind.
    pub kind: ActorKind,
    /// The user's record, or the key's id.
    pub id: Uuid,
    /// What people read in history.
    pub display: String,
    /// Roles by API name. Until roles are enforced there is one: `administrator`.
    pub roles: Vec<String>,
}

impl Principal {
    /// The role that may do everything within its tenant.
    pub const ADMINISTRATOR: &'static str = "administrator";

    /// Tenon itself, for installs and jobs.
    #[must_use]
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: Uuid::nil(), display: "Tenon".to_owned(), roles: vec![Self::ADMINISTRATOR.to_owned()] }
    }

    /// True where the role is held.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}
