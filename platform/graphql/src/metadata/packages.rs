//! Packages by the metadata API: listed, planned, installed, rolled back, switched, uninstalled. Files come in by HTTP.
//!
//! Everything but the list takes the special right `packages`; a package that brings roles or rights takes `users` too.

#![expect(clippy::too_many_arguments, reason = "the arguments of a mutation are its words")]

use async_graphql::{Context, Enum, SimpleObject};
use tenon_packages::{GrantLine, HostTestOutcome, InstallWish, Installed, PackagePlan as Planned, SecretState, SettingState, TestsWish};
use tenon_store::{PackageState as Stored, StoredPackageVersion};
use tenon_value::{Json, Locale};

use super::door::{Door, Failure, door};
use super::plan::Plan;
use super::scalars::{DateTime, Long};

/// How a package stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(rename_items = "snake_case")]
pub(super) enum PackageState {
    /// It can be installed.
    Uploaded,
    /// In force.
    Installed,
    /// In force, its plugin switched off.
    Disabled,
    /// Uninstalled; its metadata and records are kept.
    Kept,
    /// Uninstalled; its metadata is retired.
    Purged,
}

/// A package of this tenant.
#[derive(SimpleObject)]
pub(super) struct Package {
    name: String,
    /// The version in force, else the newest that was uploaded.
    version: String,
    publisher: Option<String>,
    label: Option<String>,
    about: Option<String>,
    state: PackageState,
    /// The version it can be rolled back to.
    previous: Option<String>,
    /// The trial of the version in force on a share of the callers; nothing where all have it.
    canary: Option<PackageCanary>,
    versions: Vec<PackageVersion>,
    /// What was consented to.
    grants: Vec<PackageGrant>,
    /// The packages it was installed over: name, range, version and digest of each.
    requires: Json,
    health: PackageHealth,
    usage: Option<PackageUsage>,
    /// What its plugin logged last on the node that answers, and why it failed; the oldest first.
    logs: Vec<PackageLine>,
    /// The last calls of its plugin that failed on the node that answers, the oldest first. `packageTrace` gives one whole.
    failures: Vec<PackageFailure>,
    settings: Vec<PackageSetting>,
    /// What they are is never told.
    secrets: Vec<PackageSecret>,
}

/// A version that is tried on a share of the callers, beside the one before.
#[derive(SimpleObject)]
pub(super) struct PackageCanary {
    /// The share of the callers that the version in force answers.
    percent: i32,
    /// The version in force, and then the one before, as they fare on the node that answers.
    versions: Vec<PackageCanaryVersion>,
}

/// One of two versions beside each other.
#[derive(SimpleObject)]
pub(super) struct PackageCanaryVersion {
    version: String,
    /// Also `broken` while it has failed so often that it is not asked.
    health: PackageHealth,
    usage: PackageUsage,
}

/// A setting of a package, as the version in force declares it.
#[derive(SimpleObject)]
pub(super) struct PackageSetting {
    name: String,
    /// `text`, `integer`, `decimal`, `boolean`, `date`, `datetime`, `choice`, `email`, `url`, `json`.
    r#type: String,
    label: Option<String>,
    about: Option<String>,
    default: Option<Json>,
    /// What was set in this tenant; nothing where the default holds.
    value: Option<Json>,
}

/// A secret of a package.
#[derive(SimpleObject)]
pub(super) struct PackageSecret {
    name: String,
    /// What the host does with it: `hmac`, `verify`, `sign`, `encrypt`, `decrypt`.
    uses: Vec<String>,
    /// To which of the hosts granted it goes.
    goes_to: Option<String>,
    why: Option<String>,
    is_set: bool,
    updated_by: Option<String>,
    updated_at: Option<DateTime>,
}

/// A version that was uploaded.
#[derive(SimpleObject)]
pub(super) struct PackageVersion {
    version: String,
    /// SHA-256 of its index: what it is.
    digest: String,
    bytes: Long,
    publisher: Option<String>,
    /// The key it is signed with.
    signed_by: Option<String>,
    uploaded_by: String,
    uploaded_at: DateTime,
}

/// One thing a package asks for.
#[derive(SimpleObject)]
pub(super) struct PackageGrant {
    key: String,
    says: String,
    why: Option<Json>,
    /// Whether nobody has consented to it yet.
    new: bool,
}

/// How a package fares on the node that answers.
#[derive(SimpleObject)]
pub(super) struct PackageHealth {
    /// `well`, `resting`, `broken`.
    state: String,
    message: Option<String>,
}

