//! What installing a version would do: steps, what it asks for, what it stands on.

use sha2::{Digest, Sha256};
use tenon_context::OpContext;
use tenon_store::{PackageState, StoredPackage, StoredPackageVersion};
use tenon_value::{Json, Uuid};

use super::chosen::Chosen;
use super::{GrantLine, InstallError, TestsWish, upload};
use crate::compute::compute;
use crate::measure::{Gauge, settle};
use crate::{HostTestOutcome, Operation, Packages, PackagesError, Plan};

/// What is to be installed, and what was agreed to.
#[derive(Clone, Debug, Default)]
pub struct InstallWish {
    /// The package.
    pub package: String,
    /// Its version; none: the highest that was uploaded.
    pub version: Option<String>,
    /// The hash of the plan this must still be.
    pub plan: Option<String>,
    /// Keys of the grants consented to.
    pub grants: Vec<String>,
    /// Paths of destructive steps consented to.
    pub confirm: Vec<String>,
    /// Whether its tests are played before.
    pub tests: TestsWish,
    /// The share of its callers, in percent, for whom it is to be tried; none: it is for all.
    pub canary: Option<i64>,
}

/// What an install came to.
#[derive(Clone, Debug)]
pub struct InstallDone {
    /// The steps of its metadata.
    pub operations: Vec<Operation>,
    /// The job that goes on moving data, where the upgrade has left one.
    pub moves: Option<Uuid>,
    /// How its tests went that were played before; all passed.
    pub tests: Vec<HostTestOutcome>,
}

/// What installing a version would do.
#[derive(Clone, Debug)]
pub struct PackagePlan {
    /// Names it: what is there, what is installed, every step and every grant.
    pub hash: String,
    /// The version in force.
    pub from: Option<String>,
    /// The version that is to be.
    pub to: StoredPackageVersion,
    /// The steps of its metadata, and what is wrong with it.
    pub metadata: Plan,
    /// Everything it asks for, each with whether it is new.
    pub grants: Vec<(GrantLine, bool)>,
    /// What was consented to before and is not asked for any more.
    pub given_back: Vec<GrantLine>,
    /// The packages it stands on: name, range, version and digest of each.
    pub requires: Json,
}

impl PackagePlan {
    /// Of a version in the place of another, over the packages it stands on.
    pub(super) fn new(chosen: &Chosen, (before, requires): (Option<&StoredPackage>, Json), metadata: Plan) -> Self {
        let known = consented(before);
        let grants: Vec<(GrantLine, bool)> = chosen.grants.iter().map(|line| (line.clone(), !line.is_covered(&known))).collect();
        let given_back = known.into_iter().filter(|line| !chosen.grants.iter().any(|one| one.key == line.key)).collect();
        let from = before.filter(|one| one.state.is_present()).map(|one| one.version.clone());
        let mut digest = Sha256::new();
        digest.update(&metadata.hash);
        digest.update(&chosen.version.digest);
        digest.update(from.as_deref().unwrap_or_default());
        for line in &chosen.grants {
            digest.update(format!("\n{}={}", line.key, line.says));
        }
        let hash = hex::encode(digest.finalize());
        Self { hash, from, to: chosen.version.clone(), metadata, grants, given_back, requires }
    }

    /// New grants that are not among those consented to.
    pub(super) fn open(&self, consented: &[String]) -> Vec<GrantLine> {
        let open = self.grants.iter().filter(|(line, is_new)| *is_new && !consented.contains(&line.key));
        open.map(|(line, _)| line.clone()).collect()
    }
}

/// What was consented to, as long as the package is there.
fn consented(before: Option<&StoredPackage>) -> Vec<GrantLine> {
    before
        .filter(|one| matches!(one.state, PackageState::Installed | PackageState::Disabled))
        .map(|one| GrantLine::read(&one.grants))
        .unwrap_or_default()
}

impl Packages {
    /// Plans the installation of a version. Mistakes in its metadata are in the plan's diagnostics.
    ///
    /// # Errors
    /// Why it cannot be installed at all.
    pub async fn plan_package(&self, cx: &OpContext, package: &str, version: Option<&str>) -> Result<PackagePlan, PackagesError> {
        upload::may(cx)?;
        let chosen = self.choose(cx.model.tenant, (package, version)).await?;
        self.plan_of(cx, &chosen).await
    }

    pub(super) async fn plan_of(&self, cx: &OpContext, chosen: &Chosen) -> Result<PackagePlan, PackagesError> {
        let tenant = cx.model.tenant;
        let there = self.store.packages(tenant).await?;
        let before = there.iter().find(|one| one.package == chosen.version.package);
        chosen.check_newer(before)?;
        let requires = chosen.standing_on(&there)?;
        let rows = self.store.metadata(tenant).await?;
        let mut computed = compute(tenant, &rows, &chosen.name, &chosen.draft(), cx.now)?;
        computed.diagnostics.extend(chosen.strays(&rows, &there));
        let mut gauge = Gauge::reading(&self.store, cx, std::sync::Arc::clone(&computed.before));
        let metadata = settle(&mut gauge, &mut computed, cx.now).await?;
        Ok(PackagePlan::new(chosen, (before, requires), metadata))
    }
}

/// The plan must still be the one that was agreed to, and everything in it agreed to.
pub(super) fn agreed(plan: &PackagePlan, wish: &InstallWish) -> Result<(), PackagesError> {
    if wish.plan.as_ref().is_some_and(|hash| *hash != plan.hash) {
        return Err(PackagesError::PlanStale);
    }
    let open = plan.open(&wish.grants);
    if open.is_empty() { Ok(()) } else { Err(InstallError::Grants(open).into()) }
}
