//! Fields and relations that have been retired for thirty days are let go: their element, their columns or links, what stood
//! in them.
//!
//! Each only as far as the rest still makes a model without it. Objects that are retired stay: their records, their history
//! and the audit trail are about more than a column. What history says of old values stays as well, until the
//! person it is about is erased.

use std::sync::Arc;

use serde_json::json;
use tenon_diagnostics::Severity;
use tenon_model::{Element, ElementPath, FieldIx, Model, ModelVersion, State};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, MetadataTx};
use tenon_value::{DateTime, ElementId, Json, Name, TenantId};

use crate::elements::{Stored, TENANT_LAYER};
use crate::{Packages, PackagesError, journal};

/// Days for which a field or relation that was retired can be restored (`retired_days`).
pub const RETIRED_DAYS: i64 = 30;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What is let go, and what is left.
struct Purged {
    elements: Vec<Element>,
    rows: MetadataRows,
}

impl Packages {
    /// Lets go of the fields and relations of a tenant that are due by its business time; their paths.
    ///
    /// # Errors
    /// Where the store does not answer; then everything is as it was.
    pub async fn purge(&self, tenant: TenantId, now: DateTime) -> Result<Vec<String>, PackagesError> {
        let before = DateTime::from_millis(now.millis().saturating_sub(RETIRED_DAYS * DAY_MILLIS));
        let retired = self.store.retired_before(tenant, (before, now)).await?;
        let is_own = |(layer, path): &(Name, ElementPath)| layer.as_str() == TENANT_LAYER && is_of_record(path);
        let due: Vec<ElementPath> = retired.into_iter().filter(is_own).map(|(_, path)| path).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.store.metadata_begin(tenant).await?;
        let done = purge_under_lock(&mut tx, tenant, &due, now).await;
        Ok(self.ended(tx, done).await?.unwrap_or_default())
    }
}

/// Whether it is a field or a relation.
fn is_of_record(path: &ElementPath) -> bool {
    matches!(path.split().1, Some(("fields" | "relations", name)) if !name.contains('.'))
}

async fn purge_under_lock(
    tx: &mut MetadataTx,
    tenant: TenantId,
    due: &[ElementPath],
    now: DateTime,
) -> Result<Option<(Vec<String>, Arc<Model>)>, PackagesError> {
    let rows = tx.rows().await?;
    let before = tenon_catalog::model_of(tenant, &rows)?;
    let purged = without(tenant, &rows, due);
    if purged.elements.is_empty() {
        return Ok(None);
    }
    let paths: Vec<ElementPath> = purged.elements.iter().map(|element| element.path.clone()).collect();
    tx.remove_elements(&Name::known(TENANT_LAYER), &paths).await?;
    drop_stored(tx, &before, &purged.elements).await?;
    let after = tenon_catalog::model_of(tenant, &purged.rows)?;
    tx.shape(Some(&before), &after).await?;
    let version = purged.rows.version;
    let names: Vec<String> = paths.into_iter().map(|path| path.0).collect();
    let overwritten: Vec<Json> = purged.elements.iter().map(journal::stored).collect();
    tx.journal(now, &json!({ "by": "Tenon", "layer": TENANT_LAYER, "purged": names, "overwritten": overwritten })).await?;
    let facts = json!({ "layer": TENANT_LAYER, "version": version.0, "purged": names });
    tx.audit_note(&AuditBy::system(now), AuditNote::new(AuditKind::MetadataChanged).facts(facts)).await?;
    Ok(Some((names, Arc::new(after))))
}

/// Drops what fields and relations were kept in.
async fn drop_stored(tx: &mut MetadataTx, before: &Model, elements: &[Element]) -> Result<(), PackagesError> {
    for object in &before.objects {
        let is_gone = |id: ElementId| elements.iter().any(|element| element.id == id);
        let fields: Vec<FieldIx> = object.fields.iter().filter(|field| !field.system && is_gone(field.id)).map(|field| field.ix).collect();
        if !fields.is_empty() {
            tx.drop_fields(object, &fields).await?;
        }
        for relation in object.relations.iter().filter(|relation| !relation.system && is_gone(relation.id)) {
            let link = before.links.iter().find(|link| link.source == object.ix && link.relation == relation.ix);
            tx.drop_relation(object, relation, link).await?;
        }
    }
    Ok(())
}

/// The rows without those of these fields and relations that nothing else needs.
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
            why => tracing::warn!(%tenant, %path, why = ?why.map(ToString::to_string), "what was retired is still needed"),
        }
    }
    purged
}
