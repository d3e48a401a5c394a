//! Who acts.

use std::sync::Arc;

use tenon_value::{ElementId, Uuid};

use crate::Standing;

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

/// Who acts, resolved from a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// What kind.
    pub kind: ActorKind,
    /// The user's record, or the key's id.
    pub id: Uuid,
    /// What people read in history.
    pub display: String,
    /// Roles by API name.
    pub roles: Vec<String>,
    /// Names of the teams, for sharing rules.
    pub teams: Vec<String>,
    /// The values of the facts that row rules ask for.
    pub standing: Arc<Standing>,
}

impl Principal {
    /// The role that may do everything within its tenant.
    pub const ADMINISTRATOR: &'static str = "administrator";

    /// What belongs to this principal is kept under: `user:ID`, `api_key:ID`.
    #[must_use]
    pub fn owner_key(&self) -> String {
        format!("{}:{}", self.kind.word(), self.id)
    }

    /// Tenon itself, for installs and jobs.
    #[must_use]
    pub fn system() -> Self {
        let mut tenon = Self::new(ActorKind::System, Uuid::nil(), "Tenon".to_owned());
        tenon.roles.push(Self::ADMINISTRATOR.to_owned());
        tenon
    }

    /// A package that acts as itself. What its grant leaves out it cannot do: whoever calls its plugin holds it to that.
    #[must_use]
    pub fn of_package(package: &str) -> Self {
        let mut itself = Self::new(ActorKind::Plugin, ElementId::derive(package, "package").0, package.to_owned());
        itself.roles.push(Self::ADMINISTRATOR.to_owned());
        itself
    }

    /// Somebody without roles, of whom nothing is known.
    #[must_use]
    pub fn new(kind: ActorKind, id: Uuid, display: String) -> Self {
        Self { kind, id, display, roles: Vec::new(), teams: Vec::new(), standing: Arc::default() }
    }

    /// True where the role is held.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}
