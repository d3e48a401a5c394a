//! The door of this crate: plan, apply, pull, settings.

use std::sync::Arc;

use tenon_catalog::{Catalog, CatalogError};
use tenon_context::OpContext;
use tenon_hooks::Offers;
use tenon_model::{Model, ModelVersion};
use tenon_store::Store;
use tenon_value::{DateTime, Name, TenantId};

use crate::apply::{Applied, Consent, Work};
use crate::compute::compute;
use crate::elements::{Stored, TENANT_LAYER};
use crate::install::{HostTestStage, Plugins, WithModels};
use crate::measure::{Gauge, settle};
use crate::plans::{Kept, Plans};
use crate::{BASE_PACKAGE, Change, Draft, PackagesError, Plan, Session, SourceFile, crm, pull};

/// Plans and applies changes of metadata. Cheap to clone.
#[derive(Clone)]
pub struct Packages {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) clock: fn() -> DateTime,
    pub(crate) plugins: Plugins,
    plans: Plans,
}

impl std::fmt::Debug for Packages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packages").finish_non_exhaustive()
    }
}

impl Packages {
    /// Over a store and its models. The clock is the wall's; business time comes with each context.
    #[must_use]
    pub fn new(store: Store, catalog: Arc<Catalog>, clock: fn() -> DateTime) -> Self {
        Self { store, catalog, clock, plugins: Plugins::default(), plans: Plans::new() }
    }

    /// What the plugins of a tenant's packages offer to be called.
    #[must_use]
    pub fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        self.plugins.offers(tenant)
    }

    /// The same, with a host for the plugins of packages: each tenant's are brought in with its model.
    #[must_use]
    pub fn with_plugins(self, plugins: Plugins) -> Self {
        self.catalog.follow(Arc::new(WithModels { plugins: plugins.clone(), store: self.store.clone() }));
        Self { plugins, ..self }
    }

    /// From now on the tests of packages are played before these are put in force. Said once.
    pub fn test_by(&self, stage: Arc<dyn HostTestStage>) {
        self.plugins.test_by(stage);
    }

    /// Plans a draft of the tenant's layer. Mistakes are in the plan's diagnostics.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn plan(&self, cx: &OpContext, draft: Draft) -> Result<Plan, PackagesError> {
        Ok(self.planned(cx, draft).await?.0)
    }

    /// The same, with the model it would make, where it would make one.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn planned(&self, cx: &OpContext, draft: Draft) -> Result<(Plan, Option<Model>), PackagesError> {
        let tenant = cx.model.tenant;
        let rows = self.store.metadata(tenant).await?;
        let mut computed = compute(tenant, &rows, &Name::known(TENANT_LAYER), &draft, cx.now)?;
        let mut gauge = Gauge::reading(&self.store, cx, Arc::clone(&computed.before));
        let plan = settle(&mut gauge, &mut computed, cx.now).await?;
        // One with mistakes is kept as well: who applies it is told of them, not that he came too late.
        if !plan.is_empty() || plan.errors().next().is_some() {
            self.plans.keep(tenant, plan.clone(), draft);
        }
        Ok((plan, computed.after))
    }

    /// Plans of this tenant that can still be applied, the newest first.
    #[must_use]
    pub fn plans(&self, tenant: TenantId, first: usize) -> Vec<Plan> {
        self.plans.list(tenant, first)
    }

    /// A session in which changes are carried out together.
    #[must_use]
    pub fn session(&self, cx: OpContext) -> Session {
        Session::new(self.clone(), cx)
    }

    /// Applies a plan by its hash, in a session of its own.
    ///
    /// # Errors
    /// As [`Session::apply`].
    pub async fn apply(&self, cx: &OpContext, hash: &str, confirm: &[String]) -> Result<Applied, PackagesError> {
        let mut session = self.session(cx.clone());
        let outcome = session.apply(hash, confirm).await;
        session.end(outcome).await
    }

    /// Carries changes out, in a session of their own.
    ///
    /// # Errors
    /// As [`Session::change`].
    pub async fn change(&self, cx: &OpContext, changes: Vec<Change>) -> Result<Applied, PackagesError> {
        let mut session = self.session(cx.clone());
        let outcome = session.change(changes).await;
        session.end(outcome).await
    }

    pub(crate) fn kept(&self, tenant: TenantId, hash: &str) -> Option<Arc<Kept>> {
        self.plans.find(tenant, hash)
    }

    /// Installs the base package in a new tenant; again on an old one, it brings what is new in it.
    ///
    /// # Errors
    /// Where the store does not do it.
    pub async fn install_base(&self, tenant: TenantId) -> Result<Applied, PackagesError> {
        let draft = Draft::Files { files: crm::files(), prune: false };
        let target = Name::known(BASE_PACKAGE);
        let work = Work { tenant, cx: None, target, draft: &draft, expect: None, consent: Consent::Package };
        match self.carry_out(work).await {
            Err(PackagesError::Refused(diagnostics)) => {
                let first = diagnostics.first().map(ToString::to_string);
                Err(PackagesError::BuiltIn(first.unwrap_or_default()))
            }
            other => other,
        }
    }

    /// The files of a layer: `tenant`, or a package's name. `paths` keeps some of them.
    ///
    /// # Errors
    /// `NoLayer` where there is none of that name.
    pub async fn pull(&self, tenant: TenantId, layer: &str, paths: Option<&[String]>) -> Result<Vec<SourceFile>, PackagesError> {
        let rows = self.store.metadata(tenant).await?;
        pull::files(&rows, layer, paths)
    }

    /// What the tenant wrote over a package's elements, by path.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn overrides(&self, tenant: TenantId) -> Result<Vec<String>, PackagesError> {
        let rows = self.store.metadata(tenant).await?;
        let stored = Stored::new(&rows.layers, &rows.physical, &Name::known(TENANT_LAYER));
        Ok(stored.own.keys().filter(|path| stored.below.contains_key(*path)).map(|path| path.0.clone()).collect())
    }

    /// The model in force, of this tenant.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn model(&self, tenant: TenantId) -> Result<Arc<Model>, PackagesError> {
        let version = self.catalog.current_version(tenant).await?;
        Ok(self.live(tenant, version).await?)
    }

    /// The model of at least this version.
    pub(crate) async fn live(&self, tenant: TenantId, version: ModelVersion) -> Result<Arc<Model>, CatalogError> {
        self.catalog.reload(tenant, version).await
    }
}
