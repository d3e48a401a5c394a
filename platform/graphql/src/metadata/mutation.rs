//! Changes by the metadata API. All changes of one document are one transaction.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};
use tenon_diagnostics::{InputPath, Kind, Problem};
use tenon_model::{ElementPath, Model};
use tenon_packages::{Change, Draft, SourceFile};
use tenon_value::Json;

use super::access::Access;
use super::alter;
use super::door::{Door, Failure, door, keys, placed};
use super::field::{Field, Owner};
use super::inputs::{
    AccessInput, CreateObjectInput, CreateRoleInput, FieldInput, FileInput, LayoutInput, OperationInput, RelationInput, SettingsInput,
    UpdateFieldInput, UpdateObjectInput, UpdateRelationInput, UpdateRoleInput, ViewInput,
};
use super::object::Object;
use super::plan::{self, Applied, Operation, Plan};
use super::relation::Relation;
use super::roles::Role;
use super::settings::{self, Settings};
use super::sight::Sight;
use super::views::{Layout, View};
use super::words::State;

/// Changes.
#[derive(Default)]
pub(super) struct Mutation;

/// Any element, by its path.
#[derive(SimpleObject)]
pub(super) struct Element {
    path: String,
    name: String,
    state: State,
}

type Answer<T> = Result<T, Failure>;

/// Carries changes out in the document's session; failures say where in the input they come from.
async fn change(door: &Door, changes: Vec<Change>, place: impl Fn(&str) -> InputPath) -> Answer<Vec<Operation>> {
    door.may_change()?;
    let done = door.in_session(async |session| session.change(changes).await).await;
    let steps = done.map_err(|failure| placed(failure, place))?;
    door.note(&steps)?;
    Ok(steps.into_iter().map(Into::into).collect())
}

/// An element that was there a moment ago: its absence is a bug of ours.
fn gone() -> Failure {
    Problem::of_kind(Kind::Internal).into()
}

fn object_named(sight: &Arc<Sight>, name: &str) -> Answer<Object> {
    let object = sight.model.objects.iter().find(|object| object.name.as_str() == name).ok_or_else(gone)?;
    Ok(Object { sight: Arc::clone(sight), at: object.ix })
}

fn field_named(sight: &Arc<Sight>, object: &str, name: &str) -> Answer<Field> {
    let found = sight.model.objects.iter().find(|one| one.name.as_str() == object).ok_or_else(gone)?;
    let field = found.fields.iter().find(|field| field.name.as_str() == name).ok_or_else(gone)?;
    Ok(Field { sight: Arc::clone(sight), owner: Owner::Object(found.ix), at: field.ix.0, alias: None })
}

fn relation_named(sight: &Arc<Sight>, object: &str, name: &str) -> Answer<Relation> {
    let found = sight.model.objects.iter().find(|one| one.name.as_str() == object).ok_or_else(gone)?;
    let relation = found.relations.iter().find(|relation| relation.name.as_str() == name).ok_or_else(gone)?;
    Ok(Relation { sight: Arc::clone(sight), object: found.ix, at: relation.ix })
}

/// Where an element of a new object stands in its input.
fn place_in_object(input: &CreateObjectInput, path: &str) -> InputPath {
    let fields = input.fields.iter().flatten().map(|field| field.name.as_str());
    let relations = input.relations.iter().flatten().map(|relation| relation.name.as_str());
    let at = |group: &'static str, at: Option<usize>| at.map(|at| keys(&["input", group]).index(at));
    let mut words = path.split('.').skip(1);
    let found = match (words.next(), words.next()) {
        (Some("fields"), Some(name)) => at("fields", fields.into_iter().position(|one| one == name)),
        (Some("relations"), Some(name)) => at("relations", relations.into_iter().position(|one| one == name)),
        _ => None,
    };
    found.unwrap_or_else(|| keys(&["input"]))
}

fn role_named(sight: &Arc<Sight>, name: &str) -> Answer<Role> {
    let role = sight.model.roles.iter().find(|role| role.name.as_str() == name).ok_or_else(gone)?;
    Ok(Role { sight: Arc::clone(sight), at: role.ix })
}

async fn one(door: &Door, change_of: Change, place: &'static [&'static str]) -> Answer<Arc<Sight>> {
    change(door, vec![change_of], |_| keys(place)).await?;
    Ok(door.changed().await)
}

/// An element after a change, by its path.
fn element(model: &Model, path: &str, state: State) -> Element {
    let at = ElementPath(path.to_owned());
    let retired = model.objects.iter().any(|object| object.name.as_str() == at.split().0 && object.state == tenon_model::State::Retired);
    Element { name: at.name().to_owned(), path: at.0, state: if retired { State::Retired } else { state } }
}

