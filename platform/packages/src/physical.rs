//! Opaque physical names for what is new: given once, never reused.

use tenon_compiler::PhysicalKind as Named;
use tenon_model::{Model, Physical};
use tenon_store::{MetadataTx, PhysicalKind};
use tenon_value::ElementId;

use crate::PackagesError;

/// Gives a name to every element of the model that has none: a new tenant names some four hundred at once.
pub(crate) async fn allocate(tx: &mut MetadataTx, model: &Model, physical: &mut Physical) -> Result<(), PackagesError> {
    let kind = |kind| match kind {
        Named::Table => PhysicalKind::Object,
        Named::Link => PhysicalKind::Link,
        Named::Column => PhysicalKind::Field,
    };
    let unnamed: Vec<(ElementId, PhysicalKind)> =
        tenon_compiler::unnamed(model, physical).into_iter().map(|(id, named)| (id, kind(named))).collect();
    if unnamed.is_empty() {
        return Ok(());
    }
    let names = tx.name_all(&unnamed).await?;
    physical.names.extend(unnamed.into_iter().map(|(id, _)| id).zip(names));
    Ok(())
}