/// What a package's plugin has used on the node that answers, since it began.
#[derive(SimpleObject)]
pub(super) struct PackageUsage {
    calls: Long,
    faults: Long,
    rows: Long,
    fuel: Long,
    millis: Long,
    memory: Long,
}

/// A line of a package's plugin.
#[derive(SimpleObject)]
pub(super) struct PackageLine {
    /// A later line has a higher number, on the same node.
    number: Long,
    at: DateTime,
    /// `debug`, `info`, `warn`, `error`, `fault`.
    level: String,
    message: String,
    /// The version that said it.
    version: String,
    /// The request in which it was said.
    request: String,
}

/// A call of a package's plugin that failed.
#[derive(SimpleObject)]
pub(super) struct PackageFailure {
    id: async_graphql::ID,
    at: DateTime,
    /// The version that was called.
    version: String,
    /// `before_save`, `action`, …
    phase: String,
    /// The object, or the function that was called.
    about: String,
    /// What happened to the records: `create`, `update`, `delete`, `restore`.
    operation: Option<String>,
    /// The limit it broke at, where it was one: `fuel`.
    limit: Option<String>,
    message: String,
    /// The request in which it failed.
    request: String,
}

/// What installing a version would do.
#[derive(SimpleObject)]
pub(super) struct PackagePlan {
    hash: String,
    package: String,
    /// The version in force.
    from: Option<String>,
    to: String,
    digest: String,
    signed_by: Option<String>,
    metadata: Plan,
    grants: Vec<PackageGrant>,
    /// What was consented to and is not asked for any more.
    given_back: Vec<PackageGrant>,
    requires: Json,
}

fn grant(line: GrantLine, new: bool) -> PackageGrant {
    PackageGrant { key: line.key, says: line.says, why: Some(line.why).filter(|why| !why.is_null()), new }
}

fn version(one: StoredPackageVersion) -> PackageVersion {
    PackageVersion {
        version: one.version,
        digest: one.digest,
        bytes: Long(u64::try_from(one.bytes).unwrap_or_default()),
        publisher: one.publisher,
        signed_by: one.signed_by,
        uploaded_by: one.uploaded_by,
        uploaded_at: DateTime(one.uploaded_at),
    }
}

fn package(one: Installed, locale: Locale) -> Package {
    let state = match one.state {
        None => PackageState::Uploaded,
        Some(Stored::Installed) => PackageState::Installed,
        Some(Stored::Disabled) => PackageState::Disabled,
        Some(Stored::Kept) => PackageState::Kept,
        Some(Stored::Purged) => PackageState::Purged,
    };
    let beside =
        |of: tenon_packages::VersionState| PackageCanaryVersion { health: health(&of.health), usage: usage(of.usage), version: of.version };
    let canary = |of: tenon_packages::Beside| PackageCanary {
        percent: i32::from(of.percent),
        versions: of.versions.into_iter().map(beside).collect(),
    };
    let line = |line: tenon_packages::Line| PackageLine {
        number: Long(line.number),
        at: DateTime(line.at),
        level: line.level.to_owned(),
        message: line.message,
        version: line.version,
        request: line.request,
    };
    let failure = |trace: &tenon_packages::Trace| PackageFailure {
        id: async_graphql::ID(trace.id.clone()),
        at: DateTime(tenon_value::DateTime::from_millis(trace.at)),
        version: trace.version.clone(),
        phase: trace.phase().to_owned(),
        about: trace.about.clone(),
        operation: Some(trace.operation.clone()).filter(|operation| !operation.is_empty()),
        limit: trace.limit().map(str::to_owned),
        message: trace.words(),
        request: trace.request.clone(),
    };
    Package {
        failures: one.failures.iter().map(|trace| failure(trace)).collect(),
        logs: one.lines.into_iter().map(line).collect(),
        settings: one.settings.into_iter().map(|one| setting(one, locale)).collect(),
        secrets: one.secrets.into_iter().map(|one| secret(one, locale)).collect(),
        label: one.label.get(locale).map(str::to_owned),
        about: one.about.get(locale).map(str::to_owned),
        health: health(&one.health),
        name: one.name,
        version: one.version,
        publisher: one.publisher,
        state,
        previous: one.previous,
        versions: one.versions.into_iter().map(version).collect(),
        grants: one.grants.into_iter().map(|line| grant(line, false)).collect(),
        requires: one.requires,
        usage: one.usage.map(usage),
        canary: one.canary.map(canary),
    }
}