#[async_graphql::Object(name = "ElementMutation")]
impl Mutation {
    async fn create_object(&self, ctx: &Context<'_>, input: CreateObjectInput) -> Answer<Object> {
        let door = door(ctx);
        change(door, alter::create_object(&input), |path| place_in_object(&input, path)).await?;
        object_named(&door.changed().await, &input.name)
    }

    async fn update_object(&self, ctx: &Context<'_>, object: String, input: UpdateObjectInput) -> Answer<Object> {
        let sight = one(door(ctx), alter::update_object(&object, &input), &["input"]).await?;
        object_named(&sight, input.rename.as_deref().unwrap_or(&object))
    }

    async fn retire_object(&self, ctx: &Context<'_>, object: String) -> Answer<Object> {
        let sight = one(door(ctx), Change::Retire(ElementPath::object(&object)), &["object"]).await?;
        object_named(&sight, &object)
    }

    async fn restore_object(&self, ctx: &Context<'_>, object: String) -> Answer<Object> {
        let sight = one(door(ctx), Change::Restore(ElementPath::object(&object)), &["object"]).await?;
        object_named(&sight, &object)
    }

    async fn add_field(&self, ctx: &Context<'_>, object: String, input: FieldInput) -> Answer<Field> {
        let sight = one(door(ctx), alter::add_field(&object, &input), &["input"]).await?;
        field_named(&sight, &object, &input.name)
    }

    async fn update_field(&self, ctx: &Context<'_>, object: String, field: String, input: UpdateFieldInput) -> Answer<Field> {
        let sight = one(door(ctx), alter::update_field(&object, &field, &input), &["input"]).await?;
        field_named(&sight, &object, input.rename.as_deref().unwrap_or(&field))
    }

    async fn retire_field(&self, ctx: &Context<'_>, object: String, field: String) -> Answer<Field> {
        let sight = one(door(ctx), Change::Retire(ElementPath::child(&object, "fields", &field)), &["field"]).await?;
        field_named(&sight, &object, &field)
    }

    async fn restore_field(&self, ctx: &Context<'_>, object: String, field: String) -> Answer<Field> {
        let sight = one(door(ctx), Change::Restore(ElementPath::child(&object, "fields", &field)), &["field"]).await?;
        field_named(&sight, &object, &field)
    }

    async fn add_relation(&self, ctx: &Context<'_>, object: String, input: RelationInput) -> Answer<Relation> {
        let sight = one(door(ctx), alter::add_relation(&object, &input), &["input"]).await?;
        relation_named(&sight, &object, &input.name)
    }

    async fn update_relation(&self, ctx: &Context<'_>, object: String, relation: String, input: UpdateRelationInput) -> Answer<Relation> {
        let sight = one(door(ctx), alter::update_relation(&object, &relation, &input), &["input"]).await?;
        relation_named(&sight, &object, input.rename.as_deref().unwrap_or(&relation))
    }

    async fn retire_relation(&self, ctx: &Context<'_>, object: String, relation: String) -> Answer<Relation> {
        let sight = one(door(ctx), Change::Retire(ElementPath::child(&object, "relations", &relation)), &["relation"]).await?;
        relation_named(&sight, &object, &relation)
    }

    async fn restore_relation(&self, ctx: &Context<'_>, object: String, relation: String) -> Answer<Relation> {
        let sight = one(door(ctx), Change::Restore(ElementPath::child(&object, "relations", &relation)), &["relation"]).await?;
        relation_named(&sight, &object, &relation)
    }

    async fn save_view(&self, ctx: &Context<'_>, object: String, input: ViewInput) -> Answer<View> {
        let door = door(ctx);
        let sight = one(door, alter::save_view(&object, &input), &["input"]).await?;
        let found = sight.model.object_named(&object).ok_or_else(gone)?;
        let view = found.views.iter().find(|view| view.name.as_str() == input.name).ok_or_else(gone)?;
        Ok(View::of(view, view.definition.clone(), door.cx.locale))
    }

    async fn save_layout(&self, ctx: &Context<'_>, object: String, input: LayoutInput) -> Answer<Layout> {
        let sight = one(door(ctx), alter::save_layout(&object, &input), &["input"]).await?;
        let found = sight.model.object_named(&object).ok_or_else(gone)?;
        let layout = found.layouts.iter().find(|layout| layout.name.as_str() == input.name).ok_or_else(gone)?;
        Ok(Layout::of(layout, layout.definition.clone()))
    }

    /// What roles may do with an object, and with whom its records are shared: one role by its keys, or `roles` and
    /// `sharing` as in `access.yaml`. What the tenant said of these before is replaced; a package's stays below.
    async fn save_access(&self, ctx: &Context<'_>, object: String, input: AccessInput) -> Answer<Access> {
        let door = door(ctx);
        let wish = alter::save_access(&object, &input).map_err(|failure| placed(failure, |_| keys(&["input"])))?;
        change(door, wish, |_| keys(&["input"])).await?;
        let sight = door.changed().await;
        let at = sight.model.object_named(&object).ok_or_else(gone)?.ix;
        Ok(Access { sight, object: at })
    }

