//! Inputs → changes of elements.

use async_graphql::MaybeUndefined;
use tenon_diagnostics::Problem;
use tenon_model::ElementPath;
use tenon_packages::Change;
use tenon_value::{Json, JsonMap, Locale};

use super::door::Failure;
use super::inputs::{
    AccessInput, CreateObjectInput, CreateRoleInput, FieldInput, FieldKeys, InverseInput, LayoutInput, OperationInput, RelationInput,
    RelationKeys, RoleKeys, RowsInput, UpdateFieldInput, UpdateObjectInput, UpdateRelationInput, UpdateRoleInput, ViewInput,
};
use super::properties::{InFiles, Properties};
use super::words::word;

impl InFiles for InverseInput {
    fn in_files(&self) -> Json {
        let properties =
            Properties::default().set("name", Json::from(self.name.as_str())).put("label", &self.label).put("about", &self.about);
        Json::Object(properties.0)
    }
}

fn field_keys(properties: Properties, keys: &FieldKeys) -> Properties {
    properties
        .put("label", &keys.label)
        .put("about", &keys.about)
        .put("required", &keys.required)
        .put("unique", &keys.unique)
        .put("personal", &keys.personal)
        .put("default", &keys.default)
        .put("options", &keys.options)
        .put("min", &keys.min)
        .put("max", &keys.max)
        .put("scale", &keys.scale)
        .put("pattern", &keys.pattern)
        .put("sort", &keys.sort)
        .put("format", &keys.format)
        .put("expr", &keys.expr)
        .put("as", &keys.result)
        .put("of", &keys.source)
        .put("op", &keys.op)
        .put("field", &keys.field)
        .put("where", &keys.condition)
        .put("was", &keys.was)
}

fn field_properties(input: &FieldInput) -> JsonMap<String, Json> {
    let typed = Properties::default().set("type", Json::from(word(input.kind)));
    without_nulls(field_keys(typed, &input.keys).0)
}

/// In a new element there is nothing that null could take away.
fn without_nulls(mut map: JsonMap<String, Json>) -> JsonMap<String, Json> {
    map.retain(|_, value| !value.is_null());
    map
}

fn relation_keys(properties: Properties, keys: &RelationKeys) -> Properties {
    let properties = properties
        .put("label", &keys.label)
        .put("about", &keys.about)
        .put("required", &keys.required)
        .put("many", &keys.many)
        .put("inverse", &keys.inverse)
        .put("on_delete", &keys.on_delete)
        .put("tree", &keys.tree)
        .put("part_of", &keys.part_of)
        .put("was", &keys.was);
    match &keys.link {
        MaybeUndefined::Undefined => properties,
        MaybeUndefined::Null => properties.set("link", Json::Null),
        MaybeUndefined::Value(fields) => {
            let attributes = fields.iter().map(|field| (field.name.clone(), Json::Object(field_properties(field))));
            properties.set("link", Json::Object(attributes.collect()))
        }
    }
}

/// One target is written as a word, several as a list.
fn targets(to: &[String]) -> Json {
    match to {
        [one] => Json::from(one.as_str()),
        many => many.iter().map(|one| Json::from(one.as_str())).collect(),
    }
}

pub(super) fn create_object(input: &CreateObjectInput) -> Vec<Change> {
    let properties = Properties::default()
        .set("label", input.label.0.clone())
        .put("plural", &input.plural)
        .put("plural_label", &input.plural_label)
        .put("about", &input.about)
        .put("icon", &input.icon)
        .put("display", &input.display)
        .put("unique", &input.unique);
    let mut changes = vec![Change::Create { path: ElementPath::object(&input.name), properties: without_nulls(properties.0) }];
    changes.extend(input.fields.iter().flatten().map(|field| add_field(&input.name, field)));
    changes.extend(input.relations.iter().flatten().map(|relation| add_relation(&input.name, relation)));
    changes
}

