//! A version chosen to be put in force: read again, verified again, compiled, with all that it needs at hand.

use tenon_diagnostics::Diagnostic;
use tenon_plugin_host::Checked;
use tenon_store::{MetadataRows, StoredPackage, StoredPackageVersion};
use tenon_value::{Json, Name, TenantId};

use super::{GrantLine, InstallError, namespace, requires};
use crate::{Bundle, Draft, Packages, PackagesError};

/// A version chosen to be put in force.
pub(super) struct Chosen {
    pub(super) name: Name,
    pub(super) version: StoredPackageVersion,
    pub(super) bundle: Bundle,
    pub(super) grants: Vec<GrantLine>,
    /// Its plugin, ready to be taken in.
    pub(super) plugin: Option<Checked>,
    /// Everything that was uploaded.
    all: Vec<StoredPackageVersion>,
}

impl Packages {
    /// Chooses a version, the highest uploaded where none is named. It is compiled, so: before any lock is taken.
    pub(super) async fn choose(&self, tenant: TenantId, (package, version): (&str, Option<&str>)) -> Result<Chosen, PackagesError> {
        let all = self.store.package_versions(tenant).await?;
        let fitting = all.iter().filter(|one| one.package == package && version.is_none_or(|version| one.version == version));
        let found = fitting.max_by_key(|one| requires::version(&one.version)).ok_or(InstallError::NoPackage)?.clone();
        let bundle = self.bundle(tenant, &found).await?;
        if bundle.digest() != found.digest {
            return Err(InstallError::Damaged.into());
        }
        // Whom the server trusts may have changed since the upload.
        self.plugins.publishers().verify(&bundle).map_err(InstallError::from)?;
        let plugins = self.plugins.clone();
        let asked = tokio::task::spawn_blocking(move || plugins.asked_by(&bundle).map(|asked| (bundle, asked))).await;
        let (bundle, (grants, plugin)) = asked.map_err(|_| InstallError::Damaged)??;
        Ok(Chosen { name: bundle.manifest.package.clone(), version: found, bundle, grants, plugin, all })
    }
}

impl Chosen {
    /// The packages it stands on among those there; refused where one is missing, or another needs this one otherwise.
    pub(super) fn standing_on(&self, there: &[StoredPackage]) -> Result<Json, InstallError> {
        let digest_of = |other: &StoredPackage| {
            let version = self.all.iter().find(|one| one.package == other.package && one.version == other.version);
            version.map(|one| one.digest.clone()).unwrap_or_default()
        };
        requires::still_needed(&self.version.package, Some(&self.version.version), there)?;
        requires::standing_on(&self.bundle.manifest, there, digest_of)
    }

    /// What was uploaded of a package as it is in force.
    pub(super) fn version_of(&self, row: &StoredPackage) -> Option<&StoredPackageVersion> {
        self.all.iter().find(|one| one.package == row.package && one.version == row.version)
    }

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
