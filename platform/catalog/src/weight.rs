//! What a model weighs, near enough to bound a cache.

use std::sync::Arc;

use tenon_model::{Field, Model, Object};

/// Bytes of what every part of a model has: names, labels, map entries. Measured once, rounded up.
const MODEL_BYTES: usize = 16 * 1024;
const OBJECT_BYTES: usize = 2_048;
const FIELD_BYTES: usize = 900;
const RELATION_BYTES: usize = 700;
const OPTION_BYTES: usize = 250;
const VIEW_BYTES: usize = 1_500;

fn field_bytes(field: &Field) -> usize {
    FIELD_BYTES + field.kind.options().len() * OPTION_BYTES
}

fn object_bytes(object: &Object) -> usize {
    let fields: usize = object.fields.iter().map(field_bytes).sum();
    OBJECT_BYTES
        + fields
        + (object.relations.len() + object.edges.len()) * RELATION_BYTES
        + (object.views.len() + object.layouts.len()) * VIEW_BYTES
}

/// Bytes of a model with these objects of its own, estimated.
pub(crate) fn model_bytes(model: &Model, own: &[Arc<Object>]) -> u32 {
    let objects: usize = own.iter().map(|object| object_bytes(object)).sum();
    let links: usize = model.links.iter().flat_map(|link| &link.fields).map(field_bytes).sum();
    u32::try_from(MODEL_BYTES + objects + links + model.links.len() * RELATION_BYTES).unwrap_or(u32::MAX)
}
