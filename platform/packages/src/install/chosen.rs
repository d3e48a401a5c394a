//! A version chosen to be put in force: read again, verified again, with all that it needs at hand.

use tenon_diagnostics::Diagnostic;
use tenon_plugin_host::PluginPackage;
use tenon_store::{MetadataRows, StoredPackage, StoredPackageVersion};
use tenon_value::{Json, Name, TenantId};

use super::upload::plugin_of;
use super::{GrantLine, InstallError, grants, namespace, requires};
use crate::{Bundle, Draft, Packages, PackagesError};

/// A version chosen to be put in force.
pub(super) struct Chosen {
    pub(super) name: Name,
    pub(super) version: StoredPackageVersion,
    pub(super) bundle: Bundle,
    pub(super) plugin: Option<PluginPackage>,
    pub(super) grants: Vec<GrantLine>,
    pub(super) requires: Json,
}

impl Packages {
    /// Chooses a version, the highest uploaded where none is named, over what is there.
    pub(super) async fn choose(
        &self,
        tenant: TenantId,
        (package, version): (&str, Option<&str>),
        there: &[StoredPackage],
    ) -> Result<Chosen, PackagesError> {
        let all = self.store.package_versions(tenant).await?;
        let fitting = all.iter().filter(|one| one.package == package && version.is_none_or(|version| one.version == version));
        let found = fitting.max_by_key(|one| requires::version(&one.version)).ok_or(InstallError::NoPackage)?;
        let bundle = self.bundle(tenant, found).await?;
        if bundle.digest() != found.digest {
            return Err(InstallError::Damaged.into());
        }
        // Whom the server trusts may have changed since the upload.
        self.plugins.publishers().verify(&bundle).map_err(InstallError::from)?;
        let digest_of = |other: &StoredPackage| {
            all.iter()
                .find(|one| one.package == other.package && one.version == other.version)
                .map(|one| one.digest.clone())
                .unwrap_or_default()
        };
        let requires = requires::standing_on(&bundle.manifest, there, digest_of)?;
        requires::still_needed(package, Some(&found.version), there)?;
        let plugin = plugin_of(&bundle)?;
        let grants = grants::lines(&bundle.manifest, plugin.as_ref()).map_err(InstallError::from)?;
        Ok(Chosen { name: bundle.manifest.package.clone(), version: found.clone(), bundle, plugin, grants, requires })
    }
}

impl Chosen {
    /// Its metadata in the place of what its layer has: what it no longer brings is retired.
    pub(super) fn draft(&self) -> Draft {
        Draft::Files { files: self.bundle.metadata(), prune: true }
    }

    /// Everything it names that is not its own.
    pub(super) fn strays(&self, rows: &MetadataRows, there: &[StoredPackage]) -> Vec<Diagnostic> {
        let written = tenon_compiler::read(&self.name, &self.bundle.metadata()).layer;
        let packages: Vec<String> = there.iter().map(|one| one.package.clone()).collect();
        namespace::strays(&self.bundle.manifest, &written, &rows.layers, &packages)
    }

    /// Refuses what is older than what was in force once: a replayed version brings its old holes back.
    pub(super) fn check_newer(&self, before: Option<&StoredPackage>) -> Result<(), InstallError> {
        match before {
            Some(before) if requires::version(&self.version.version) < requires::version(&before.highest) => {
                Err(InstallError::Older { version: self.version.version.clone(), highest: before.highest.clone() })
            }
            _ => Ok(()),
        }
    }
}
