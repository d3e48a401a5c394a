//! Opaque names of tables, columns and indexes: those given by `packages`, else stand-ins made of the element's id, so
//! that metadata can be checked where there is no database.

use tenon_model::{Model, Physical, RelationShape};
use tenon_value::{ElementId, Uuid};

/// What an element needs a physical name for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhysicalKind {
    /// The table of an object, `o_…`.
    Table,
    /// The table of a many-to-many relation, `l_…`.
    Link,
    /// The stem of a field's or relation's columns, `f_…`.
    Column,
}

impl PhysicalKind {
    /// What such names begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Table => "o_",
            Self::Link => "l_",
            Self::Column => "f_",
        }
    }
}

/// The id of an attribute of a link, by which its physical name is found.
#[must_use]
pub fn link_field_id(relation: ElementId, attribute: &str) -> ElementId {
    ElementId::derive(&relation.to_string(), attribute)
}

/// The elements of a model that `physical` has no name for yet, in model order: `packages` gives them names and
/// assembles again.
#[must_use]
pub fn unnamed(model: &Model, physical: &Physical) -> Vec<(ElementId, PhysicalKind)> {
    let mut ids = Vec::new();
    for object in &model.objects {
        ids.push((object.id, PhysicalKind::Table));
        ids.extend(object.fields.iter().filter(|field| !field.system).map(|field| (field.id, PhysicalKind::Column)));
        for relation in object.relations.iter().filter(|relation| !relation.system) {
            let kind = if matches!(relation.shape, RelationShape::Many(_)) { PhysicalKind::Link } else { PhysicalKind::Column };
            ids.push((relation.id, kind));
        }
    }
    ids.extend(model.links.iter().flat_map(|link| &link.fields).map(|field| (field.id, PhysicalKind::Column)));
    ids.retain(|(id, _)| !physical.names.contains_key(id));
    ids
}

/// The physical name of an element.
pub(crate) fn name(id: ElementId, kind: PhysicalKind, physical: &Physical) -> String {
    physical.names.get(&id).cloned().unwrap_or_else(|| format!("{}{}", kind.prefix(), short(id)))
}

/// The stem of the columns of a field whose type was changed.
pub(crate) fn moved(id: ElementId, physical: &Physical) -> Option<&str> {
    physical.names.get(&tenon_model::columns_id(id)).map(String::as_str)
}

/// The index of a composite key: another one as soon as its parts are others.
pub(crate) fn composite_index(object: ElementId, key: &str, stems: &[&str]) -> String {
    let id = ElementId::derive(&object.to_string(), &format!("unique.{key}({})", stems.join(",")));
    format!("u_{}", short(id))
}

fn short(id: ElementId) -> String {
    let mut buffer = Uuid::encode_buffer();
    let simple = id.0.simple().encode_lower(&mut buffer);
    simple.get(..12).unwrap_or(simple).to_owned()
}
