//! How objects refer to each other: relations as declared, and edges as a reader meets them from either end.

use tenon_value::{Date, ElementId, Localized, Name};

use crate::{LinkEnd, LinkIx, ObjectIx, State};

/// The place of a relation in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationIx(pub u16);

/// What happens to records that refer to one being deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// The deletion is refused while somebody refers to it.
    Restrict,
    /// The reference is cleared.
    #[default]
    Clear,
    /// The referring records are deleted with it.
    Cascade,
}

/// The form of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationShape {
    /// One record of one object: one id column.
    One,
    /// One record of any of several objects: a kind column and an id column.
    Any,
    /// Who did it (system): an actor kind column and an id column; refers to `user` where the actor is one.
    Actor,
    /// Many to many: a link table.
    Many(LinkIx),
}

/// A checked relation, as its object declares it.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own in the file")]
pub struct Relation {
    /// Where it stands in its object.
    pub ix: RelationIx,
    /// Its deterministic id.
    pub id: ElementId,
    /// API name.
    pub name: Name,
    /// GraphQL name.
    pub graphql: String,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// Form.
    pub shape: RelationShape,
    /// Objects it can point to; exactly one unless the shape is `Any`.
    pub targets: Vec<ObjectIx>,
    /// A record cannot be saved without it.
    pub required: bool,
    /// Kept by the system; never an input.
    pub read_only: bool,
    /// One of the relations every record has.
    pub system: bool,
    /// What a deletion of the target does here.
    pub on_delete: OnDelete,
    /// True for the parent relation of a tree.
    pub tree: bool,
    /// True where the record is part of its target: saved, deleted, restored with it.
    pub part_of: bool,
    /// The id column (`One`, `Any`, `Actor`); empty for `Many`.
    pub column: String,
    /// The kind column (`Any`, `Actor`).
    pub kind_column: Option<String>,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
    /// Former API names still served as deprecated aliases: name and the day they end.
    pub aliases: Vec<(Name, Date)>,
}

impl Relation {
    /// The only target of a relation that is not polymorphic.
    #[must_use]
    pub fn target(&self) -> Option<ObjectIx> {
        match self.shape {
            RelationShape::Any => None,
            _ => self.targets.first().copied(),
        }
    }
}

/// What stands behind a list-valued edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// The children that refer here by their to-one (or polymorphic) relation.
    Children {
        /// The child object.
        object: ObjectIx,
        /// Its relation.
        relation: RelationIx,
    },
    /// The other ends of links.
    Linked {
        /// The link table.
        link: LinkIx,
        /// The end this object holds.
        here: LinkEnd,
    },
    /// Everything below in a tree (`relation` is the tree's parent relation of this same object).
    Descendants {
        /// The tree's parent relation.
        relation: RelationIx,
    },
}

/// A list-valued way from one object to another: an inverse, or an end of a many-to-many relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// API name.
    pub name: Name,
    /// GraphQL name.
    pub graphql: String,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// What stands behind it.
    pub kind: EdgeKind,
    /// The object at the other end.
    pub target: ObjectIx,
    /// In use or retired.
    pub state: State,
}
