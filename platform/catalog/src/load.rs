//! Rows of the store → a checked model.

use tenon_diagnostics::{Diagnostic, Severity};
use tenon_model::{Model, buildings, in_force};
use tenon_store::{MetadataRows, Store};
use tenon_value::TenantId;

use crate::CatalogError;

/// The model that rows make, if they make one, and everything that can be said against them. What a job is still at is as it was.
#[must_use]
pub fn assemble_rows(tenant: TenantId, rows: &MetadataRows) -> (Option<Model>, Vec<Diagnostic>) {
    let layers = in_force(&rows.layers);
    let mut assembled = tenon_compiler::assemble(tenant, rows.version, &rows.settings, &layers, &rows.physical);
    if let Some(model) = &mut assembled.model {
        model.building = buildings(&rows.layers, &rows.physical).collect();
    }
    (assembled.model, assembled.diagnostics)
}

/// The model of rows that were checked before they were stored.
///
/// # Errors
/// `Damaged` where they make none.
pub fn model_of(tenant: TenantId, rows: &MetadataRows) -> Result<Model, CatalogError> {
    let (model, diagnostics) = assemble_rows(tenant, rows);
    model.ok_or_else(|| {
        let first = diagnostics.into_iter().find(|one| one.severity == Severity::Error).map(Box::new);
        CatalogError::Damaged { tenant, first }
    })
}

/// A tenant's model, from the store.
pub(crate) async fn load(store: &Store, tenant: TenantId) -> Result<Model, CatalogError> {
    let rows = store.metadata(tenant).await?;
    let model = model_of(tenant, &rows)?;
    store.fit(&model).await?;
    Ok(model)
}
