//! A version tried on a share of a package's callers, beside the version before.
//!
//! Invariants: its metadata is there for all, so it only adds to what is there; both versions run, each within its own grant; there
//! are never more than two.

use tenon_hooks::LifeMoment;
use tenon_plugin_host::Checked;
use tenon_store::{PackageState, StoredPackage};
use tenon_value::Json;

use super::chosen::Chosen;
use super::{GrantLine, InstallError, InstallWish};
use crate::{ApiEffect, Op, Operation, PackagesError, Risk, Session};

/// What is tried, beside what.
pub(super) struct Trial {
    /// The share of the callers.
    pub(super) percent: u8,
    /// The version before, and what it was granted.
    former: String,
    granted: Vec<GrantLine>,
    /// What is in the way beside steps of metadata.
    misfits: Vec<String>,
}

impl Trial {
    /// Refuses what is more than additions made in the change itself: the version before goes on working with the same metadata.
    pub(super) fn fits(&self, operations: &[Operation]) -> Result<(), InstallError> {
        let adds = |one: &Operation| {
            matches!(one.op, Op::Add | Op::Restore) && one.risk == Risk::Instant && matches!(one.api, ApiEffect::None | ApiEffect::Additive)
        };
        let steps = operations.iter().filter(|one| !adds(one)).map(|one| one.path.to_string());
        let all: Vec<String> = steps.chain(self.misfits.iter().cloned()).collect();
        if all.is_empty() { Ok(()) } else { Err(InstallError::NotCanary(all)) }
    }

    /// What both versions are granted together.
    pub(super) fn grants(&self, chosen: &Chosen) -> Json {
        let only_before = self.granted.iter().filter(|line| !chosen.grants.iter().any(|one| one.key == line.key));
        GrantLine::stored(&chosen.grants.iter().chain(only_before).cloned().collect::<Vec<_>>())
    }
}

/// Refuses another version while one is tried.
pub(super) fn none_yet(before: Option<&StoredPackage>) -> Result<(), InstallError> {
    match before.filter(|one| one.state.is_present()).and_then(StoredPackage::beside) {
        Some((former, percent)) => Err(InstallError::Canary { former: former.to_owned(), percent }),
        None => Ok(()),
    }
}

impl Session {
    /// What is to be tried on a share, if that is wished. Takes no lock: the version before is compiled.
    pub(super) async fn trial(&mut self, chosen: &Chosen, wish: &InstallWish) -> Result<Option<Trial>, PackagesError> {
        let there = self.packages.store.packages(self.cx.model.tenant).await?;
        let before = there.iter().find(|one| one.package == wish.package && one.state.is_present());
        none_yet(before)?;
        let Some(share) = wish.canary else { return Ok(None) };
        let percent = u8::try_from(share).ok().filter(|percent| (1..=99).contains(percent)).ok_or(InstallError::Share(share))?;
        let before = before.ok_or(InstallError::NotInstalled)?;
        let former = self.chosen(&wish.package, Some(&before.version)).await?;
        let misfits = misfits(chosen, &former);
        Ok(Some(Trial { percent, former: former.version.version, granted: former.grants, misfits }))
    }

    /// Refuses a trial where the version before has changed meanwhile, is switched off, or has data to move.
    pub(super) async fn may_try(&mut self, trial: Option<&Trial>, before: Option<&StoredPackage>) -> Result<(), PackagesError> {
        let Some(trial) = trial else { return Ok(()) };
        let before = before.filter(|one| one.version == trial.former).ok_or(PackagesError::PlanStale)?;
        if before.state == PackageState::Disabled {
            return Err(InstallError::SwitchedOff.into());
        }
        match self.opened().await?.tx.move_left(&before.package).await? {
            Some(job) => Err(InstallError::Moving(job).into()),
            None => Ok(()),
        }
    }
}

/// What keeps two versions from running beside each other, whatever their metadata.
fn misfits(chosen: &Chosen, former: &Chosen) -> Vec<String> {
    if chosen.version.version == former.version.version {
        return vec!["version".to_owned()];
    }
    let (Some(newer), Some(older)) = (&chosen.plugin, &former.plugin) else { return vec!["plugin".to_owned()] };
    let moves = Some(newer).filter(|plugin: &&Checked| plugin.lives(LifeMoment::Upgrade)).map(|_| "lifecycle.upgrade".to_owned());
    newer.misfits(older).into_iter().chain(moves).collect()
}
