//! What a job has begun is taken back: its element is what it was, and nothing of the job is left in the tables.

use std::sync::Arc;

use serde_json::json;
use tenon_model::{Element, ModelVersion, shadow_id};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, MetadataTx};
use tenon_value::{TenantId, Uuid};

use super::work::{found, holds, shaping};
use crate::{Packages, PackagesError};

impl Packages {
    /// Takes back what a job has begun; false where there is nothing of it.
    ///
    /// # Errors
    /// Where the store does not do it; then everything is as it was.
    pub async fn unshape(&self, tenant: TenantId, job: Uuid) -> Result<bool, PackagesError> {
        let mut tx = self.store.metadata_begin(tenant).await?;
        let done = self.under_lock_back(&mut tx, tenant, job).await;
        let done = done.map(|model| model.map(|model| ((), Arc::new(model))));
        Ok(self.ended(tx, done).await?.is_some())
    }

    /// Takes back what jobs have begun that ended otherwise than well, or are no more: their paths. For who walks over all
    /// tenants: a job sees to that by itself, unless its node died just then.
    ///
    /// # Errors
    /// What the store says.
    pub async fn unshape_left(&self, tenant: TenantId) -> Result<Vec<String>, PackagesError> {
        let rows = self.store.metadata(tenant).await?;
        let all = rows.layers.iter().flat_map(|layer| &layer.elements);
        let built: Vec<(Uuid, String)> = all.filter_map(|element| Some((element.building()?, element.path.0.clone()))).collect();
        let mut left = Vec::new();
        for (job, path) in built {
            let has_ended = self.store.job(tenant, job).await?.is_none_or(|job| job.state.has_ended());
            if has_ended && self.unshape(tenant, job).await? {
                left.push(path);
            }
        }
        Ok(left)
    }

    async fn under_lock_back(&self, tx: &mut MetadataTx, tenant: TenantId, job: Uuid) -> Result<Option<tenon_model::Model>, PackagesError> {
        let now = (self.clock)();
        let rows = tx.rows().await?;
        let Some((layer, id)) = found(&rows, job) else { return Ok(None) };
        let before = tenon_catalog::model_of(tenant, &rows)?;
        // Where the model would have mistakes by now there are no keys to be told from those in use.
        let keys = shaping(tenant, &rows, (job, false)).ok().flatten().map(|work| work.keys).unwrap_or_default();
        let mut next = MetadataRows { version: ModelVersion(rows.version.0 + 1), ..rows.clone() };
        let of_job = |one: &&mut Element| one.building() == Some(job);
        let Some(element) = next.layers.iter_mut().flat_map(|layer| &mut layer.elements).find(of_job) else { return Ok(None) };
        element.unbuild();
        let element = element.clone();
        tx.shape_drop_keys(&keys).await?;
        if let Some(object) = before.objects.iter().find(|object| holds(object, id)) {
            tx.shape_end(&object.table, job).await?;
            if let Some(shadow) = rows.physical.names.get(&shadow_id(id)) {
                let columns = tx.columns_of_stem(&object.table, shadow).await?;
                tx.shape_drop(&object.table, &columns).await?;
            }
        }
        next.physical.names.remove(&shadow_id(id));
        tx.forget_physical(shadow_id(id)).await?;
        tx.put_elements(layer, std::slice::from_ref(&element)).await?;
        let after = tenon_catalog::model_of(tenant, &next)?;
        tx.shape(Some(&before), &after).await?;
        let path = element.path.0.as_str();
        tx.journal(now, &json!({ "by": "Tenon", "layer": layer.as_str(), "taken_back": path, "job": job.to_string() })).await?;
        let facts = json!({ "layer": layer.as_str(), "version": after.version.0, "taken_back": path });
        tx.audit_note(&AuditBy::system(now), AuditNote::new(AuditKind::MetadataChanged).facts(facts)).await?;
        Ok(Some(after))
    }
}
