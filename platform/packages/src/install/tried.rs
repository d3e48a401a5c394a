//! A package's own tests, played before it is put in force: what fails them is not installed.
//!
//! Invariants: they are played before the model lock is taken, so nobody waits for them but who installs; a package without tests
//! pays nothing; in a tenant that was made for a test none are played.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tenon_store::{AuditBy, AuditKind, AuditNote, StoredPackage};
use tenon_value::Json;

use super::chosen::Chosen;
use super::plan::agreed;
use super::{InstallError, InstallWish};
use crate::apply::{Consent, permitted};
use crate::{Bundle, HostTestOutcome, Packages, PackagesError, Session};

/// For all tests of a package that is being installed (`host_tests_seconds`).
pub const HOST_TESTS_WALL: Duration = Duration::from_secs(60);
/// Packages whose tests are played at once on a node while they are installed (`host_test_rooms`).
pub const HOST_TEST_ROOMS: usize = 2;

/// Whether the tests of a package are played before it is put in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestsWish {
    /// They are; where one fails nothing is installed.
    #[default]
    Play,
    /// They are not, and the audit trail says so.
    Skip,
}

/// Why tests were not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPlayed {
    /// As many as may be played are, and went on for too long.
    Rooms,
    /// No tenant can be made for them, or thrown away.
    Unavailable,
}

/// Whoever plays the tests of a package, each in a tenant that is gone afterwards, whatever becomes of who asked.
#[async_trait]
pub trait HostTestStage: Send + Sync {
    /// Plays all, over the packages that are given beside, in the order of their install. Takes no longer than
    /// [`HOST_TESTS_WALL`] and what it takes to throw a tenant away.
    ///
    /// # Errors
    /// Why nothing can be said of them. What is wrong with the package stands in the outcomes.
    async fn play(&self, package: Bundle, beside: Vec<Bundle>) -> Result<Vec<HostTestOutcome>, NotPlayed>;
}

/// What came of a package's tests.
pub(super) enum Tried {
    /// There are none, or what is installed has other mistakes.
    Nothing,
    /// They were not asked for.
    Skipped,
    /// All passed.
    Passed(Vec<HostTestOutcome>),
}

impl Session {
    /// Plays the tests of a version that is to be put in force.
    pub(super) async fn try_out(&mut self, chosen: &Chosen, wish: &InstallWish) -> Result<Tried, PackagesError> {
        if chosen.bundle.host_tests().map_err(InstallError::from)?.is_empty() {
            return Ok(Tried::Nothing);
        }
        let Some(stage) = self.packages.plugins.stage().filter(|_| wish.tests == TestsWish::Play) else { return Ok(Tried::Skipped) };
        if self.has_begun() {
            return Err(InstallError::TestsFirst.into());
        }
        // What would be refused anyway is refused before anybody waits for tests.
        let plan = self.packages.plan_of(&self.cx, chosen).await?;
        if plan.metadata.errors().next().is_some() {
            return Ok(Tried::Nothing);
        }
        agreed(&plan, wish)?;
        permitted(&plan.metadata.operations, Consent::Paths(&wish.confirm))?;
        let beside = self.packages.beside(&self.cx, chosen).await?;
        let begun = Instant::now();
        let outcomes = stage.play(chosen.bundle.clone(), beside).await.map_err(InstallError::from)?;
        // The caller's patience is for what he asked for; tests have their own.
        self.cx.deadline = self.cx.deadline.map(|deadline| deadline + begun.elapsed());
        if outcomes.iter().any(|one| one.failure.is_some()) {
            return Err(InstallError::Tests(outcomes).into());
        }
        Ok(Tried::Passed(outcomes))
    }

    /// Notes what came of the tests of what was just put in force; the outcomes.
    pub(super) async fn note_tests(&mut self, tried: Tried, version: (&str, &str)) -> Result<Vec<HostTestOutcome>, PackagesError> {
        let (words, outcomes) = match tried {
            Tried::Nothing => return Ok(Vec::new()),
            Tried::Skipped => (Json::from("skipped"), Vec::new()),
            Tried::Passed(outcomes) => (Json::from(outcomes.iter().map(|one| one.path.as_str()).collect::<Vec<_>>()), outcomes),
        };
        let facts = serde_json::json!({ "package": version.0, "version": version.1, "did": "tested", "tests": words });
        let by = AuditBy::of(&self.cx);
        self.opened().await?.tx.audit_note(&by, AuditNote::new(AuditKind::PackageChanged).facts(facts)).await?;
        Ok(outcomes)
    }
}

impl Packages {
    /// The packages that a version stands on, the lowest first, as they are in force here.
    async fn beside(&self, cx: &tenon_context::OpContext, chosen: &Chosen) -> Result<Vec<Bundle>, PackagesError> {
        let there = self.store.packages(cx.model.tenant).await?;
        let (mut seen, mut rows) = (vec![chosen.name.as_str()], Vec::new());
        for (name, _) in &chosen.bundle.manifest.requires {
            put_below(name, &there, (&mut seen, &mut rows));
        }
        let mut beside = Vec::new();
        for row in rows {
            let version = chosen.version_of(row).ok_or(InstallError::Damaged)?;
            beside.push(self.bundle(cx.model.tenant, version).await?);
        }
        Ok(beside)
    }
}

/// Puts a package behind those that it stands on, each once: two that were upgraded may have come to stand on each other.
fn put_below<'a>(name: &str, there: &'a [StoredPackage], (seen, rows): (&mut Vec<&'a str>, &mut Vec<&'a StoredPackage>)) {
    let Some(row) = there.iter().find(|one| one.package == name && one.state.is_present()) else { return };
    if seen.contains(&row.package.as_str()) {
        return;
    }
    seen.push(&row.package);
    for need in row.requires.as_array().into_iter().flatten().filter_map(|need| need.get("package")?.as_str()) {
        put_below(need, there, (&mut *seen, &mut *rows));
    }
    rows.push(row);
}

#[cfg(test)]
mod tests {
    use tenon_store::PackageState;
    use tenon_value::DateTime;

    use super::*;

    fn row(package: &str, state: PackageState, needs: &[&str]) -> StoredPackage {
        let needs: Vec<Json> = needs.iter().map(|need| serde_json::json!({ "package": need })).collect();
        StoredPackage {
            package: package.to_owned(),
            version: "1.0.0".to_owned(),
            previous: None,
            canary: None,
            highest: "1.0.0".to_owned(),
            state,
            place: 0,
            grants: Json::Null,
            requires: Json::from(needs),
            changed_by: String::new(),
            changed_at: "2026-01-01T00:00:00Z".parse::<DateTime>().unwrap(),
        }
    }

    #[test]
    fn what_a_package_stands_on_comes_before_it_once_and_circles_end() {
        let there = [
            row("high", PackageState::Installed, &["crm", "low", "middle"]),
            row("middle", PackageState::Disabled, &["low"]),
            row("low", PackageState::Installed, &["high"]),
            row("gone", PackageState::Kept, &[]),
        ];
        let below = |names: &[&str]| {
            let (mut seen, mut rows) = (vec!["top"], Vec::new());
            for name in names {
                put_below(name, &there, (&mut seen, &mut rows));
            }
            rows.iter().map(|row| row.package.clone()).collect::<Vec<_>>()
        };
        assert_eq!(below(&["high"]), ["low", "middle", "high"]);
        assert_eq!(below(&["middle", "high", "gone", "crm", "top"]), ["high", "low", "middle"]);
    }
}
