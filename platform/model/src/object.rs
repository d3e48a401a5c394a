//! An object: what kind of record it is, and every name under which it is met.

use std::collections::HashMap;

use tenon_value::{ElementId, Localized, Name};

use crate::{Edge, Field, FieldIx, FieldKind, Grant, Layout, Reach, Reached, Relation, RelationIx, Rule, SharingRule, State, View};

/// The place of an object in the model: stable within one model version only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectIx(pub u16);

/// Places of what every record has. Columns of these carry their own names (`id`, `created_at`), not opaque ones.
pub mod system {
    use crate::{FieldIx, RelationIx};

    /// `id`.
    pub const ID: FieldIx = FieldIx(0);
    /// `version`, from 1.
    pub const VERSION: FieldIx = FieldIx(1);
    /// `created_at`.
    pub const CREATED_AT: FieldIx = FieldIx(2);
    /// `updated_at`.
    pub const UPDATED_AT: FieldIx = FieldIx(3);
    /// `deleted_at`: null while the record lives.
    pub const DELETED_AT: FieldIx = FieldIx(4);
    /// How many system fields there are; the object's own begin here.
    pub const FIELDS: usize = 5;
    /// `owner`, to `user`: columns `owner`.
    pub const OWNER: RelationIx = RelationIx(0);
    /// `created_by`: columns `created_by`, `created_by_kind`.
    pub const CREATED_BY: RelationIx = RelationIx(1);
    /// `updated_by`: columns `updated_by`, `updated_by_kind`.
    pub const UPDATED_BY: RelationIx = RelationIx(2);
    /// How many system relations there are.
    pub const RELATIONS: usize = 3;
}

/// The names GraphQL knows an object by; served in metadata, so that no client derives a plural again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlNames {
    /// `Opportunity`.
    pub type_name: String,
    /// `opportunity`.
    pub single: String,
    /// `opportunities`.
    pub plural: String,
    /// `Opportunities`: the stem of batch mutations.
    pub plural_type: String,
}

/// One part of a unique key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniquePart {
    /// A field (text compares folded).
    Field(FieldIx),
    /// A to-one relation.
    Relation(RelationIx),
}

/// A unique key over live records: of one field, or a named composite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueKey {
    /// `number`, `by_account_and_name`.
    pub name: Name,
    /// GraphQL key field: `byAccountAndName`.
    pub graphql: String,
    /// Enum value: `BY_ACCOUNT_AND_NAME`.
    pub graphql_value: String,
    /// Its parts in order.
    pub parts: Vec<UniquePart>,
    /// Opaque name of its index.
    pub index: String,
}

/// A checked object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Where it stands in the model.
    pub ix: ObjectIx,
    /// Its deterministic id.
    pub id: ElementId,
    /// API name: `opportunity`.
    pub name: Name,
    /// API plural: `opportunities`.
    pub plural: Name,
    /// Names in GraphQL.
    pub graphql: GraphqlNames,
    /// What people call one.
    pub label: Localized,
    /// What people call many.
    pub plural_label: Localized,
    /// Help.
    pub about: Localized,
    /// Icon word.
    pub icon: Option<String>,
    /// The field that names a record; none: its id does.
    pub display: Option<FieldIx>,
    /// Opaque table name, `o_…`.
    pub table: String,
    /// Fields: system fields first (see [`system`]), then its own in declared order, retired ones included.
    pub fields: Vec<Field>,
    /// Relations: system relations first, then its own.
    pub relations: Vec<Relation>,
    /// List-valued ways to other objects, inverses included.
    pub edges: Vec<Edge>,
    /// Unique keys, single fields included.
    pub unique: Vec<UniqueKey>,
    /// The parent relation, if records form a tree.
    pub tree: Option<RelationIx>,
    /// Views in declared order.
    pub views: Vec<View>,
    /// Layouts.
    pub layouts: Vec<Layout>,
    /// What roles may do with it.
    pub access: Vec<Grant>,
    /// Rows that reach further.
    pub sharing: Vec<SharingRule>,
    /// What rules ask for at the ends of its references, kept as columns of its own.
    pub reaches: Vec<Reach>,
    /// Who keeps what of it.
    pub reached: Vec<Reached>,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
    /// Former API names still served as deprecated aliases.
    pub aliases: Vec<(Name, tenon_value::Date)>,
    /// API name → field, active ones.
    pub fields_by_name: HashMap<Name, FieldIx>,
    /// API name → relation, active ones.
    pub relations_by_name: HashMap<Name, RelationIx>,
}

impl Object {
    /// A field by its place.
    #[must_use]
    pub fn field(&self, ix: FieldIx) -> Option<&Field> {
        self.fields.get(usize::from(ix.0))
    }

    /// A relation by its place.
    #[must_use]
    pub fn relation(&self, ix: RelationIx) -> Option<&Relation> {
        self.relations.get(usize::from(ix.0))
    }

    /// An active field by API name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&Field> {
        self.field(*self.fields_by_name.get(name)?)
    }

    /// An active relation by API name.
    #[must_use]
    pub fn relation_named(&self, name: &str) -> Option<&Relation> {
        self.relation(*self.relations_by_name.get(name)?)
    }

    /// An active edge by API name.
    #[must_use]
    pub fn edge_named(&self, name: &str) -> Option<&Edge> {
        self.edges.iter().find(|edge| edge.name.as_str() == name && edge.state == State::Active)
    }

    /// Active fields, system ones included.
    pub fn active_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.state == State::Active)
    }

    /// Active relations, system ones included.
    pub fn active_relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.iter().filter(|relation| relation.state == State::Active)
    }

    /// The relation by which records are parts of another object's, if they are.
    #[must_use]
    pub fn part_of(&self) -> Option<&Relation> {
        self.active_relations().find(|relation| relation.part_of)
    }

    /// Grants in use.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.access.iter().filter(|grant| grant.state == State::Active)
    }

    /// Sharing rules in use.
    pub fn shared(&self) -> impl Iterator<Item = &SharingRule> {
        self.sharing.iter().filter(|rule| rule.state == State::Active)
    }

    /// The rules in use: of grants and of sharing.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let grants = self.grants().flat_map(|grant| grant.rows.each());
        grants.chain(self.shared().map(|rule| rule.rows.as_ref()))
    }

    /// Fields the search looks at, retired ones included: they may come back.
    pub fn searched(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.system && field.kind.wording().is_some())
    }

    /// What a word found in a field is worth: in the one that names the record most, in long texts least.
    #[must_use]
    pub fn worth(&self, field: &Field) -> Worth {
        match field.kind {
            _ if self.display == Some(field.ix) => Worth::Name,
            FieldKind::LongText | FieldKind::RichText | FieldKind::Address => Worth::Long,
            _ => Worth::Short,
        }
    }
}

/// What a word found in a field is worth to the rank of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Worth {
    /// The field that names the record: 4 points for what begins with the word, 8 for the word itself.
    Name,
    /// Another short text: 2 and 4 points.
    Short,
    /// A long text: 1 and 2 points.
    Long,
}