    async fn create_role(&self, ctx: &Context<'_>, input: CreateRoleInput) -> Answer<Role> {
        let sight = one(door(ctx), alter::create_role(&input), &["input"]).await?;
        role_named(&sight, &input.name)
    }

    async fn update_role(&self, ctx: &Context<'_>, role: String, input: UpdateRoleInput) -> Answer<Role> {
        let sight = one(door(ctx), alter::update_role(&role, &input), &["input"]).await?;
        role_named(&sight, input.rename.as_deref().unwrap_or(&role))
    }

    /// Takes a role out of use: who holds it has its rights no longer.
    async fn retire_role(&self, ctx: &Context<'_>, role: String) -> Answer<Role> {
        let sight = one(door(ctx), Change::Retire(ElementPath::role(&role)), &["role"]).await?;
        role_named(&sight, &role)
    }

    async fn restore_role(&self, ctx: &Context<'_>, role: String) -> Answer<Role> {
        let sight = one(door(ctx), Change::Restore(ElementPath::role(&role)), &["role"]).await?;
        role_named(&sight, &role)
    }

    /// Labels in one language, by path: `{"opportunity.fields.stage.options.won": "赢单"}`.
    async fn save_labels(&self, ctx: &Context<'_>, locale: String, labels: Json) -> Answer<Applied> {
        let door = door(ctx);
        let wish = alter::labels(&locale, &labels).map_err(|failure| placed(failure, |_| keys(&["labels"])))?;
        let operations = change(door, vec![wish], |_| keys(&["labels"])).await?;
        Ok(Applied { version: door.model().await.version.0, operations, jobs: Vec::new() })
    }

    /// Takes any element out of use; it is kept for 30 days.
    async fn retire(&self, ctx: &Context<'_>, path: String) -> Answer<Element> {
        let sight = one(door(ctx), Change::Retire(ElementPath(path.clone())), &["path"]).await?;
        Ok(element(&sight.model, &path, State::Retired))
    }

    /// Takes any element back into use.
    async fn restore(&self, ctx: &Context<'_>, path: String) -> Answer<Element> {
        let sight = one(door(ctx), Change::Restore(ElementPath(path.clone())), &["path"]).await?;
        Ok(element(&sight.model, &path, State::Active))
    }

    /// Drops what the tenant wrote over a package's element.
    async fn reset_override(&self, ctx: &Context<'_>, path: String) -> Answer<Element> {
        let sight = one(door(ctx), Change::Reset(ElementPath(path.clone())), &["path"]).await?;
        Ok(element(&sight.model, &path, State::Active))
    }

    /// Plans files or a draft; mistakes are in its diagnostics. Changes nothing.
    async fn plan(
        &self,
        ctx: &Context<'_>,
        files: Option<Vec<FileInput>>,
        operations: Option<Vec<OperationInput>>,
        #[graphql(default)] prune: bool,
    ) -> Answer<Plan> {
        let door = door(ctx);
        door.may_change()?;
        let draft = match (files, operations) {
            (Some(files), None) => {
                let files = files.into_iter().map(|file| SourceFile::new(file.path, file.text)).collect();
                Draft::Files { files, prune }
            }
            (None, Some(operations)) => {
                let mut changes = Vec::new();
                for (at, operation) in operations.iter().enumerate() {
                    changes.extend(alter::operation(operation).map_err(|failure| placed(failure, |_| keys(&["operations"]).index(at)))?);
                }
                Draft::Changes(changes)
            }
            _ => {
                return Err(
                    Problem::invalid("required", "say either `files` or `operations`", "请提供 `files` 或 `operations` 之一").into()
                );
            }
        };
        let (plan, after) = door.packages.planned(&door.cx, draft).await?;
        Ok(Plan::of(plan, after))
    }

    /// Carries a plan out by its hash; destructive and breaking steps are named in `confirm` by path.
    async fn apply(&self, ctx: &Context<'_>, plan: String, confirm: Option<Vec<String>>) -> Answer<Applied> {
        let door = door(ctx);
        door.may_change()?;
        let confirm = confirm.unwrap_or_default();
        let operations = door.in_session(async |session| session.apply(&plan, &confirm).await).await?;
        door.note(&operations)?;
        let model = door.model().await;
        let jobs = plan::jobs(&operations);
        Ok(Applied { version: model.version.0, operations: plan::operations(operations, Some(&model)), jobs })
    }

    async fn update_settings(&self, ctx: &Context<'_>, input: SettingsInput) -> Answer<Settings> {
        let door = door(ctx);
        door.may_change()?;
        let wish = settings::change(input).map_err(|failure| placed(failure, |_| keys(&["input"])))?;
        let model = door.in_session(async |session| session.settings(&wish).await).await?;
        Ok((&model.settings).into())
    }
}
