//! What an administrator gives a package: values of its settings, and secrets. In the transaction of the document that does it.
//!
//! Invariants: a value fits what the version in force declares; a secret goes in and never comes out, not even to the audit trail.

use tenon_store::{AuditBy, AuditKind, AuditNote, StoredPackage};
use tenon_value::Json;

use super::session::renewed;
use super::{InstallError, outward, setting};
use crate::{PackagesError, Session};

/// Bytes of a secret (`secret_bytes`).
pub const SECRET_BYTES_MAX: usize = 8 << 10;

impl Session {
    /// Sets a setting of a package, or, with nothing, gives it its default again.
    ///
    /// # Errors
    /// `NotInstalled`; `NoSetting`, `Value` where it does not fit.
    pub async fn set_package_setting(&mut self, package: &str, name: &str, value: Option<&Json>) -> Result<(), PackagesError> {
        let row = self.present(package).await?;
        let declared = setting::declared(&self.manifest(&row).await?).map_err(InstallError::from)?;
        let found = declared.into_iter().find(|one| one.name == name).ok_or_else(|| InstallError::NoSetting(name.to_owned()))?;
        if let Some(value) = value {
            found.check(value).map_err(|reason| InstallError::Value { name: name.to_owned(), reason })?;
        }
        let (by, at) = (self.cx.principal.display.clone(), self.cx.now);
        self.opened().await?.tx.put_package_setting((package, name), value, (&by, at)).await?;
        let did = if value.is_some() { "setting_set" } else { "setting_reset" };
        self.gave(&row, did, name, value).await
    }

    /// Sets a secret of a package, or, with nothing, forgets it.
    ///
    /// # Errors
    /// `NotInstalled`; `NoSecret`; `Value` where it is empty or too long.
    pub async fn set_package_secret(&mut self, package: &str, name: &str, secret: Option<&str>) -> Result<(), PackagesError> {
        let row = self.present(package).await?;
        let declared = outward::secrets(&self.manifest(&row).await?).map_err(InstallError::from)?;
        if !declared.iter().any(|one| one.grant.name == name) {
            return Err(InstallError::NoSecret(name.to_owned()).into());
        }
        let sealed = match secret {
            None => None,
            Some(text) if text.is_empty() || text.len() > SECRET_BYTES_MAX || text.contains('\0') => {
                let reason = format!("it has 1 to {SECRET_BYTES_MAX} bytes (`secret_bytes`)");
                return Err(InstallError::Value { name: name.to_owned(), reason }.into());
            }
            Some(text) => Some(self.packages.store.package_seal(self.cx.model.tenant, (package, name), text).await?),
        };
        let did = if sealed.is_some() { "secret_set" } else { "secret_forgotten" };
        let (by, at) = (self.cx.principal.display.clone(), self.cx.now);
        self.opened().await?.tx.put_package_secret((package, name), sealed, (&by, at)).await?;
        self.gave(&row, did, name, None).await
    }

    /// What the version in force says of itself.
    async fn manifest(&self, row: &StoredPackage) -> Result<Json, PackagesError> {
        let versions = self.packages.store.package_versions(self.cx.model.tenant).await?;
        let found = versions.into_iter().find(|one| one.package == row.package && one.version == row.version);
        Ok(found.ok_or(InstallError::NoPackage)?.manifest)
    }

    /// Notes what was given; the model gets a new version, which commits it.
    async fn gave(&mut self, row: &StoredPackage, did: &str, name: &str, value: Option<&Json>) -> Result<(), PackagesError> {
        let cx = self.cx.clone();
        let open = self.opened().await?;
        let model = renewed(open, &cx).await?;
        let facts = serde_json::json!({ "package": row.package, "version": row.version, "did": did, "name": name, "value": value });
        open.tx.audit_note(&AuditBy::of(&cx), AuditNote::new(AuditKind::PackageChanged).facts(facts)).await?;
        open.changed = Some(model.version);
        open.model = model;
        Ok(())
    }
}
