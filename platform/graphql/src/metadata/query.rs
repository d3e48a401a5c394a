//! Reads of the metadata API, cut to what the principal may see.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};
use tenon_diagnostics::Problem;
use tenon_model::State;

use super::describe::{self, Describe};
use super::door::{Failure, door};
use super::object::Object;
use super::plan::Plan;
use super::roles::Role;
use super::settings::Settings;
use super::words::Include;

/// Plans listed where nothing is said.
const PLANS_DEFAULT: usize = 20;
/// Plans listed at most.
const PLANS_MAX: usize = 100;

/// Which model is live.
#[derive(SimpleObject)]
pub(super) struct ModelInfo {
    version: u64,
    settings: Settings,
    /// Objects in use.
    objects: u64,
}

/// A file of a layer.
#[derive(SimpleObject)]
pub(super) struct File {
    path: String,
    text: String,
}

/// Reads.
#[derive(Default)]
pub(super) struct Query;

#[async_graphql::Object(name = "ElementQuery")]
impl Query {
    /// Which model is live.
    async fn model(&self, ctx: &Context<'_>) -> ModelInfo {
        let sight = door(ctx).kept();
        let model = &sight.model;
        let objects = model.active_objects().filter(|object| sight.sees(object.ix)).count() as u64;
        ModelInfo { version: model.version.0, settings: (&model.settings).into(), objects }
    }

    /// Objects in use, or those named; `include` adds retired ones.
    async fn objects(&self, ctx: &Context<'_>, names: Option<Vec<String>>, #[graphql(default)] include: Vec<Include>) -> Vec<Object> {
        let sight = door(ctx).kept();
        let wanted = |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
        let shown = |object: &&Arc<tenon_model::Object>| {
            (include.contains(&Include::Retired) || object.state == State::Active) && sight.sees(object.ix) && wanted(object.name.as_str())
        };
        sight.model.objects.iter().filter(shown).map(|object| Object { sight: Arc::clone(&sight), at: object.ix }).collect()
    }

    /// One object by name, retired or not.
    async fn object(&self, ctx: &Context<'_>, name: String) -> Option<Object> {
        let sight = door(ctx).kept();
        let found = sight.model.objects.iter().find(|object| object.name.as_str() == name && sight.sees(object.ix))?.ix;
        Some(Object { sight, at: found })
    }

    /// Roles: to who gives rights all of them, to others those they hold. `administrator` is built in and not among them.
    async fn roles(&self, ctx: &Context<'_>, names: Option<Vec<String>>, #[graphql(default)] include: Vec<Include>) -> Vec<Role> {
        let sight = door(ctx).kept();
        let wanted = |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
        let shown = |role: &&tenon_model::Role| {
            let in_use = role.state == State::Active || include.contains(&Include::Retired);
            in_use && sight.knows_role(role) && wanted(role.name.as_str())
        };
        sight.model.roles.iter().filter(shown).map(|role| Role { sight: Arc::clone(&sight), at: role.ix }).collect()
    }

    /// The files of a layer: `tenant`, or a package's name.
    async fn pull(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = "tenant")] layer: String,
        paths: Option<Vec<String>>,
    ) -> Result<Vec<File>, Failure> {
        let door = door(ctx);
        // A layer shows everything in it, whoever may see the objects: it is for those who may change it.
        door.may_change()?;
        let files = door.packages.pull(door.cx.model.tenant, &layer, paths.as_deref()).await?;
        Ok(files.into_iter().map(|file| File { path: file.path, text: file.text }).collect())
    }

    /// Plans that can still be applied, the newest first.
    async fn plans(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<Plan>, Failure> {
        let door = door(ctx);
        door.may_change()?;
        let asked = first.map_or(Ok(PLANS_DEFAULT), usize::try_from);
        let first = asked.map_err(|_| Problem::invalid("range", "`first` is not negative", "`first` 不能为负"))?;
        if first > PLANS_MAX {
            return Err(Problem::exhausted("page_size", PLANS_MAX as u64, first as u64).into());
        }
        Ok(door.packages.plans(door.cx.model.tenant, first).into_iter().map(|plan| Plan::of(plan, None)).collect())
    }

    /// Everything a front end needs to start. `as`: as that user would see it; takes the special right `impersonate`, and
    /// is written into the audit trail.
    async fn describe(&self, ctx: &Context<'_>, #[graphql(name = "as")] viewer: Option<async_graphql::ID>) -> Result<Describe, Failure> {
        let door = door(ctx);
        match viewer {
            Some(viewer) if viewer.as_str() != door.cx.principal.id.to_string() => describe::describe_as(door, viewer.as_str()).await,
            _ => describe::describe(door, door.used()).await,
        }
    }
}
