//! Roles: names under which rights are given. What a role may do with an object stands with the object ([`crate::Grant`]).

use tenon_value::{ElementId, Localized, Name};

use crate::State;

/// The place of a role in the model: stable within one model version only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleIx(pub u16);

/// A right that belongs to no single object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Special {
    /// Take records out of the system in bulk.
    Export,
    /// Bring records in in bulk.
    Import,
    /// Change or delete by filter instead of by id.
    MassUpdate,
    /// Change the metadata.
    Metadata,
    /// Install, upgrade and remove packages.
    Packages,
    /// Read the audit trail.
    Audit,
    /// See the system as another user; audited, and visible to that user.
    Impersonate,
    /// Invite and disable members, give roles, make keys.
    Users,
}

impl Special {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Export, Self::Import, Self::MassUpdate, Self::Metadata, Self::Packages, Self::Audit, Self::Impersonate, Self::Users];

    /// The word in files: `mass_update`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
            Self::MassUpdate => "mass_update",
            Self::Metadata => "metadata",
            Self::Packages => "packages",
            Self::Audit => "audit",
            Self::Impersonate => "impersonate",
            Self::Users => "users",
        }
    }

    /// The right of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|special| special.word() == word)
    }
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Where it stands in the model.
    pub ix: RoleIx,
    /// Its deterministic id.
    pub id: ElementId,
    /// API name: `sales_rep`.
    pub name: Name,
    /// The name it had before: who was given the role by that name holds it still.
    pub was: Option<Name>,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// Whose rights it has as well. The compiler refuses cycles.
    pub parent: Option<RoleIx>,
    /// Where its holders begin: a view or page of the console.
    pub landing: Option<String>,
    /// Only portal users may hold it; staff hold only the others.
    pub portal: bool,
    /// Its own special rights, without those of its parent.
    pub special: Vec<Special>,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
}
