//! Several changes in one transaction: a document of the metadata API is carried out whole, or not at all.
//!
//! Invariant: from the first change to the end the session holds the exclusive model lock; nothing outside sees a
//! change before [`Session::finish`].

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_model::{Model, ModelVersion, ObjectIx};
use tenon_plugin_host::Checked;
use tenon_store::{IdempotencyRow, MetadataTx};
use tenon_value::Name;

use crate::apply::{Consent, Work, settings_under_lock};
use crate::elements::{TENANT_LAYER, renamed};
use crate::{Applied, Change, Draft, Operation, Packages, PackagesError, Plan, SettingsChange};

/// The changes of one document, until it ends.
#[derive(Debug)]
pub struct Session {
    pub(crate) packages: Packages,
    pub(crate) cx: OpContext,
    open: Option<Open>,
    /// Plugins that are ready to be taken in when it ends.
    pub(crate) compiled: Vec<Checked>,
}

/// The transaction, from the first change on.
pub(crate) struct Open {
    pub(crate) tx: MetadataTx,
    pub(crate) model: Arc<Model>,
    pub(crate) changed: Option<ModelVersion>,
    /// A package came, went or stands otherwise.
    pub(crate) packages: bool,
    /// How many records it made, less those it destroyed.
    pub(crate) grown: i64,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("changed", &self.changed).finish_non_exhaustive()
    }
}

/// The path a change takes out of use or gives a new name: it names it, so it is its own confirmation.
fn named_path(change: &Change) -> Option<String> {
    match change {
        Change::Retire(path) => Some(path.0.clone()),
        Change::Update { path, rename: Some(name), .. } => Some(renamed(path, name).0),
        _ => None,
    }
}

impl Session {
    pub(crate) const fn new(packages: Packages, cx: OpContext) -> Self {
        Self { packages, cx, open: None, compiled: Vec::new() }
    }

    /// Whether anything was begun in it: then others wait for its end.
    pub(crate) const fn has_begun(&self) -> bool {
        self.open.is_some()
    }

    /// The model with all changes so far.
    #[must_use]
    pub fn model(&self) -> Arc<Model> {
        Arc::clone(self.open.as_ref().map_or(&self.cx.model, |open| &open.model))
    }

    /// Carries out changes. A change that retires or renames says what, so it is its own confirmation.
    ///
    /// # Errors
    /// `Blocked`, `Unconfirmed`, `Refused`: then the session can only be abandoned.
    pub async fn change(&mut self, changes: Vec<Change>) -> Result<Vec<Operation>, PackagesError> {
        let named: Vec<String> = changes.iter().filter_map(named_path).collect();
        self.carry_out(&Draft::Changes(changes), None, &named).await
    }

    /// Carries out a plan by its hash. Steps that are destructive or break the API are named in `confirm` by path.
    ///
    /// # Errors
    /// `PlanStale` where the metadata moved; as [`Session::change`] otherwise.
    pub async fn apply(&mut self, hash: &str, confirm: &[String]) -> Result<Vec<Operation>, PackagesError> {
        let kept = self.packages.kept(self.cx.model.tenant, hash).ok_or(PackagesError::PlanStale)?;
        self.carry_out(&kept.draft, Some(&kept.plan), confirm).await
    }

    /// Changes settings.
    ///
    /// # Errors
    /// `Setting` where one makes no sense.
    pub async fn settings(&mut self, change: &SettingsChange) -> Result<Arc<Model>, PackagesError> {
        let cx = self.cx.clone();
        let open = self.opened().await?;
        if let Some(version) = settings_under_lock(&mut open.tx, &cx, change).await? {
            let rows = open.tx.rows().await?;
            let rows = tenon_store::MetadataRows { version, ..rows };
            open.model = Arc::new(tenon_catalog::model_of(cx.model.tenant, &rows)?);
            open.changed = Some(version);
        }
        Ok(self.model())
    }

