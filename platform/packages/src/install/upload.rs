//! Taking a `.tenon` file in: read, verified, kept. Nothing of it is in force by that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_model::Special;
use tenon_plugin_host::PluginPackage;
use tenon_store::{AuditKind, AuditNote, PACKAGE_PART_BYTES, Quota, StoredPackageVersion};
use tenon_value::TenantId;

use super::{InstallError, grants, outward, requires};
use crate::{BASE_PACKAGE, Bundle, Packages, PackagesError, TENANT_LAYER};

/// Versions kept of one package (`package_versions`).
pub const VERSIONS_MAX: usize = 20;

/// Refuses who lacks the special right `packages`.
pub(super) fn may(cx: &OpContext) -> Result<(), InstallError> {
    let policy = Policy::resolve(&cx.model, &cx.principal);
    if policy.may_special(Special::Packages) { Ok(()) } else { Err(InstallError::Forbidden) }
}

/// The plugin of a bundle, with what its manifest says.
pub(super) fn plugin_of(bundle: &Bundle) -> Result<Option<PluginPackage>, InstallError> {
    let Some(component) = bundle.component() else { return Ok(None) };
    let mut plugin = PluginPackage::from_component(component)?;
    plugin.grant = grants::grant_of(&bundle.manifest)?;
    plugin.size = bundle.size_of(plugin.size)?;
    plugin.acting = grants::may_act(&bundle.manifest)?;
    plugin.outward = outward::outward_of(&bundle.manifest)?;
    let skips = bundle.manifest.plugin.as_ref().and_then(|plugin| plugin.get("on_fault")?.as_str()) == Some("skip");
    for subscription in plugin.subscriptions.iter_mut().filter(|_| skips) {
        subscription.on_fault = tenon_plugin_host::OnFault::Skip;
    }
    Ok(Some(plugin))
}

impl Packages {
    /// Takes a `.tenon` file in. The same file again is no mistake.
    ///
    /// # Errors
    /// What is wrong with the file, its signature, or its plugin; `VersionTaken`; limits.
    pub async fn upload(&self, cx: &OpContext, file: Vec<u8>) -> Result<StoredPackageVersion, PackagesError> {
        may(cx)?;
        let this = self.clone();
        // Unpacking and compiling take long: not on a thread that serves.
        let read = tokio::task::spawn_blocking(move || this.read(&file).map(|bundle| (bundle, file)));
        let (bundle, file) = read.await.map_err(|_| InstallError::Damaged)??;
        let index = &bundle.index;
        let stored = StoredPackageVersion {
            package: index.package.clone(),
            version: index.version.clone(),
            digest: bundle.digest(),
            file: hex::encode(Sha256::digest(&file)),
            bytes: i64::try_from(file.len()).unwrap_or(i64::MAX),
            manifest: bundle.manifest.whole.clone(),
            publisher: index.publisher.clone(),
            signed_by: bundle.signature.as_ref().map(|signature| signature.key.to_string()),
            uploaded_by: cx.principal.display.clone(),
            uploaded_at: cx.now,
        };
        let tenant = cx.model.tenant;
        if let Some(known) = self.room_for(tenant, &stored).await? {
            return Ok(known);
        }
        let parts = file.chunks(PACKAGE_PART_BYTES).map(|part| STANDARD.encode(part)).collect::<Vec<_>>();
        if !self.store.package_version_put(tenant, &stored, parts.into_iter()).await? {
            // Somebody was faster.
            return self.room_for(tenant, &stored).await?.ok_or_else(|| InstallError::NoPackage.into());
        }
        let facts = serde_json::json!({ "package": stored.package, "version": stored.version, "digest": stored.digest, "signed_by": stored.signed_by });
        self.store.audit_note(cx, AuditNote::new(AuditKind::PackageUploaded).facts(facts)).await?;
        Ok(stored)
    }

    /// Reads a file and refuses what could never be installed here.
    fn read(&self, file: &[u8]) -> Result<Bundle, InstallError> {
        let bundle = Bundle::read(file)?;
        self.plugins.publishers().verify(&bundle)?;
        let name = bundle.index.package.as_str();
        if [BASE_PACKAGE, TENANT_LAYER, "tenon", "system"].contains(&name) {
            return Err(InstallError::Reserved(name.to_owned()));
        }
        requires::check(&bundle.manifest)?;
        self.plugins.asked_by(&bundle)?;
        Ok(bundle)
    }

    /// The version that is there already, if it is the same; else whether there is room.
    async fn room_for(&self, tenant: TenantId, new: &StoredPackageVersion) -> Result<Option<StoredPackageVersion>, PackagesError> {
        let versions = self.store.package_versions(tenant).await?;
        let same = |one: &&StoredPackageVersion| one.package == new.package && one.version == new.version;
        if let Some(known) = versions.iter().find(same) {
            if known.digest == new.digest {
                return Ok(Some(known.clone()));
            }
            // What nobody has signed promises nothing: it is being written.
            if known.signed_by.is_none() && new.signed_by.is_none() {
                self.store.package_version_remove(tenant, &known.package, &known.version).await?;
                return Ok(None);
            }
            return Err(InstallError::VersionTaken(format!("{}@{}", new.package, new.version)).into());
        }
        let mut packages: Vec<&str> = versions.iter().map(|one| one.package.as_str()).collect();
        packages.dedup();
        if !packages.contains(&new.package.as_str()) {
            let used = u64::try_from(packages.len()).unwrap_or(u64::MAX);
            self.store.quota_for_one_more(tenant, Quota::Packages, used).await?;
        }
        if versions.iter().filter(|one| one.package == new.package).count() >= VERSIONS_MAX {
            return Err(InstallError::Limit { limit: "package_versions", max: VERSIONS_MAX }.into());
        }
        Ok(None)
    }

    /// Forgets a version that was uploaded and is not in use.
    ///
    /// # Errors
    /// `InUse`, `NoPackage`.
    pub async fn forget_version(&self, cx: &OpContext, package: &str, version: &str) -> Result<(), PackagesError> {
        may(cx)?;
        let tenant = cx.model.tenant;
        let is_used = |one: &tenon_store::StoredPackage| {
            one.package == package && one.state.is_present() && (one.version == version || one.previous.as_deref() == Some(version))
        };
        if self.store.packages(tenant).await?.iter().any(is_used) {
            return Err(InstallError::InUse(format!("{package}@{version}")).into());
        }
        if !self.store.package_version_remove(tenant, package, version).await? {
            return Err(InstallError::NoPackage.into());
        }
        let facts = serde_json::json!({ "package": package, "version": version, "removed": true });
        Ok(self.store.audit_note(cx, AuditNote::new(AuditKind::PackageUploaded).facts(facts)).await?)
    }

    /// A version that was uploaded, as a bundle.
    pub(super) async fn bundle(&self, tenant: TenantId, version: &StoredPackageVersion) -> Result<Bundle, InstallError> {
        super::plugins::bundle_of(&self.store, tenant, &version.file).await
    }
}
