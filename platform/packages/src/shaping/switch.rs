//! What a job has prepared comes into force: one short transaction under the model lock.

use std::sync::Arc;

use serde_json::json;
use tenon_diagnostics::Problem;
use tenon_model::{columns_id, shadow_id};
use tenon_store::{AuditBy, AuditKind, AuditNote, JobLease, JobProgress, MetadataTx, ShapeRow};
use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::work::{Shaping, shaping};
use crate::{Packages, PackagesError};

/// Records written since a job came by that are gone over while nobody can write (`shape_last`).
const LAST_MAX: u32 = 500;

/// How an attempt to bring it into force ended.
#[derive(Debug)]
pub enum Switched {
    /// It is in force.
    Done,
    /// More was written meanwhile than can be gone over while nobody writes: go over it first.
    More,
    /// What was written meanwhile stands in the way.
    Refused(Box<Problem>),
    /// Its element is no longer the job's.
    Gone,
}

/// What comes of the last rows: what their shadows are to hold, or what stands in the way.
pub type Settle<'s> = &'s (dyn Fn(&Shaping, &[ShapeRow]) -> Result<Vec<(Uuid, Value)>, Box<Problem>> + Sync);

impl Packages {
    /// Begins to note what is written, and puts shadow columns beside those in use.
    ///
    /// # Errors
    /// Where the store does not do it; then nothing is begun.
    pub async fn shape_begin(&self, tenant: TenantId, job: Uuid, work: &Shaping) -> Result<(), PackagesError> {
        let Some(look) = &work.look else { return Ok(()) };
        let mut tx = self.store.metadata_begin(tenant).await?;
        let version = tx.version();
        // What is filled in where it is missing stands in columns that are in use already.
        let look = if work.converts { look.clone() } else { tenon_store::ShapeLook { shadow: Vec::new(), ..look.clone() } };
        tx.shape_begin(&look, job).await?;
        Ok(tx.commit(version).await?)
    }

    /// Brings a job's work into force, with how far the job has come.
    ///
    /// # Errors
    /// `LeaseLost` where another has the job; what the store says. Then everything is as it was.
    pub async fn shape_switch(
        &self,
        tenant: TenantId,
        (job, fills, lease): (Uuid, bool, JobLease),
        progress: &JobProgress,
        settle: Settle<'_>,
    ) -> Result<Switched, PackagesError> {
        let mut tx = self.store.metadata_begin(tenant).await?;
        match under_lock(&mut tx, (tenant, job, fills), (self.clock)(), settle).await {
            Ok(Ok(work)) => {
                tx.job_checkpoint(lease, progress).await?;
                tx.commit(work.then.version).await?;
                self.catalog.offer(Arc::clone(&work.then));
                Ok(Switched::Done)
            }
            Ok(Err(switched)) => {
                tx.rollback().await?;
                Ok(switched)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    /// Drops the columns that held a field before its type was changed.
    ///
    /// # Errors
    /// What the store says.
    pub async fn shape_drop(&self, tenant: TenantId, table: &str, columns: &[String]) -> Result<(), PackagesError> {
        let mut tx = self.store.metadata_begin(tenant).await?;
        let version = tx.version();
        tx.shape_drop(table, columns).await?;
        Ok(tx.commit(version).await?)
    }
}

async fn under_lock(
    tx: &mut MetadataTx,
    (tenant, job, fills): (TenantId, Uuid, bool),
    now: DateTime,
    settle: Settle<'_>,
) -> Result<Result<Shaping, Switched>, PackagesError> {
    let rows = tx.rows().await?;
    let Some(work) = shaping(tenant, &rows, (job, fills))? else { return Ok(Err(Switched::Gone)) };
    if let Some(look) = &work.look {
        let Some(last) = tx.shape_touched(look, job, LAST_MAX).await? else { return Ok(Err(Switched::More)) };
        let written = match settle(&work, &last) {
            Ok(written) => written,
            Err(problem) => return Ok(Err(Switched::Refused(problem))),
        };
        if !tx.shape_write(look, &written).await? {
            let problem = Problem::invalid("unique", "two records would have the same value", "两条记录的值将相同");
            return Ok(Err(Switched::Refused(Box::new(problem))));
        }
        tx.shape_end(&look.table, job).await?;
    }
    if work.converts {
        let id = work.element.id;
        if let Some(shadow) = rows.physical.names.get(&shadow_id(id)) {
            tx.put_physical(columns_id(id), shadow).await?;
            tx.forget_physical(shadow_id(id)).await?;
        }
    }
    tx.put_elements(&work.layer, std::slice::from_ref(&work.element)).await?;
    tx.shape(Some(&work.now), &work.then).await?;
    let path = work.element.path.0.as_str();
    tx.journal(now, &json!({ "by": "Tenon", "layer": work.layer.as_str(), "built": path, "job": job.to_string() })).await?;
    let facts = json!({ "layer": work.layer.as_str(), "version": work.then.version.0, "built": path });
    tx.audit_note(&AuditBy::system(now), AuditNote::new(AuditKind::MetadataChanged).facts(facts)).await?;
    Ok(Ok(work))
}
