//! Who may do what with an object: grants of roles, their row rules and field rights, and sharing rules.
//!
//! Pure data. What no grant gives is denied; grants of several roles add up.

use std::sync::Arc;

use tenon_value::{ElementId, Localized, Name};

use crate::{Expression, FieldIx, RelationIx, RoleIx, State};

/// What may be done to an object's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// See them.
    Read,
    /// Make new ones.
    Create,
    /// Change them.
    Update,
    /// Put them into the recycle bin.
    Delete,
    /// Take them out again.
    Restore,
    /// Remove them for good.
    Destroy,
    /// Let others see or change a single one.
    Share,
    /// Take them out in bulk.
    Export,
    /// Bring them in in bulk.
    Import,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Restore, Self::Destroy, Self::Share, Self::Export, Self::Import];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Destroy => "destroy",
            Self::Share => "share",
            Self::Export => "export",
            Self::Import => "import",
        }
    }

    /// The verb of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

/// A CEL text over the record and who asks, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// As the author wrote it.
    pub source: String,
    /// What it means; always of truth value.
    pub expression: Expression,
}

/// Which rows a grant reaches. Absent: see each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowRules {
    /// Absent: all rows.
    pub read: Option<Arc<Rule>>,
    /// Within the readable ones. Absent: all of these.
    pub update: Option<Arc<Rule>>,
    /// Delete, restore, destroy. Absent: as `update`.
    pub delete: Option<Arc<Rule>>,
    /// Absent: as `update`.
    pub share: Option<Arc<Rule>>,
    /// What a written row must satisfy afterwards. Absent: `update`, else `read`: nobody moves a row to where he does not reach.
    pub check: Option<Arc<Rule>>,
}

impl RowRules {
    /// Those there are.
    pub fn each(&self) -> impl Iterator<Item = &Rule> {
        self.all().map(AsRef::as_ref)
    }

    /// One of them, to be kept.
    #[must_use]
    pub fn shared(&self, rule: &Rule) -> Option<&Arc<Rule>> {
        self.all().find(|known| std::ptr::eq(known.as_ref(), rule))
    }

    /// Those there are, with their keys in files.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Arc<Rule>)> {
        let all =
            [("read", &self.read), ("update", &self.update), ("delete", &self.delete), ("share", &self.share), ("check", &self.check)];
        all.into_iter().filter_map(|(key, rule)| Some((key, rule.as_ref()?)))
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.named().map(|(_, rule)| rule)
    }
}

/// What may be done with a field or relation; ordered, so that the most permissive wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldRight {
    /// It does not exist.
    #[default]
    None,
    /// Shown in part; no filter, order, group or sum.
    Mask,
    /// Read.
    Read,
    /// Read and written.
    Write,
}

impl FieldRight {
    /// All of them, least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Mask, Self::Read, Self::Write];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mask => "mask",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The right of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }
}

/// Rights on an object's fields and relations. What is not named has the right of `*`, and where that is missing, none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRights {
    /// `"*"`.
    pub all: Option<FieldRight>,
    /// Fields named.
    pub fields: Vec<(FieldIx, FieldRight)>,
    /// To-one and many-to-many relations named.
    pub relations: Vec<(RelationIx, FieldRight)>,
}

/// What one role may do with one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Its deterministic id.
    pub id: ElementId,
    /// To whom.
    pub role: RoleIx,
    /// What.
    pub can: Vec<Verb>,
    /// To which rows.
    pub rows: RowRules,
    /// On which fields.
    pub fields: FieldRights,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
}

/// Rows that others may see or change beyond their own grants.
#[derive(Clone, Debug, PartialEq)]
pub struct SharingRule {
    /// Its deterministic id.
    pub id: ElementId,
    /// API name.
    pub name: Name,
    /// What people call it.
    pub label: Localized,
    /// Which rows.
    pub rows: Arc<Rule>,
    /// With holders of these roles.
    pub roles: Vec<RoleIx>,
    /// With members of the teams of these names.
    pub teams: Vec<String>,
    /// `Read`, or `Read` and `Update`.
    pub rights: Vec<Verb>,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
}
