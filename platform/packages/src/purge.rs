//! Fields that have been retired for thirty days are let go: their element, their columns, what stood in them.
//!
//! Each only as far as the rest still makes a model without it. Objects and relations that are retired stay: their records,
//! their history and the audit trail are about more than a column. What history says of old values stays as well, until the
//! person it is about is erased.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tenon_diagnostics::Severity;
use tenon_model::{Element, ElementPath, FieldIx, Model, ModelVersion, State};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, MetadataTx};
use tenon_value::{DateTime, Json, Name, TenantId};

use crate::elements::{Stored, TENANT_LAYER};
use crate::{Packages, PackagesError, journal};

/// Days for which a field that was retired can be restored (`retired_days`).
pub const RETIRED_DAYS: i64 = 30;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What is let go, and what is left.
struct Purged {
    elements: Vec<Element>,
    rows: MetadataRows,
}

impl Packages {
    /// Lets go of the fields of a tenant that are due by machine time; their paths.
    ///
    /// # Errors
    /// Where the store does not answer; then everything is as it was.
    pub async fn purge(&self, tenant: TenantId) -> Result<Vec<String>, PackagesError> {
        let now = self.store.machine_time();
        let before = DateTime::from_millis(now.millis().saturating_sub(RETIRED_DAYS * DAY_MILLIS));
        let retired = self.store.retired_before(tenant, before).await?;
        let is_own_field = |(layer, path): &(Name, ElementPath)| layer.as_str() == TENANT_LAYER && is_field(path);
        let due: Vec<ElementPath> = retired.into_iter().filter(is_own_field).map(|(_, path)| path).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.store.metadata_begin(tenant).await?;
        match purge_under_lock(&mut tx, tenant, &due, now).await {
            Ok(Some((paths, version, model))) => {
                tx.commit(version).await?;
                self.catalog.offer(model);
                Ok(paths)
            }
            Ok(None) => {
                tx.rollback().await?;
                Ok(Vec::new())
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }
}

fn is_field(path: &ElementPath) -> bool {
    matches!(path.split().1, Some(("fields", name)) if !name.contains('.'))
}

async fn purge_under_lock(
    tx: &mut MetadataTx,
    tenant: TenantId,
    due: &[ElementPath],
    now: DateTime,
) -> Result<Option<(Vec<String>, ModelVersion, Arc<Model>)>, PackagesError> {
    let rows = tx.rows().await?;
    let before = tenon_catalog::model_of(tenant, &rows)?;
    let purged = without(tenant, &rows, due);
    if purged.elements.is_empty() {
        return Ok(None);
    }
    let paths: Vec<ElementPath> = purged.elements.iter().map(|element| element.path.clone()).collect();
    tx.remove_elements(&Name::known(TENANT_LAYER), &paths).await?;
    let mut by_object: BTreeMap<&str, Vec<FieldIx>> = BTreeMap::new();
    for path in &paths {
        let object = before.objects.iter().find(|object| object.name.as_str() == path.split().0);
        let field = object.and_then(|object| object.fields.iter().find(|field| !field.system && field.name.as_str() == path.name()));
        by_object.entry(path.split().0).or_default().extend(field.map(|field| field.ix));
    }
    for object in &before.objects {
        if let Some(fields) = by_object.get(object.name.as_str()) {
            tx.drop_fields(object, fields).await?;
        }
    }
    let after = tenon_catalog::model_of(tenant, &purged.rows)?;
    tx.shape(Some(&before), &after).await?;
    let version = purged.rows.version;
    let names: Vec<String> = paths.into_iter().map(|path| path.0).collect();
    let overwritten: Vec<Json> = purged.elements.iter().map(journal::stored).collect();
    tx.journal(now, &json!({ "by": "Tenon", "layer": TENANT_LAYER, "purged": names, "overwritten": overwritten })).await?;
    let facts = json!({ "layer": TENANT_LAYER, "version": version.0, "purged": names });
    tx.audit_note(&AuditBy::system(now), AuditNote::new(AuditKind::MetadataChanged).facts(facts)).await?;
    Ok(Some((names, version, Arc::new(after))))
}

/// The rows without those of these fields that nothing else needs.
fn without(tenant: TenantId, rows: &MetadataRows, due: &[ElementPath]) -> Purged {
    let target = Name::known(TENANT_LAYER);
    let stored = Stored::new(&rows.layers, &rows.physical, &target);
    let mut purged = Purged { elements: Vec::new(), rows: MetadataRows { version: ModelVersion(rows.version.0 + 1), ..rows.clone() } };
    for path in due {
        // What a package has too would come back by itself.
        let element = stored.own.get(path).filter(|element| element.state == State::Retired && stored.below_id(path).is_none());
        let Some(element) = element else { continue };
        let mut next = purged.rows.clone();
        for layer in next.layers.iter_mut().filter(|layer| layer.package == target) {
            layer.elements.retain(|one| one.path != *path);
        }
        let (model, found) = tenon_catalog::assemble_rows(tenant, &next);
        match found.iter().find(|one| one.severity == Severity::Error) {
            None if model.is_some() => {
                purged.rows = next;
                purged.elements.push(element.clone());
            }
            why => tracing::warn!(%tenant, %path, why = ?why.map(ToString::to_string), "a retired field is still needed"),
        }
    }
    purged
}
