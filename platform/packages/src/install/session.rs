//! Changes of packages within a document's session: with the metadata they bring, in its transaction.

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_diagnostics::Diagnostic;
use tenon_hooks::LifeMoment;
use tenon_model::{Model, ModelVersion};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, PackageState, StoredPackage};
use tenon_value::{Json, Name};

use super::canary::{self, Trial};
use super::chosen::Chosen;
use super::plan::{PackagePlan, agreed};
use super::{GrantLine, InstallDone, InstallError, InstallWish, requires, upload};
use crate::apply::{Consent, Planned, Work};
use crate::session::Open;
use crate::{Draft, Operation, PackagesError, Plan, Session};

impl Session {
    /// Installs a version, or upgrades to it.
    ///
    /// # Errors
    /// Why not; then the session can only be abandoned.
    pub async fn install(&mut self, wish: &InstallWish) -> Result<InstallDone, PackagesError> {
        let chosen = self.chosen(&wish.package, wish.version.as_deref()).await?;
        // Before anybody waits for tests.
        let trial = self.trial(&chosen, wish).await?;
        let tried = self.try_out(&chosen, wish).await?;
        let teller = self.teller(chosen.plugin.as_ref(), &[LifeMoment::Install, LifeMoment::Upgrade]).await?;
        let there = self.opened().await?.tx.packages().await?;
        let before = there.iter().find(|one| one.package == wish.package);
        chosen.check_newer(before)?;
        canary::none_yet(before)?;
        self.may_try(trial.as_ref(), before).await?;
        self.may_move(teller.as_ref(), before).await?;
        let highest = chosen.version.version.clone();
        // The same version again mends what is there; what it can be rolled back to stays.
        let replaced = before.filter(|one| one.state.is_present());
        let previous = match replaced {
            Some(one) if one.version == highest => one.previous.clone(),
            other => other.map(|one| one.version.clone()),
        };
        let operations = self.put_in_force(&chosen, &there, wish, (previous, highest, trial)).await?;
        let moves = self.begin_life(teller, (before, &chosen.version.version), &operations).await?;
        let tests = self.note_tests(tried, (&wish.package, &chosen.version.version)).await?;
        Ok(InstallDone { operations, moves, tests })
    }

    /// Goes back to the version before. What the newer one brought is retired; no record is lost.
    ///
    /// # Errors
    /// `NotInstalled`, `NoPrevious`; as [`Session::install`].
    pub async fn rollback(&mut self, wish: &InstallWish) -> Result<Vec<Operation>, PackagesError> {
        upload::may(&self.cx)?;
        let seen = self.packages.store.packages(self.cx.model.tenant).await?;
        let previous = previous_of(&seen, &wish.package)?;
        let chosen = self.chosen(&wish.package, Some(&previous)).await?;
        let there = self.opened().await?.tx.packages().await?;
        if previous_of(&there, &wish.package)? != previous {
            return Err(PackagesError::PlanStale);
        }
        let before = there.iter().find(|one| one.package == wish.package);
        self.opened().await?.tx.call_off_moves(&wish.package).await?;
        let (now, highest) = before.map(|one| (one.version.clone(), one.highest.clone())).unwrap_or_default();
        self.put_in_force(&chosen, &there, wish, (Some(now), highest, None)).await
    }

    /// Ends the trial of a version on a share: it is for all from then on.
    ///
    /// # Errors
    /// `NotInstalled`; `NoCanary` where no version is tried on a share.
    pub async fn promote(&mut self, package: &str) -> Result<(), PackagesError> {
        upload::may(&self.cx)?;
        let seen = self.packages.store.packages(self.cx.model.tenant).await?;
        let seen = seen.into_iter().find(|one| one.package == package && one.state.is_present()).ok_or(InstallError::NotInstalled)?;
        let chosen = self.chosen(package, Some(&seen.version)).await?;
        let before = self.present(package).await?;
        if before.beside().is_none() || before.version != seen.version {
            return Err(InstallError::NoCanary.into());
        }
        // What only the version before was granted is given back.
        let grants = GrantLine::stored(&chosen.grants);
        self.put(StoredPackage { canary: None, grants, ..before }, "promoted", None).await.map(drop)
    }

    /// Switches a package's plugin off or on; its metadata stays.
    ///
    /// # Errors
    /// `NotInstalled`.
    pub async fn switch(&mut self, package: &str, on: bool) -> Result<(), PackagesError> {
        let before = self.present(package).await?;
        let state = if on { PackageState::Installed } else { PackageState::Disabled };
        self.put(StoredPackage { state, ..before }, if on { "enabled" } else { "disabled" }, None).await.map(drop)
    }

    /// Takes a package out: its plugin is no longer asked. Its records and metadata stay, or, with `purge`, are retired, and the
    /// texts that its plugin kept are gone. The plugin is told before, and cannot stay by what it says.
    ///
    /// # Errors
    /// `NotInstalled`; `RequiredBy` where others need it; what the tenant's own metadata does not allow.
    pub async fn uninstall(&mut self, package: &str, purge: bool, confirm: &[String]) -> Result<Vec<Operation>, PackagesError> {
        let teller = self.last_teller(package).await?;
        let before = self.present(package).await?;
        let there = self.opened().await?.tx.packages().await?;
        requires::still_needed(package, None, &there)?;
        self.say_farewell(teller, package).await?;
        self.opened().await?.tx.call_off_moves(package).await?;
        if !purge {
            return self
                .put(StoredPackage { state: PackageState::Kept, previous: None, canary: None, ..before }, "uninstalled", None)
                .await;
        }
        let name: Name = package.parse().map_err(|_| InstallError::NoPackage)?;
        let draft = Draft::Files { files: Vec::new(), prune: true };
        let (planned, _) = self.planned(&name, &draft, |_| Vec::new()).await?;
        planned.permitted(Consent::Paths(confirm))?;
        self.opened().await?.tx.forget_texts(package).await?;
        self.put(StoredPackage { state: PackageState::Purged, previous: None, canary: None, ..before }, "purged", Some((name, planned)))
            .await
    }