fn health(health: &tenon_packages::Health) -> PackageHealth {
    let message = match health {
        tenon_packages::Health::Broken(reason) => Some(reason.clone()),
        _ => None,
    };
    PackageHealth { state: health.word().to_owned(), message }
}

fn usage(usage: tenon_packages::Usage) -> PackageUsage {
    PackageUsage {
        calls: Long(usage.calls),
        faults: Long(usage.faults),
        rows: Long(usage.rows),
        fuel: Long(usage.fuel),
        millis: Long(u64::try_from(usage.wall.as_millis()).unwrap_or(u64::MAX)),
        memory: Long(u64::try_from(usage.memory).unwrap_or(u64::MAX)),
    }
}

fn setting(SettingState { setting, value }: SettingState, locale: Locale) -> PackageSetting {
    PackageSetting {
        label: setting.label.get(locale).map(str::to_owned),
        about: setting.about.get(locale).map(str::to_owned),
        r#type: setting.kind.word().to_owned(),
        default: Some(setting.default).filter(|default| !default.is_null()),
        name: setting.name,
        value,
    }
}

fn secret(SecretState { secret, set }: SecretState, locale: Locale) -> PackageSecret {
    PackageSecret {
        uses: secret.grant.uses.iter().map(|one| one.word().to_owned()).collect(),
        goes_to: secret.grant.place.as_ref().map(|place| place.grant.clone()),
        why: secret.why.get(locale).map(str::to_owned),
        name: secret.grant.name,
        is_set: set.is_some(),
        updated_at: set.as_ref().map(|set| DateTime(set.changed_at)),
        updated_by: set.map(|set| set.changed_by),
    }
}

impl From<Planned> for PackagePlan {
    fn from(plan: Planned) -> Self {
        Self {
            hash: plan.hash,
            package: plan.to.package,
            from: plan.from,
            to: plan.to.version,
            digest: plan.to.digest,
            signed_by: plan.to.signed_by,
            metadata: Plan::of(plan.metadata, None),
            grants: plan.grants.into_iter().map(|(line, new)| grant(line, new)).collect(),
            given_back: plan.given_back.into_iter().map(|line| grant(line, false)).collect(),
            requires: plan.requires,
        }
    }
}

/// What a change of a package came to.
#[derive(SimpleObject)]
pub(super) struct PackageApplied {
    package: String,
    /// The version of the model that is live.
    version: u64,
    operations: Vec<super::plan::Operation>,
    /// The job that goes on moving the package's data, where the upgrade has left one.
    moves: Option<async_graphql::ID>,
    /// The package's own tests that were played before it was put in force; all passed.
    tests: Vec<PackageTest>,
}

/// A test of a package that passed.
#[derive(SimpleObject)]
pub(super) struct PackageTest {
    /// Its file.
    path: String,
    /// What it shows.
    name: String,
    /// Fuel of all that the package's plugin was asked.
    fuel: Long,
}

impl From<HostTestOutcome> for PackageTest {
    fn from(one: HostTestOutcome) -> Self {
        Self { path: one.path, name: one.name, fuel: Long(one.fuel) }
    }
}

async fn applied(door: &Door, package: String, operations: Vec<tenon_packages::Operation>) -> Result<PackageApplied, Failure> {
    door.note(&operations)?;
    let version = door.model().await.version.0;
    Ok(PackageApplied { package, version, operations: operations.into_iter().map(Into::into).collect(), moves: None, tests: Vec::new() })
}

/// Reads.
#[derive(Default)]
pub(super) struct PackageQuery;

#[async_graphql::Object(name = "PackageQuery")]
impl PackageQuery {
    /// Packages. Who lacks the special right `packages` sees those in force, and neither grants nor versions.
    async fn packages(&self, ctx: &Context<'_>) -> Result<Vec<Package>, Failure> {
        let door = door(ctx);
        let installed = door.packages.installed(&door.cx).await?;
        Ok(installed.into_iter().map(|one| package(one, door.cx.locale)).collect())
    }

    /// A failed call of a package's plugin as a file (JSON): what it was given, asked and was told. `tenon plugin replay` runs it
    /// again. It holds records, so it takes the special right `export` beside `packages`, and is in the audit trail.
    async fn package_trace(&self, ctx: &Context<'_>, package: String, id: async_graphql::ID) -> Result<String, Failure> {
        let door = door(ctx);
        Ok(door.packages.package_trace(&door.cx, &package, &id).await?)
    }
}

