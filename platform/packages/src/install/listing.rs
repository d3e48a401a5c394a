//! What a tenant's administrators see of its packages.

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_plugin_host::{Line, Trace, Usage};
use tenon_store::{PackageState, StoredPackage, StoredPackageVersion, StoredSecret};
use tenon_value::{Json, Localized, TenantId};

use super::outward::DeclaredSecret;
use super::setting::Setting;
use super::{GrantLine, outward, requires, setting, upload};
use crate::{Packages, PackagesError, crm};

/// How a package fares on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should.
    Well,
    /// Nothing of it runs: it has no plugin, is switched off or gone.
    Resting,
    /// Its plugin should be asked and cannot be.
    Broken(String),
}

impl Health {
    /// The word outside.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Resting => "resting",
            Self::Broken(_) => "broken",
        }
    }
}

/// A package of a tenant: installed, once installed, or only uploaded.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// The version in force, or else the newest that was uploaded.
    pub version: String,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// How it stands; none where it was only uploaded.
    pub state: Option<PackageState>,
    /// The version it can be rolled back to.
    pub previous: Option<String>,
    /// The trial of the version in force on a share of the callers, if it is one.
    pub canary: Option<Beside>,
    /// What was consented to.
    pub grants: Vec<GrantLine>,
    /// The packages it was installed over.
    pub requires: Json,
    /// Versions that can be installed.
    pub versions: Vec<StoredPackageVersion>,
    /// How it fares on this node.
    pub health: Health,
    /// What its plugin has used on this node since it began.
    pub usage: Option<Usage>,
    /// What its plugin logged last on this node, and why it failed.
    pub lines: Vec<Line>,
    /// Its plugin's last failed calls on this node, the oldest first.
    pub failures: Vec<Arc<Trace>>,
    /// Its settings.
    pub settings: Vec<SettingState>,
    /// Its secrets, but for what they are.
    pub secrets: Vec<SecretState>,
}

/// Two versions beside each other.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The share of the callers, in percent, that the version in force answers.
    pub percent: u8,
    /// The version in force, and the one before.
    pub versions: Vec<VersionState>,
}

/// One of two versions beside each other.
#[derive(Clone, Debug)]
pub struct VersionState {
    /// The version.
    pub version: String,
    /// How it fares on this node.
    pub health: Health,
    /// What it has used on this node since it began.
    pub usage: Usage,
}

/// A setting, and what was set.
#[derive(Clone, Debug)]
pub struct SettingState {
    /// As the version in force declares it.
    pub setting: Setting,
    /// What was set in this tenant.
    pub value: Option<Json>,
}

/// A secret, and whether it was set.
#[derive(Clone, Debug)]
pub struct SecretState {
    /// As the version in force declares it.
    pub secret: DeclaredSecret,
    /// Who set it, and when.
    pub set: Option<StoredSecret>,
}

