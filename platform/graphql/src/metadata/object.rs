//! Objects as the metadata API shows them.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};
use tenon_model::{ObjectIx, Verb};
use tenon_value::Json;

use super::access::Access;
use super::can::ObjectCan;
use super::door::{Failure, door};
use super::field::{Field, Owner};
use super::prune;
use super::relation::Relation;
use super::scalars::Long;
use super::sight::Sight;
use super::views::{Layout, View};
use super::words::{Include, State};

/// An object of the tenant.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) sight: Arc<Sight>,
    pub(super) at: ObjectIx,
}

/// The names GraphQL knows an object by.
#[derive(SimpleObject)]
pub(super) struct GraphqlNames {
    #[graphql(name = "type")]
    kind: String,
    single: String,
    plural: String,
    aggregate: String,
    create: String,
    update: String,
    upsert: String,
    filter: String,
    order: String,
    changed: String,
}

/// A unique key of several parts, or of one field.
#[derive(SimpleObject)]
pub(super) struct UniqueKey {
    name: String,
    graphql_name: String,
    fields: Vec<String>,
}

impl Object {
    fn object(&self) -> async_graphql::Result<&tenon_model::Object> {
        self.sight.model.object(self.at).ok_or_else(|| async_graphql::Error::new("there is no such object"))
    }

    fn locale(&self, ctx: &Context<'_>, locale: Option<&str>) -> tenon_value::Locale {
        locale.and_then(tenon_value::Locale::from_tag).unwrap_or(door(ctx).cx.locale)
    }

    fn field(&self, at: u16, alias: Option<usize>) -> Field {
        Field { sight: Arc::clone(&self.sight), owner: Owner::Object(self.at), at, alias }
    }
}

/// Whether a list leaves something out that its caller did not ask for.
fn is_hidden(include: &[Include], system: bool, state: tenon_model::State) -> bool {
    (system && !include.contains(&Include::System)) || (state == tenon_model::State::Retired && !include.contains(&Include::Retired))
}

fn key(object: &tenon_model::Object, key: &tenon_model::UniqueKey) -> UniqueKey {
    let part = |part: &tenon_model::UniquePart| match part {
        tenon_model::UniquePart::Field(ix) => object.field(*ix).map(|field| field.name.to_string()),
        tenon_model::UniquePart::Relation(ix) => object.relation(*ix).map(|relation| relation.name.to_string()),
    };
    UniqueKey { name: key.name.to_string(), graphql_name: key.graphql.clone(), fields: key.parts.iter().filter_map(part).collect() }
}

#[async_graphql::Object]
impl Object {
    async fn id(&self) -> async_graphql::Result<async_graphql::ID> {
        Ok(self.object()?.id.0.to_string().into())
    }

    async fn name(&self) -> async_graphql::Result<String> {
        Ok(self.object()?.name.to_string())
    }

    async fn plural(&self) -> async_graphql::Result<String> {
        Ok(self.object()?.plural.to_string())
    }

