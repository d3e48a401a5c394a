//! What an object's GraphQL names mean in the model.

use tenon_model::{Edge, Field, Object, Relation, RelationShape, State};

/// An active field by its GraphQL name. Former names were replaced when the document was prepared.
pub(crate) fn field<'a>(object: &'a Object, name: &str) -> Option<&'a Field> {
    object.active_fields().find(|field| field.graphql == name)
}

/// An active to-one, polymorphic or actor relation by its GraphQL name.
pub(crate) fn relation<'a>(object: &'a Object, name: &str) -> Option<&'a Relation> {
    object.active_relations().find(|relation| relation.graphql == name && !matches!(relation.shape, RelationShape::Many(_)))
}

/// An active edge by its GraphQL name.
pub(crate) fn edge<'a>(object: &'a Object, name: &str) -> Option<&'a Edge> {
    object.edges.iter().find(|edge| edge.graphql == name && edge.state == State::Active)
}
