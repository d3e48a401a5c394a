//! The plugins of installed packages, on this node: brought into the host when a tenant's model is loaded, and after an install.
//!
//! Invariant: what the host asks is what the tenant's rows say, from the moment their model is served. A plugin that cannot
//! be read or compiled never keeps a model from being served: it is broken, and that is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenon_catalog::{CatalogError, Follower};
use tenon_diagnostics::Classify;
use tenon_hooks::{Hooks, Offers, Tree};
use tenon_plugin_host::{Checked, Line, LoadError, PluginHost, PluginPackage, Trace, Usage};
use tenon_store::{PackageState, Store, StoredPackage, StoredPackageVersion};
use tenon_value::TenantId;

use super::upload::plugin_of;
use super::{GrantLine, HostTestStage, InstallError, PluginCalls, grants};
use crate::{Bundle, Publishers};

/// Turns are taken by tenant; tenants share this many.
const TURNS: usize = 32;

/// The plugins of installed packages. Cheap to clone.
#[derive(Clone, Default)]
pub struct Plugins {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    host: Option<PluginHost>,
    /// Who lets a plugin work on records in a change of its package.
    calls: Option<Arc<dyn PluginCalls>>,
    /// Who plays the tests of packages; nobody where no server runs.
    stage: OnceLock<Arc<dyn HostTestStage>>,
    publishers: Publishers,
    /// By tenant and package.
    here: Mutex<HashMap<TenantId, HashMap<String, Here>>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

/// A package's plugin on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Here {
    digest: String,
    /// Why it is not asked, if it should be.
    broken: Option<String>,
}

impl std::fmt::Debug for Plugins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugins").field("publishers", &self.inner.publishers).finish_non_exhaustive()
    }
}

/// The bundle whose file is kept under this digest.
pub(super) async fn bundle_of(store: &Store, tenant: TenantId, file: &str) -> Result<Bundle, InstallError> {
    let parts = store.package_parts(tenant, file).await.map_err(|_| InstallError::Damaged)?;
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend(STANDARD.decode(part).map_err(|_| InstallError::Damaged)?);
    }
    if bytes.is_empty() {
        return Err(InstallError::Damaged);
    }
    let read = tokio::task::spawn_blocking(move || Bundle::read(&bytes)).await;
    Ok(read.map_err(|_| InstallError::Damaged)??)
}

impl Plugins {
    /// Over a host, for packages of these publishers; with whoever lets plugins work on records while they are installed.
    #[must_use]
    pub fn new(host: PluginHost, publishers: Publishers, calls: Arc<dyn PluginCalls>) -> Self {
        Self { inner: Arc::new(Inner { host: Some(host), calls: Some(calls), publishers, ..Inner::default() }) }
    }

    pub(super) fn calls(&self) -> Option<Arc<dyn PluginCalls>> {
        self.inner.calls.clone()
    }

    pub(crate) fn test_by(&self, stage: Arc<dyn HostTestStage>) {
        // Whoever came first has it.
        let _is_set = self.inner.stage.set(stage);
    }

    pub(super) fn stage(&self) -> Option<Arc<dyn HostTestStage>> {
        self.inner.stage.get().cloned()
    }

    /// What plugins share in a change that tells this one something.
    pub(super) async fn enter_with(&self, tenant: TenantId, plugin: &Checked) -> Result<Tree, InstallError> {
        match &self.inner.host {
            Some(host) => host.enter_with(tenant, plugin).await.map_err(|error| InstallError::Told(Box::new(error.problem()))),
            None => Err(InstallError::Damaged),
        }
    }

    pub(crate) fn publishers(&self) -> &Publishers {
        &self.inner.publishers
    }

