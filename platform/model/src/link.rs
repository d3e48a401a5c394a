//! The table behind a many-to-many relation, with the attributes of each link.

use crate::{Field, FieldIx, ObjectIx, RelationIx};

/// The place of a link in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkIx(pub u16);

/// One of the two ends of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkEnd {
    /// The object that declares the relation.
    Source,
    /// The object it points to.
    Target,
}

impl LinkEnd {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }

    /// The column holding this end's id: `source`, `target`.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// A link table: columns `source`, `target`, `created_at` and one or more per attribute.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it stands in the model.
    pub ix: LinkIx,
    /// The object that declares it.
    pub source: ObjectIx,
    /// Its relation.
    pub relation: RelationIx,
    /// The object at the other end.
    pub target: ObjectIx,
    /// Opaque table name, `l_…`.
    pub table: String,
    /// GraphQL type of the link, `OpportunityContactsLink`.
    pub graphql: String,
    /// Attributes.
    pub fields: Vec<Field>,
}

impl Link {
    /// An attribute by its place.
    #[must_use]
    pub fn field(&self, ix: FieldIx) -> Option<&Field> {
        self.fields.get(usize::from(ix.0))
    }

    /// The object at an end.
    #[must_use]
    pub const fn object(&self, end: LinkEnd) -> ObjectIx {
        match end {
            LinkEnd::Source => self.source,
            LinkEnd::Target => self.target,
        }
    }
}