/// Changes.
#[derive(Default)]
pub(super) struct PackageMutation;

#[async_graphql::Object(name = "PackageMutation")]
impl PackageMutation {
    /// What installing a version would do; the highest that was uploaded where none is named. Changes nothing.
    async fn plan_package(&self, ctx: &Context<'_>, package: String, version: Option<String>) -> Result<PackagePlan, Failure> {
        let door = door(ctx);
        Ok(door.packages.plan_package(&door.cx, &package, version.as_deref()).await?.into())
    }

    /// Installs a version or upgrades to it. `grants` names every new grant, `confirm` every destructive step; `plan` is
    /// the hash of what was looked at. The package's own tests are played before, in tenants that are thrown away; `runTests: false`
    /// leaves them out, which the audit trail tells. With `canary` an upgrade that only adds is tried on this share of the callers, in
    /// percent (1 to 99), until `promotePackage` or `rollbackPackage`; all others keep the version before.
    async fn install_package(
        &self,
        ctx: &Context<'_>,
        package: String,
        version: Option<String>,
        plan: Option<String>,
        #[graphql(default)] grants: Vec<String>,
        #[graphql(default)] confirm: Vec<String>,
        #[graphql(default = true)] run_tests: bool,
        canary: Option<i32>,
    ) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        let tests = if run_tests { TestsWish::Play } else { TestsWish::Skip };
        let wish = InstallWish { package: package.clone(), version, plan, grants, confirm, tests, canary: canary.map(i64::from) };
        let done = door.in_session(async |session| session.install(&wish).await).await?;
        let moves = done.moves.map(|job| async_graphql::ID(job.to_string()));
        let tests = done.tests.into_iter().map(Into::into).collect();
        Ok(PackageApplied { moves, tests, ..applied(door, package, done.operations).await? })
    }

    /// Puts the version that is tried on a share of the callers in force for all.
    async fn promote_package(&self, ctx: &Context<'_>, package: String) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        door.in_session(async |session| session.promote(&package).await).await?;
        applied(door, package, Vec::new()).await
    }

    /// Goes back to the version before; also ends a trial on a share of the callers.
    async fn rollback_package(
        &self,
        ctx: &Context<'_>,
        package: String,
        #[graphql(default)] grants: Vec<String>,
        #[graphql(default)] confirm: Vec<String>,
    ) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        let wish = InstallWish { package: package.clone(), grants, confirm, ..InstallWish::default() };
        let operations = door.in_session(async |session| session.rollback(&wish).await).await?;
        applied(door, package, operations).await
    }

    /// Switches a package's plugin off; its metadata stays.
    async fn disable_package(&self, ctx: &Context<'_>, package: String) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        door.in_session(async |session| session.switch(&package, false).await).await?;
        applied(door, package, Vec::new()).await
    }

    /// Switches a package's plugin on again.
    async fn enable_package(&self, ctx: &Context<'_>, package: String) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        door.in_session(async |session| session.switch(&package, true).await).await?;
        applied(door, package, Vec::new()).await
    }

    /// Sets a setting of a package to a value of its type; with none its default holds again. The plugin meets it with its next call.
    async fn set_package_setting(
        &self,
        ctx: &Context<'_>,
        package: String,
        name: String,
        value: Option<Json>,
    ) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        let value = value.filter(|value| !value.is_null());
        door.in_session(async |session| session.set_package_setting(&package, &name, value.as_ref()).await).await?;
        applied(door, package, Vec::new()).await
    }

    /// Sets a secret of a package; with none it is forgotten. Nobody reads it again: the host alone uses it, as was consented to.
    async fn set_package_secret(
        &self,
        ctx: &Context<'_>,
        package: String,
        name: String,
        secret: Option<String>,
    ) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        door.in_session(async |session| session.set_package_secret(&package, &name, secret.as_deref()).await).await?;
        applied(door, package, Vec::new()).await
    }

    /// Takes a package out. Its records and metadata stay, or, with `purge`, are retired.
    async fn uninstall_package(
        &self,
        ctx: &Context<'_>,
        package: String,
        #[graphql(default)] purge: bool,
        #[graphql(default)] confirm: Vec<String>,
    ) -> Result<PackageApplied, Failure> {
        let door = door(ctx);
        let operations = door.in_session(async |session| session.uninstall(&package, purge, &confirm).await).await?;
        applied(door, package, operations).await
    }
}