    /// How many records an object has.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn row_count(&mut self, object: ObjectIx) -> Result<u64, PackagesError> {
        match &mut self.open {
            None => Ok(self.packages.store.row_count(&self.cx.model, object).await?),
            Some(open) => match Arc::clone(&open.model).object(object) {
                Some(object) => Ok(open.tx.row_count(object).await?),
                None => Ok(0),
            },
        }
    }

    /// Keeps the answer to what was changed under an idempotency key of the caller, with the change. Where nothing was
    /// changed nothing is kept: the same request changes nothing again.
    ///
    /// # Errors
    /// `IdempotencyTaken` where another request with the key was faster.
    pub async fn keep_answer(&mut self, key: &str, body_hash: [u8; 32], response: &[u8]) -> Result<(), PackagesError> {
        let row = IdempotencyRow { body_hash, response: response.to_vec(), at: self.cx.now };
        match &mut self.open {
            Some(open) if open.changed.is_some() => Ok(open.tx.keep_answer(&self.cx.principal.owner_key(), key, &row).await?),
            _ => Ok(()),
        }
    }

    /// Ends it: what was changed is live when this returns.
    ///
    /// # Errors
    /// Where the store does not commit; then nothing was changed.
    pub async fn finish(self) -> Result<Arc<Model>, PackagesError> {
        let Some(Open { tx, model, changed, packages, grown }) = self.open else { return Ok(self.cx.model) };
        let Some(version) = changed else {
            tx.rollback().await?;
            return Ok(model);
        };
        tx.commit(version).await?;
        self.packages.store.records_grew(model.tenant, grown);
        // Before anybody meets the model: who saves by it meets its plugins. What cannot be brought in now comes with the
        // model, when the catalog loads it.
        if packages && let Err(error) = self.packages.plugins.bring(&self.packages.store, model.tenant).await {
            tracing::error!(tenant = %model.tenant, %error, "the plugins of a change of packages could not be brought in");
            return Ok(model);
        }
        self.packages.catalog.offer(Arc::clone(&model));
        Ok(model)
    }

    /// Ends it without a trace.
    ///
    /// # Errors
    /// Where the store does not even roll back; the database will.
    pub async fn abandon(self) -> Result<(), PackagesError> {
        if let Some(open) = self.open {
            open.tx.rollback().await?;
        }
        Ok(())
    }

    /// Finishes after success, leaves no trace after failure.
    pub(crate) async fn end(self, outcome: Result<Vec<Operation>, PackagesError>) -> Result<Applied, PackagesError> {
        match outcome {
            Ok(operations) => {
                let model = self.finish().await?;
                Ok(Applied { version: model.version, operations, model })
            }
            Err(error) => {
                self.abandon().await?;
                Err(error)
            }
        }
    }

    pub(crate) async fn opened(&mut self) -> Result<&mut Open, PackagesError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let mut tx = self.packages.store.metadata_begin(self.cx.model.tenant).await?;
                let rows = tx.rows().await?;
                let model = Arc::new(tenon_catalog::model_of(self.cx.model.tenant, &rows)?);
                Open { tx, model, changed: None, packages: false, grown: 0 }
            }
        };
        Ok(self.open.insert(open))
    }

    async fn carry_out(&mut self, draft: &Draft, expect: Option<&Plan>, confirm: &[String]) -> Result<Vec<Operation>, PackagesError> {
        let (packages, cx) = (self.packages.clone(), self.cx.clone());
        let open = self.opened().await?;
        let tenant = cx.model.tenant;
        let work = Work { tenant, cx: Some(&cx), target: Name::known(TENANT_LAYER), draft, expect, consent: Consent::Paths(confirm) };
        let done = packages.under_lock(&mut open.tx, &work).await?;
        let Some(done) = done else { return Ok(Vec::new()) };
        open.changed = Some(done.version);
        open.model = done.model;
        Ok(done.operations)
    }
}