impl Packages {
    /// The packages of a tenant, the base first. Who lacks the right `packages` sees what is there, and no more of it.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn installed(&self, cx: &OpContext) -> Result<Vec<Installed>, PackagesError> {
        let tenant = cx.model.tenant;
        let all = upload::may(cx).is_ok();
        let (rows, versions) = (self.store.packages(tenant).await?, self.store.package_versions(tenant).await?);
        let layers = self.store.metadata(tenant).await?.layers;
        let mut listed: Vec<Installed> =
            crm::info().filter(|base| layers.iter().any(|layer| layer.package == base.name)).map(base).into_iter().collect();
        for row in rows.iter().filter(|row| all || row.state.is_present()) {
            let mut one = self.of_row(tenant, row, &versions);
            if all {
                self.given(tenant, &mut one).await?;
            }
            listed.push(one);
        }
        let mut names: Vec<&str> = versions.iter().map(|one| one.package.as_str()).collect();
        names.dedup();
        names.retain(|name| all && !rows.iter().any(|row| row.package == *name));
        listed.extend(names.into_iter().map(|name| waiting(name, &versions)));
        if !all {
            for one in &mut listed {
                (one.grants, one.versions, one.usage, one.requires) = (Vec::new(), Vec::new(), None, Json::Array(Vec::new()));
                (one.lines, one.failures, one.canary) = (Vec::new(), Vec::new(), None);
            }
        }
        Ok(listed)
    }

    /// Fills in what the version in force may be given, and what it was.
    async fn given(&self, tenant: TenantId, one: &mut Installed) -> Result<(), PackagesError> {
        let Some(current) = one.versions.iter().find(|version| version.version == one.version) else { return Ok(()) };
        // What cannot be read any more is told where the plugin is brought in.
        let settings = setting::declared(&current.manifest).unwrap_or_default();
        let secrets = outward::secrets(&current.manifest).unwrap_or_default();
        if !settings.is_empty() {
            let mut set = self.store.package_settings(tenant, &one.name).await?;
            let mut of = |setting: Setting| {
                let value = set.iter_mut().find(|stored| stored.name == setting.name).map(|stored| stored.value.take());
                SettingState { setting, value }
            };
            one.settings = settings.into_iter().map(&mut of).collect();
        }
        if !secrets.is_empty() {
            let set = self.store.package_secrets(tenant, &one.name).await?;
            let of = |secret: DeclaredSecret| {
                let set = set.iter().find(|stored| stored.name == secret.grant.name).cloned();
                SecretState { secret, set }
            };
            one.secrets = secrets.into_iter().map(of).collect();
        }
        Ok(())
    }

    fn of_row(&self, tenant: TenantId, row: &StoredPackage, versions: &[StoredPackageVersion]) -> Installed {
        let own: Vec<StoredPackageVersion> = versions.iter().filter(|one| one.package == row.package).cloned().collect();
        let current = own.iter().find(|one| one.version == row.version);
        let has_plugin = current.is_some_and(|one| one.manifest.get("plugin").is_some_and(|plugin| !plugin.is_null()));
        let health = match (row.state, self.plugins.broken(tenant, &row.package)) {
            (PackageState::Installed, Some(reason)) => Health::Broken(reason),
            (PackageState::Installed, None) if has_plugin => Health::Well,
            _ => Health::Resting,
        };
        Installed {
            state: Some(row.state),
            version: row.version.clone(),
            previous: row.previous.clone(),
            canary: self.canary(tenant, row, &health),
            grants: GrantLine::read(&row.grants),
            requires: row.requires.clone(),
            health,
            usage: self.plugins.usage(tenant).remove(&row.package),
            lines: self.plugins.lines(tenant, &row.package),
            failures: self.plugins.traces(tenant, &row.package),
            ..described(&row.package, current, &own)
        }
    }
}

impl Packages {
    /// How two versions fare beside each other. What cannot be brought in is the newer one; were it the one before, both were out.
    fn canary(&self, tenant: TenantId, row: &StoredPackage, health: &Health) -> Option<Beside> {
        let (former, percent) = row.beside()?;
        let of = |version: &str, health: &Health| {
            let (left_alone, usage) = self.plugins.of_version(tenant, &row.package, version);
            let tripped = || Health::Broken("it has failed too often within a minute (`breaker`)".to_owned());
            let health = if left_alone && *health == Health::Well { tripped() } else { health.clone() };
            VersionState { version: version.to_owned(), health, usage }
        };
        let before = if matches!(health, Health::Broken(_)) { Health::Well } else { health.clone() };
        Some(Beside { percent, versions: vec![of(&row.version, health), of(former, &before)] })
    }
}

/// What a version says of itself.
fn described(name: &str, version: Option<&StoredPackageVersion>, all: &[StoredPackageVersion]) -> Installed {
    Installed {
        name: name.to_owned(),
        version: version.map(|one| one.version.clone()).unwrap_or_default(),
        publisher: version.and_then(|one| one.publisher.clone()),
        label: texts(version, "label"),
        about: texts(version, "about"),
        state: None,
        previous: None,
        canary: None,
        grants: Vec::new(),
        requires: Json::Array(Vec::new()),
        versions: all.to_vec(),
        health: Health::Resting,
        usage: None,
        lines: Vec::new(),
        failures: Vec::new(),
        settings: Vec::new(),
        secrets: Vec::new(),
    }
}

/// A version that waits to be installed: the newest of its package.
fn waiting(name: &str, versions: &[StoredPackageVersion]) -> Installed {
    let own: Vec<StoredPackageVersion> = versions.iter().filter(|one| one.package == name).cloned().collect();
    let newest = own.iter().max_by_key(|one| requires::version(&one.version));
    described(name, newest, &own)
}

fn texts(version: Option<&StoredPackageVersion>, key: &str) -> Localized {
    let text = |locale: &str| version.and_then(|one| one.manifest.get(key)?.get(locale)?.as_str()).map(str::to_owned);
    Localized { en: text("en"), zh: text("zh") }
}

fn base(base: crate::PackageInfo) -> Installed {
    Installed {
        version: base.version,
        publisher: base.publisher,
        label: base.label,
        about: base.about,
        state: Some(PackageState::Installed),
        ..described(base.name.as_str(), None, &[])
    }
}