    /// What the plugins of a tenant offer to be called.
    pub(crate) fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        self.inner.host.as_ref().map_or_else(Arc::default, |host| host.offers(tenant))
    }

    /// Whether a plugin could be asked here. Compiles.
    fn check(&self, plugin: PluginPackage) -> Result<Checked, LoadError> {
        match &self.inner.host {
            Some(host) => host.check(plugin),
            None => Err(LoadError::Engine("this process has no plugin host".to_owned())),
        }
    }

    /// Everything a bundle asks for, and its plugin, if it has one. Compiles.
    pub(super) fn asked_by(&self, bundle: &Bundle) -> Result<(Vec<GrantLine>, Option<Checked>), InstallError> {
        let Some(plugin) = plugin_of(bundle)? else { return Ok((grants::lines(&bundle.manifest, None)?, None)) };
        let checked = self.check(plugin.clone())?;
        let imports = checked.imports();
        let lines = grants::lines(&bundle.manifest, Some((&plugin, imports.as_slice())))?;
        Ok((lines, Some(checked)))
    }

    /// What a tenant's plugins have used on this node since it began, by package.
    pub(super) fn usage(&self, tenant: TenantId) -> HashMap<String, Usage> {
        self.inner.host.as_ref().map(|host| host.usage(tenant)).unwrap_or_default().into_iter().collect()
    }

    /// How a version fares on this node, and what it has used.
    pub(super) fn of_version(&self, tenant: TenantId, package: &str, version: &str) -> (bool, Usage) {
        let of = |host: &PluginHost| (host.is_left_alone(tenant, package, version), host.usage_of_version(tenant, package, version));
        self.inner.host.as_ref().map(of).unwrap_or_default()
    }

    /// The last lines of a package's plugin on this node.
    pub(super) fn lines(&self, tenant: TenantId, package: &str) -> Vec<Line> {
        self.inner.host.as_ref().map(|host| host.lines(tenant, package)).unwrap_or_default()
    }

    /// The last failed calls of a package's plugin on this node.
    pub(super) fn traces(&self, tenant: TenantId, package: &str) -> Vec<Arc<Trace>> {
        self.inner.host.as_ref().map(|host| host.traces(tenant, package)).unwrap_or_default()
    }

    /// Why a package's plugin is not asked on this node, if it should be.
    pub(super) fn broken(&self, tenant: TenantId, package: &str) -> Option<String> {
        let here = self.inner.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.get(&tenant)?.get(package)?.broken.clone()
    }

    /// Brings the host to what a tenant's rows say.
    pub(crate) async fn bring(&self, store: &Store, tenant: TenantId) -> Result<(), tenon_store::StoreError> {
        let Some(host) = &self.inner.host else { return Ok(()) };
        let turn = usize::try_from(tenant.0.as_u128() % TURNS as u128).unwrap_or_default();
        let _turn = match self.inner.turns.get(turn) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let packages = store.packages(tenant).await?;
        let mut here = self.inner.here.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned().unwrap_or_default();
        if packages.is_empty() && here.is_empty() {
            return Ok(());
        }
        let versions = store.package_versions(tenant).await?;
        let wanted: Vec<&StoredPackage> = packages.iter().filter(|one| one.state == PackageState::Installed).collect();
        let gone: Vec<String> = here.keys().filter(|name| !wanted.iter().any(|one| one.package == **name)).cloned().collect();
        for name in gone {
            here.remove(&name);
            withdraw(host, tenant, &name);
        }
        for package in wanted {
            let find = |version: &str| versions.iter().find(|one| one.package == package.package && one.version == version);
            let version = find(&package.version);
            let beside = package.beside().map(|(former, percent)| (find(former), percent));
            let mut digest = version.map(|one| one.digest.clone()).unwrap_or_default();
            if let Some((former, percent)) = &beside {
                digest = format!("{digest} for {percent}, {}", former.map(|one| one.digest.as_str()).unwrap_or_default());
            }
            if here.get(&package.package).is_some_and(|known| known.digest == digest && known.broken.is_none()) {
                continue;
            }
            let broken = self.bring_in(store, (tenant, host), (version, beside)).await.err().map(|error| error.to_string());
            if let Some(reason) = &broken {
                tracing::error!(%tenant, package = package.package, version = package.version, reason, "a package's plugin cannot be asked");
                // The version before goes on for all where the one that is tried cannot be asked.
                if beside.is_none() {
                    withdraw(host, tenant, &package.package);
                }
            }
            here.insert(package.package.clone(), Here { digest, broken });
        }
        self.inner.here.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, here);
        Ok(())
    }

    /// A version, and the one before where it is tried beside that.
    async fn bring_in(
        &self,
        store: &Store,
        (tenant, host): (TenantId, &PluginHost),
        (version, beside): (Option<&StoredPackageVersion>, Option<(Option<&StoredPackageVersion>, u8)>),
    ) -> Result<(), InstallError> {
        let Some((former, percent)) = beside else { return self.take_in(store, (tenant, host), (version, None)).await };
        if let Err(error) = self.take_in(store, (tenant, host), (former, None)).await {
            version.into_iter().for_each(|one| withdraw(host, tenant, &one.package));
            return Err(error);
        }
        self.take_in(store, (tenant, host), (version, Some(percent))).await
    }

    /// A version for all, or for a share beside the one that is there.
    async fn take_in(
        &self,
        store: &Store,
        (tenant, host): (TenantId, &PluginHost),
        (version, share): (Option<&StoredPackageVersion>, Option<u8>),
    ) -> Result<(), InstallError> {
        let version = version.ok_or(InstallError::NoPackage)?;
        let plugin = match (plugin_in(store, tenant, version).await?, share) {
            (Some(plugin), _) => plugin,
            // An upgrade may leave the plugin out.
            (None, None) => {
                withdraw(host, tenant, &version.package);
                return Ok(());
            }
            // What is tried beside another has one: it would not be tried.
            (None, Some(_)) => return Err(InstallError::Damaged),
        };
        let host = host.clone();
        let installed = tokio::task::spawn_blocking(move || match share {
            None => host.install(tenant, plugin),
            Some(percent) => host.install_beside(tenant, plugin, percent),
        });
        Ok(installed.await.map_err(|_| InstallError::Damaged)??)
    }
}

/// The plugin of a version, if it has one.
async fn plugin_in(store: &Store, tenant: TenantId, version: &StoredPackageVersion) -> Result<Option<PluginPackage>, InstallError> {
    let bundle = bundle_of(store, tenant, &version.file).await?;
    if bundle.digest() != version.digest {
        return Err(InstallError::Damaged);
    }
    plugin_of(&bundle)
}

/// Takes a package's plugin out of the host, if it is in.
fn withdraw(host: &PluginHost, tenant: TenantId, package: &str) {
    if host.uninstall(tenant, package) {
        tracing::info!(%tenant, package, "plugin is no longer asked");
    }
}

/// Brings plugins in with the models of their tenants.
pub(crate) struct WithModels {
    pub(crate) plugins: Plugins,
    pub(crate) store: Store,
}

#[async_trait]
impl Follower for WithModels {
    async fn follow(&self, tenant: TenantId) -> Result<(), CatalogError> {
        Ok(self.plugins.bring(&self.store, tenant).await?)
    }
}