    /// A version, ready to be put in force, after asking whether the caller may. Nobody waits for it: it takes no lock.
    pub(super) async fn chosen(&mut self, package: &str, version: Option<&str>) -> Result<Chosen, PackagesError> {
        upload::may(&self.cx)?;
        let chosen = self.packages.choose(self.cx.model.tenant, (package, version)).await?;
        self.compiled.extend(chosen.plugin.clone());
        Ok(chosen)
    }

    /// A package that is there.
    pub(super) async fn present(&mut self, package: &str) -> Result<StoredPackage, PackagesError> {
        upload::may(&self.cx)?;
        let there = self.opened().await?.tx.packages().await?;
        let found = there.into_iter().find(|one| one.package == package && one.state.is_present());
        Ok(found.ok_or(InstallError::NotInstalled)?)
    }

    async fn put_in_force(
        &mut self,
        chosen: &Chosen,
        there: &[StoredPackage],
        wish: &InstallWish,
        (previous, highest, trial): (Option<String>, String, Option<Trial>),
    ) -> Result<Vec<Operation>, PackagesError> {
        let before = there.iter().find(|one| one.package == wish.package);
        let requires = chosen.standing_on(there)?;
        let (planned, metadata) = self.planned(&chosen.name, &chosen.draft(), |rows| chosen.strays(rows, there)).await?;
        let plan = PackagePlan::new(chosen, (before, requires), metadata);
        agreed(&plan, wish)?;
        if let Some(trial) = &trial {
            trial.fits(&plan.metadata.operations)?;
        }
        planned.permitted(Consent::Paths(&wish.confirm))?;
        let word = match before.filter(|one| one.state.is_present()) {
            None => "installed",
            Some(one) if requires::version(&one.version) > requires::version(&chosen.version.version) => "rolled_back",
            Some(_) => "upgraded",
        };
        // What an administrator has switched off an upgrade does not switch on.
        let state = before.map(|one| one.state).filter(|state| *state == PackageState::Disabled).unwrap_or(PackageState::Installed);
        let row = StoredPackage {
            package: chosen.version.package.clone(),
            version: chosen.version.version.clone(),
            previous,
            canary: trial.as_ref().map(|trial| trial.percent),
            highest,
            state,
            place: 0,
            grants: trial.as_ref().map_or_else(|| GrantLine::stored(&chosen.grants), |trial| trial.grants(chosen)),
            requires: plan.requires,
            changed_by: String::new(),
            changed_at: self.cx.now,
        };
        self.put(row, word, Some((chosen.name.clone(), planned))).await
    }

    /// Works a draft of a package's layer out, under the lock.
    async fn planned(
        &mut self,
        layer: &Name,
        draft: &Draft,
        also: impl FnOnce(&MetadataRows) -> Vec<Diagnostic>,
    ) -> Result<(Planned, Plan), PackagesError> {
        let (tenant, now) = (self.cx.model.tenant, self.cx.now);
        let open = self.opened().await?;
        let (planned, plan) = Planned::under_lock(&mut open.tx, tenant, (layer, draft), now, also).await?;
        planned.sound(&plan)?;
        Ok((planned, plan))
    }

    /// Writes how a package stands, with its metadata; the model gets a new version, by which every node hears of it.
    /// The steps as they are done, with the jobs that some are left to.
    async fn put(
        &mut self,
        row: StoredPackage,
        word: &'static str,
        layer: Option<(Name, Planned)>,
    ) -> Result<Vec<Operation>, PackagesError> {
        let cx = self.cx.clone();
        let open = self.opened().await?;
        let (by, name) = (AuditBy::of(&cx), cx.principal.display.clone());
        let (model, operations) = match layer {
            Some((layer, planned)) if !planned.is_empty() => {
                let (tenant, draft) = (cx.model.tenant, Draft::Changes(Vec::new()));
                let work = Work { tenant, cx: Some(&cx), target: layer, draft: &draft, expect: None, consent: Consent::Package };
                planned.write(&mut open.tx, &work, (&name, &by, cx.now)).await?
            }
            _ => (renewed(open, &cx).await?, Vec::new()),
        };
        let row = StoredPackage { changed_by: name, changed_at: cx.now, ..row };
        open.tx.put_package(&row).await?;
        let grants: Vec<Json> = GrantLine::read(&row.grants).into_iter().map(|line| Json::from(line.key)).collect();
        let facts =
            serde_json::json!({ "package": row.package, "version": row.version, "did": word, "grants": grants, "canary": row.canary });
        open.tx.audit_note(&by, AuditNote::new(AuditKind::PackageChanged).facts(facts)).await?;
        open.changed = Some(model.version);
        open.model = model;
        open.packages = true;
        Ok(operations)
    }
}

/// The version that a package goes back to.
fn previous_of(there: &[StoredPackage], package: &str) -> Result<String, InstallError> {
    let installed = there.iter().find(|one| one.package == package && one.state.is_present()).ok_or(InstallError::NotInstalled)?;
    installed.previous.clone().ok_or(InstallError::NoPrevious)
}

/// The same metadata under a new version.
pub(super) async fn renewed(open: &mut Open, cx: &OpContext) -> Result<Arc<Model>, PackagesError> {
    let rows = open.tx.rows().await?;
    let rows = MetadataRows { version: ModelVersion(rows.version.0 + 1), ..rows };
    Ok(Arc::new(tenon_catalog::model_of(cx.model.tenant, &rows)?))
}