pub(super) fn update_object(object: &str, input: &UpdateObjectInput) -> Change {
    let properties = Properties::default()
        .put("label", &input.label)
        .put("plural", &input.plural)
        .put("plural_label", &input.plural_label)
        .put("about", &input.about)
        .put("icon", &input.icon)
        .put("display", &input.display)
        .put("unique", &input.unique);
    Change::Update { path: ElementPath::object(object), properties: properties.0, rename: input.rename.clone() }
}

pub(super) fn add_field(object: &str, input: &FieldInput) -> Change {
    Change::Create { path: ElementPath::child(object, "fields", &input.name), properties: field_properties(input) }
}

pub(super) fn update_field(object: &str, field: &str, input: &UpdateFieldInput) -> Change {
    let properties = field_keys(Properties::default().put("type", &input.kind), &input.keys);
    Change::Update { path: ElementPath::child(object, "fields", field), properties: properties.0, rename: input.rename.clone() }
}

pub(super) fn add_relation(object: &str, input: &RelationInput) -> Change {
    let properties = relation_keys(Properties::default().set("to", targets(&input.to)), &input.keys);
    Change::Create { path: ElementPath::child(object, "relations", &input.name), properties: without_nulls(properties.0) }
}

pub(super) fn update_relation(object: &str, relation: &str, input: &UpdateRelationInput) -> Change {
    let mut properties = Properties::default();
    if let MaybeUndefined::Value(to) = &input.to {
        properties = properties.set("to", targets(to));
    }
    let properties = relation_keys(properties, &input.keys);
    Change::Update { path: ElementPath::child(object, "relations", relation), properties: properties.0, rename: input.rename.clone() }
}

pub(super) fn save_view(object: &str, input: &ViewInput) -> Change {
    let properties = Properties::default()
        .set("type", Json::from(input.kind.as_str()))
        .put("label", &input.label)
        .put("about", &input.about)
        .put("columns", &input.columns)
        .put("filter", &input.filter)
        .put("order", &input.order)
        .put("by", &input.by)
        .put("card", &input.card)
        .put("total", &input.total)
        .put("date", &input.date)
        .put("end", &input.end)
        .put("location", &input.location)
        .put("image", &input.image)
        .put("color", &input.color)
        .put("group", &input.group)
        .put("chart", &input.chart)
        .put("default", &input.default);
    Change::Put { path: ElementPath::child(object, "views", &input.name), properties: without_nulls(properties.0) }
}

pub(super) fn save_layout(object: &str, input: &LayoutInput) -> Change {
    let properties = Properties::default()
        .put("header", &input.header)
        .put("tabs", &input.tabs)
        .put("sections", &input.sections)
        .put("fields", &input.fields)
        .put("slots", &input.slots);
    Change::Put { path: ElementPath::child(object, "layouts", &input.name), properties: without_nulls(properties.0) }
}

impl InFiles for RowsInput {
    fn in_files(&self) -> Json {
        let rows = Properties::default()
            .put("read", &self.read)
            .put("update", &self.update)
            .put("delete", &self.delete)
            .put("share", &self.share)
            .put("check", &self.check);
        Json::Object(rows.0)
    }
}

/// What is said of roles and of sharing: each an element of its own.
pub(super) fn save_access(object: &str, input: &AccessInput) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    let mut put = |group: &str, name: &str, properties: JsonMap<String, Json>| {
        changes.push(Change::Put { path: ElementPath::child(object, group, name), properties });
    };
    let of_role = Properties::default().put("can", &input.can).put("rows", &input.rows).put("fields", &input.fields);
    match &input.role {
        Some(role) => put("access", role, without_nulls(of_role.0)),
        None if of_role.0.is_empty() => {}
        None => {
            return Err(Problem::invalid("required", "say of which `role` these are the rights", "请指明这些权限属于哪个角色 `role`")
                .field("role")
                .into());
        }
    }
    for (group, key, whole) in [("access", "roles", &input.roles), ("sharing", "sharing", &input.sharing)] {
        let Some(whole) = whole else { continue };
        let named = whole
            .as_object()
            .and_then(|map| map.iter().map(|(name, keys)| Some((name, keys.as_object()?.clone()))).collect::<Option<Vec<_>>>());
        let wrong =
            || Problem::invalid("type", format!("`{key}` is a mapping from names to mappings"), format!("`{key}` 须为名称到映射的映射"));
        for (name, keys) in named.ok_or_else(|| Failure::from(wrong().field(key)))? {
            put(group, name, keys);
        }
    }
    if changes.is_empty() {
        return Err(Problem::invalid("required", "say `role`, `roles` or `sharing`", "请提供 `role`、`roles` 或 `sharing`").into());
    }
    Ok(changes)
}