    async fn label(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.object()?.label.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn plural_label(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.object()?.plural_label.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn about(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.object()?.about.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn package(&self) -> async_graphql::Result<String> {
        Ok(self.object()?.package.to_string())
    }

    /// The layer that brought it: `tenant`, or a package's name.
    async fn layer(&self) -> async_graphql::Result<String> {
        Ok(self.object()?.package.to_string())
    }

    async fn state(&self) -> async_graphql::Result<State> {
        let one = self.object()?;
        Ok(State::of(&self.sight.model, one.id, one.state))
    }

    /// The field that names a record.
    async fn display(&self) -> async_graphql::Result<Option<String>> {
        let object = self.object()?;
        let shown = object.display.and_then(|at| object.field(at)).filter(|field| self.sight.shows_field(self.at, field));
        Ok(shown.map(|field| field.name.to_string()))
    }

    async fn icon(&self) -> async_graphql::Result<Option<String>> {
        Ok(self.object()?.icon.clone())
    }

    async fn can(&self) -> ObjectCan {
        ObjectCan::of(&self.sight.policy, self.at)
    }

    async fn graphql(&self) -> async_graphql::Result<GraphqlNames> {
        let names = &self.object()?.graphql;
        let of = |stem: &str, ending: &str| format!("{stem}{ending}");
        Ok(GraphqlNames {
            kind: names.type_name.clone(),
            single: names.single.clone(),
            plural: names.plural.clone(),
            aggregate: of(&names.plural, "Aggregate"),
            create: of("create", &names.type_name),
            update: of("update", &names.type_name),
            upsert: of("upsert", &names.type_name),
            filter: of(&names.type_name, "Filter"),
            order: of(&names.type_name, "Order"),
            changed: of(&names.single, "Changed"),
        })
    }

    /// Its own fields in order; `include` adds those every record has, retired ones, former names.
    async fn fields(&self, names: Option<Vec<String>>, #[graphql(default)] include: Vec<Include>) -> async_graphql::Result<Vec<Field>> {
        let wanted = |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
        let mut fields = Vec::new();
        for field in &self.object()?.fields {
            let hidden = is_hidden(&include, field.system, field.state);
            if hidden || !self.sight.shows_field(self.at, field) {
                continue;
            }
            if wanted(field.name.as_str()) {
                fields.push(self.field(field.ix.0, None));
            }
            let aliases =
                field.aliases.iter().enumerate().filter(|(_, (name, _))| include.contains(&Include::Deprecated) && wanted(name.as_str()));
            fields.extend(aliases.map(|(at, _)| self.field(field.ix.0, Some(at))));
        }
        Ok(fields)
    }

    /// Its own relations in order; `include` adds those every record has, and retired ones.
    async fn relations(&self, #[graphql(default)] include: Vec<Include>) -> async_graphql::Result<Vec<Relation>> {
        let shown = |relation: &&tenon_model::Relation| {
            let hidden = is_hidden(&include, relation.system, relation.state);
            !hidden && self.sight.shows_relation(self.at, relation)
        };
        let relation = |relation: &tenon_model::Relation| Relation { sight: Arc::clone(&self.sight), object: self.at, at: relation.ix };
        Ok(self.object()?.relations.iter().filter(shown).map(relation).collect())
    }

    /// Views, without columns that are not seen; one that asks for what is not seen is left out.
    async fn views(&self, ctx: &Context<'_>, #[graphql(default)] include: Vec<Include>) -> async_graphql::Result<Vec<View>> {
        let locale = door(ctx).cx.locale;
        let object = self.object()?;
        let shown = |view: &&tenon_model::View| !is_hidden(&include, false, view.state);
        let view = |view: &tenon_model::View| Some(View::of(view, prune::view(&self.sight, object, &view.definition)?, locale));
        Ok(object.views.iter().filter(shown).filter_map(view).collect())
    }

    /// Layouts, without what is not seen.
    async fn layouts(&self) -> async_graphql::Result<Vec<Layout>> {
        let object = self.object()?;
        let layout = |layout: &tenon_model::Layout| Layout::of(layout, prune::layout(&self.sight, object, &layout.definition));
        Ok(object.layouts.iter().map(layout).collect())
    }

    async fn unique(&self) -> async_graphql::Result<Vec<UniqueKey>> {
        let object = self.object()?;
        Ok(object.unique.iter().filter(|one| self.sight.shows_key(self.at, &one.parts)).map(|one| key(object, one)).collect())
    }

    /// Rules; this version has none.
    async fn rules(&self) -> Vec<Json> {
        Vec::new()
    }

    /// The process; this version has none.
    async fn process(&self) -> Option<Json> {
        None
    }

    /// Roles that may read it, as far as the caller knows of them: by themselves, or by what they inherit from.
    async fn roles(&self) -> async_graphql::Result<Vec<String>> {
        let model = &self.sight.model;
        let object = self.object()?;
        let gives = |role: tenon_model::RoleIx| object.access.iter().any(|grant| grant.role == role && grant.can.contains(&Verb::Read));
        let reads = |role: &&tenon_model::Role| {
            let mut next = Some(*role);
            // No longer than there are roles: the compiler refuses circles.
            for _ in 0..=model.roles.len() {
                let Some(role) = next else { return false };
                if gives(role.ix) {
                    return true;
                }
                next = role.parent.and_then(|parent| model.role(parent));
            }
            false
        };
        let known = model.roles.iter().filter(|role| role.state == tenon_model::State::Active && self.sight.knows_role(role));
        let all = self.sight.policy.is_administrator().then(|| tenon_context::Principal::ADMINISTRATOR.to_owned());
        Ok(all.into_iter().chain(known.filter(reads).map(|role| role.name.to_string())).collect())
    }

    /// Who may do what with it; only told to who may change it.
    async fn access(&self) -> Option<Access> {
        (self.sight.policy.may_change_metadata() && self.sight.is_whole())
            .then(|| Access { sight: Arc::clone(&self.sight), object: self.at })
    }

    /// How many records there are, as far as the caller may see them; to an administrator deleted ones as well.
    async fn record_count(&self, ctx: &Context<'_>) -> Result<Long, Failure> {
        let door = door(ctx);
        if self.sight.policy.is_administrator() {
            return Ok(Long(door.row_count(self.at).await?));
        }
        Ok(Long(self.sight.count(&door.store, &door.cx, self.at).await?))
    }

    /// Paths of what the tenant wrote over a package's elements here.
    async fn overrides(&self, ctx: &Context<'_>) -> Result<Vec<String>, Failure> {
        let door = door(ctx);
        let Some(object) = self.sight.model.object(self.at).filter(|_| self.sight.is_whole()) else { return Ok(Vec::new()) };
        let prefix = format!("{}.", object.name);
        let all = door.packages.overrides(door.cx.model.tenant).await?;
        Ok(all.into_iter().filter(|path| *path == object.name.as_str() || path.starts_with(&prefix)).collect())
    }
}
