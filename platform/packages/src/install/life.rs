//! A package's plugin is told that its package comes, grows or goes, inside the transaction of that.
//!
//! Invariants: it acts as its package, within the grant that is being consented to, over the model that the change makes; room
//! for it is taken before the model lock; what it does not say well to, except that it goes, is not done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tenon_context::{ActorKind, OpContext, Principal, Via};
use tenon_diagnostics::Problem;
use tenon_hooks::{LifeMoment, Tree};
use tenon_model::{Model, ModelVersion};
use tenon_plugin_host::Checked;
use tenon_query::{Call, CallKind, Called};
use tenon_store::{AuditBy, AuditKind, AuditNote, GivenBack, JobBy, Lent, NewJob, PackageState, Room, StoreError, StoredPackage, move_key};
use tenon_value::{Json, Uuid};

use super::{InstallError, requires, upload};
use crate::{Operation, PackagesError, Risk, Session};

/// The kind of the jobs that plugins carry out, as the record pipeline names it.
const PLUGIN_JOB: &str = "plugin";

/// Whoever lets a plugin work on records inside the transaction of a change of packages.
#[async_trait]
pub trait PluginCalls: Send + Sync {
    /// Calls a plugin as the context says.
    ///
    /// # Errors
    /// What the database is in the way of; then the whole change is gone.
    async fn call(&self, cx: &OpContext, call: Call, given: (Arc<Tree>, Lent)) -> Result<GivenBack, StoreError>;
}

/// A plugin that may be told something, and the room for it.
pub(super) struct Teller {
    plugin: Checked,
    tree: Arc<Tree>,
    room: Room,
}

impl Teller {
    pub(super) fn lives(&self, moment: LifeMoment) -> bool {
        self.plugin.lives(moment)
    }
}

/// What a plugin is told: of which package, at which moment, coming from which version.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) package: &'a str,
    pub(super) moment: LifeMoment,
    pub(super) from: Option<&'a str>,
}

impl Told<'_> {
    fn input(&self) -> Json {
        self.from.map_or(Json::Null, |from| serde_json::json!({ "from": from }))
    }
}

impl Session {
    /// Takes room for a plugin that is told one of these moments; none where it is not.
    pub(super) async fn teller(&mut self, plugin: Option<&Checked>, moments: &[LifeMoment]) -> Result<Option<Teller>, PackagesError> {
        let Some(plugin) = plugin.filter(|plugin| moments.iter().any(|moment| plugin.lives(*moment))) else { return Ok(None) };
        let tree = self.packages.plugins.enter_with(self.cx.model.tenant, plugin).await?;
        let room = self.packages.store.room(&self.cx.model).await?;
        Ok(Some(Teller { plugin: plugin.clone(), tree: Arc::new(tree), room }))
    }

    /// Tells it, once. The inner error is the plugin's, and leaves the change as it was before.
    pub(super) async fn tell(&mut self, teller: &Teller, told: Told<'_>) -> Result<Result<Called, Problem>, PackagesError> {
        let calls = self.packages.plugins.calls().ok_or(InstallError::Damaged)?;
        let mut cx = self.cx.clone();
        cx.principal = Principal::of_package(told.package);
        cx.via = Via::Install;
        let (tree, room) = (Arc::clone(&teller.tree), teller.room);
        let open = self.opened().await?;
        cx.model = unlike_any(&open.model);
        let (package, name) = (told.package.to_owned(), told.moment.word().to_owned());
        let call = Call { kind: CallKind::Lifecycle, package, name, input: told.input(), cursor: None };
        let lent = Lent { tx: open.tx.lend(&cx)?, room };
        let GivenBack { tx, called, grown } = calls.call(&cx, call, (tree, lent)).await?;
        open.tx.take_back(tx).await?;
        open.grown += grown;
        Ok(called)
    }

    /// Tells the plugin of a version that was put in force what that is to it: that it is installed, or that it has data to move.
    /// The job that goes on moving, where there is more to move than fits, or where something has to be done before.
    pub(super) async fn begin_life(
        &mut self,
        teller: Option<Teller>,
        (before, now): (Option<&StoredPackage>, &str),
        operations: &[Operation],
    ) -> Result<Option<Uuid>, PackagesError> {
        let Some(teller) = teller else { return Ok(None) };
        let package = teller.plugin.package().to_owned();
        if teller.lives(LifeMoment::Install) && !before.is_some_and(|one| one.state.is_present()) {
            let told = Told { package: &package, moment: LifeMoment::Install, from: None };
            self.tell(&teller, told).await?.map_err(|problem| failed(told.moment, problem))?;
        }
        let Some(older) = before.filter(|one| teller.lives(LifeMoment::Upgrade) && left_data(one, now)) else { return Ok(None) };
        let told = Told { package: &package, moment: LifeMoment::Upgrade, from: Some(&older.version) };
        let shaping: Vec<Uuid> = operations.iter().filter(|one| one.risk == Risk::Job).filter_map(|one| one.job).collect();
        if !shaping.is_empty() {
            return Ok(Some(self.leave_move(told, now, (None, &shaping)).await?));
        }
        match self.tell(&teller, told).await?.map_err(|problem| failed(told.moment, problem))? {
            Called::Done(_) => Ok(None),
            Called::GoesOn(cursor) => Ok(Some(self.leave_move(told, now, (Some(&cursor), &[])).await?)),
        }
    }