fn role_keys(properties: Properties, keys: &RoleKeys) -> JsonMap<String, Json> {
    properties
        .put("about", &keys.about)
        .put("parent", &keys.parent)
        .put("landing", &keys.landing)
        .put("portal", &keys.portal)
        .put("special", &keys.special)
        .0
}

pub(super) fn create_role(input: &CreateRoleInput) -> Change {
    let labelled = Properties::default().set("label", input.label.0.clone());
    Change::Create { path: ElementPath::role(&input.name), properties: without_nulls(role_keys(labelled, &input.keys)) }
}

pub(super) fn update_role(role: &str, input: &UpdateRoleInput) -> Change {
    let properties = role_keys(Properties::default().put("label", &input.label), &input.keys);
    Change::Update { path: ElementPath::role(role), properties, rename: input.rename.clone() }
}

/// A language by its code.
pub(super) fn locale(code: &str) -> Result<Locale, Failure> {
    let known = Locale::ALL.into_iter().find(|locale| locale.code() == code);
    known.ok_or_else(|| {
        Problem::invalid(
            "locale",
            format!("there are no texts in `{code}`, only in en and zh"),
            format!("不支持语言 `{code}`,仅支持 en 与 zh"),
        )
        .into()
    })
}

/// Labels by path: `{ "opportunity.fields.stage": "阶段" }`, or in each other as in `labels/zh.yaml`.
pub(super) fn labels(code: &str, labels: &Json) -> Result<Change, Failure> {
    let locale = locale(code)?;
    let mut texts = Vec::new();
    let wrong = || Failure::from(Problem::invalid("type", "labels are a mapping from paths to texts", "标签须为路径到文本的映射"));
    // A stack of ours: how deep the input nests is the caller's choice.
    let mut open = vec![(String::new(), labels)];
    while let Some((path, value)) = open.pop() {
        match value {
            Json::String(text) if !path.is_empty() => texts.push((path, text.clone())),
            Json::Object(map) => {
                let below =
                    map.iter().rev().map(|(key, value)| (if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value));
                open.extend(below);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(Change::Labels { locale, labels: texts })
}

/// The changes of one entry of a draft.
pub(super) fn operation(input: &OperationInput) -> Result<Vec<Change>, Failure> {
    let path = |text: &String| ElementPath(text.clone());
    Ok(match input {
        OperationInput::CreateObject(input) => create_object(input),
        OperationInput::UpdateObject(one) => vec![update_object(&one.object, &one.input)],
        OperationInput::AddField(one) => vec![add_field(&one.object, &one.input)],
        OperationInput::UpdateField(one) => vec![update_field(&one.object, &one.field, &one.input)],
        OperationInput::AddRelation(one) => vec![add_relation(&one.object, &one.input)],
        OperationInput::UpdateRelation(one) => vec![update_relation(&one.object, &one.relation, &one.input)],
        OperationInput::SaveView(one) => vec![save_view(&one.object, &one.input)],
        OperationInput::SaveLayout(one) => vec![save_layout(&one.object, &one.input)],
        OperationInput::SaveAccess(one) => save_access(&one.object, &one.input)?,
        OperationInput::CreateRole(input) => vec![create_role(input)],
        OperationInput::UpdateRole(one) => vec![update_role(&one.role, &one.input)],
        OperationInput::SaveLabels(one) => vec![labels(&one.locale, &one.labels)?],
        OperationInput::Retire(text) => vec![Change::Retire(path(text))],
        OperationInput::Restore(text) => vec![Change::Restore(path(text))],
        OperationInput::ResetOverride(text) => vec![Change::Reset(path(text))],
    })
}
