//! Opaque physical names for what is new: given once, never reused.

use tenon_compiler::PhysicalKind as Named;
use tenon_model::{Model, Physical};
use tenon_store::{MetadataTx, PhysicalKind};

use crate::PackagesError;

/// Gives a name to every element of the model that has none.
pub(crate) async fn allocate(tx: &mut MetadataTx, model: &Model, physical: &mut Physical) -> Result<(), PackagesError> {
    for (id, kind) in tenon_compiler::unnamed(model, physical) {
        let kind = match kind {
            Named::Table => PhysicalKind::Object,
            Named::Link => PhysicalKind::Link,
            Named::Column => PhysicalKind::Field,
        };
        let name = tx.new_physical(kind).await?;
        tx.put_physical(id, &name).await?;
        physical.names.insert(id, name);
    }
    Ok(())
}