    /// Leaves the rest of a move to a job.
    async fn leave_move(&mut self, told: Told<'_>, to: &str, (cursor, after): (Option<&str>, &[Uuid])) -> Result<Uuid, PackagesError> {
        let id = Uuid::now_v7();
        let after: Vec<String> = after.iter().map(Uuid::to_string).collect();
        let payload = serde_json::json!({
            "package": told.package, "moment": told.moment.word(), "version": to, "input": told.input(), "cursor": cursor, "after": after,
        });
        let itself = Principal::of_package(told.package);
        let by = JobBy { kind: ActorKind::Plugin, id: itself.id, display: itself.display, ..JobBy::of(&self.cx) };
        let key = Some(move_key(told.package, id));
        let job = NewJob { id, kind: PLUGIN_JOB, payload, total: None, due: None, key, receiving: false, by };
        self.opened().await?.tx.job_put(&job).await?;
        Ok(id)
    }

    /// Refuses an upgrade of a plugin that moves data while it could not go on with it, or has not ended the move before.
    pub(super) async fn may_move(&mut self, teller: Option<&Teller>, before: Option<&StoredPackage>) -> Result<(), PackagesError> {
        let moves = teller.is_some_and(|teller| teller.lives(LifeMoment::Upgrade));
        let Some(before) = before.filter(|one| moves && one.state.is_present()) else { return Ok(()) };
        if before.state == PackageState::Disabled {
            return Err(InstallError::SwitchedOff.into());
        }
        match self.opened().await?.tx.move_left(&before.package).await? {
            Some(job) => Err(InstallError::Moving(job).into()),
            None => Ok(()),
        }
    }
}

impl Session {
    /// The plugin that is in force of a package, where it is told that it goes. One that cannot be read or compiled is not.
    pub(super) async fn last_teller(&mut self, package: &str) -> Result<Option<Teller>, PackagesError> {
        upload::may(&self.cx)?;
        let tenant = self.cx.model.tenant;
        let there = self.packages.store.packages(tenant).await?;
        let in_force = |one: &&StoredPackage| one.package == package && one.state == PackageState::Installed;
        let Some(version) = there.iter().find(in_force).map(|one| one.version.clone()) else { return Ok(None) };
        match self.packages.choose(tenant, (package, Some(&version))).await {
            Ok(chosen) => self.teller(chosen.plugin.as_ref(), &[LifeMoment::Uninstall]).await,
            Err(error) => {
                tracing::warn!(%tenant, package, %error, "a plugin cannot be told that its package goes");
                Ok(None)
            }
        }
    }

    /// Tells a plugin that its package goes. Whatever it says to that is noted, and the package goes.
    pub(super) async fn say_farewell(&mut self, teller: Option<Teller>, package: &str) -> Result<(), PackagesError> {
        let Some(teller) = teller else { return Ok(()) };
        let told = Told { package, moment: LifeMoment::Uninstall, from: None };
        let Err(problem) = self.tell(&teller, told).await? else { return Ok(()) };
        tracing::warn!(tenant = %self.cx.model.tenant, package, why = problem.message.en, "a plugin did not take its leave well");
        let facts = serde_json::json!({ "package": package, "moment": told.moment.word(), "code": problem.kind.code(), "message": problem.message.en });
        let by = AuditBy::of(&self.cx);
        let note = AuditNote::new(AuditKind::PackageChanged).facts(facts);
        Ok(self.opened().await?.tx.audit_note(&by, note).await?)
    }
}

/// A model that may never be in force, under a version that no other has: what is remembered of models is remembered by that.
fn unlike_any(model: &Model) -> Arc<Model> {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 62);
    Arc::new(Model { version: ModelVersion(NEXT.fetch_add(1, Ordering::Relaxed)), ..model.clone() })
}

/// Whether a package's records are those of an older version.
fn left_data(before: &StoredPackage, now: &str) -> bool {
    before.state != PackageState::Purged && requires::version(&before.version) < requires::version(now)
}

/// What a plugin did not say well to, in its own words, and at which moment.
pub(super) fn failed(moment: LifeMoment, problem: Problem) -> PackagesError {
    InstallError::Told(Box::new(problem.with("moment", moment.word()))).into()
}
