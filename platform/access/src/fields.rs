//! Rights on fields and relations: the most permissive of all grants held.

use tenon_model::{FieldIx, FieldRight, FieldRights, Object, Relation, RelationIx, system};

/// Rights on the fields and relations of one object, by their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) fields: Vec<FieldRight>,
    pub(crate) relations: Vec<FieldRight>,
}

impl Fields {
    /// What grants give. What the system keeps can always be read with the object.
    pub(crate) fn of<'g>(object: &Object, grants: impl Iterator<Item = &'g FieldRights> + Clone) -> Self {
        let most = |right: &dyn Fn(&FieldRights) -> FieldRight| grants.clone().map(right).max().unwrap_or_default();
        let field = |field: &tenon_model::Field| match field.system {
            true => FieldRight::Read,
            false => most(&|rights| field_right(rights, field.ix)),
        };
        let relation = |relation: &Relation| match is_kept(relation) {
            true => FieldRight::Read,
            false => most(&|rights| relation_right(rights, relation.ix)),
        };
        Self { fields: object.fields.iter().map(field).collect(), relations: object.relations.iter().map(relation).collect() }
    }

    pub(crate) fn field(&self, ix: FieldIx) -> FieldRight {
        self.fields.get(usize::from(ix.0)).copied().unwrap_or_default()
    }

    pub(crate) fn relation(&self, ix: RelationIx) -> FieldRight {
        self.relations.get(usize::from(ix.0)).copied().unwrap_or_default()
    }

    /// The lesser of both, place by place.
    pub(crate) fn within(&self, other: &Self) -> Self {
        let lesser = |here: &[FieldRight], there: &[FieldRight]| here.iter().zip(there).map(|(here, there)| *here.min(there)).collect();
        Self { fields: lesser(&self.fields, &other.fields), relations: lesser(&self.relations, &other.relations) }
    }
}

/// Who made and changed it; the owner is a matter of rights.
pub(crate) fn is_kept(relation: &Relation) -> bool {
    relation.system && relation.ix != system::OWNER
}

pub(crate) fn field_right(rights: &FieldRights, ix: FieldIx) -> FieldRight {
    let named = rights.fields.iter().find(|(field, _)| *field == ix);
    named.map_or(rights.all.unwrap_or_default(), |(_, right)| *right)
}

pub(crate) fn relation_right(rights: &FieldRights, ix: RelationIx) -> FieldRight {
    let named = rights.relations.iter().find(|(relation, _)| *relation == ix);
    named.map_or(rights.all.unwrap_or_default(), |(_, right)| *right)
}
