//! A record's type, its connection and its edge.

use tenon_model::{EdgeKind, FieldKind, Object, RelationShape, system};

use super::descriptions::{of_field, of_label, of_object, of_relation};
use super::names::{choice_type, edge_stem, relation_stem};
use super::{FieldDef, InputDef, TypeDef, TypeKind, View};
use crate::syntax::ast::ValueKind;

/// The output type of a field, as SDL.
pub(super) fn output_type(kind: &FieldKind, choice: &str) -> String {
    match kind {
        FieldKind::Id => "ID!",
        FieldKind::Text { .. }
        | FieldKind::LongText
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Url
        | FieldKind::AutoNumber { .. } => "String",
        FieldKind::RichText => "RichText",
        FieldKind::Integer { .. } => "Int",
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => "Decimal",
        FieldKind::Money { .. } => "Money",
        FieldKind::Boolean => "Boolean!",
        FieldKind::Date => "Date",
        FieldKind::DateTime => "DateTime",
        FieldKind::Duration => "Duration",
        FieldKind::Choice(_) => choice,
        FieldKind::Choices(_) => return format!("[{choice}!]!"),
        FieldKind::Address => "Address",
        FieldKind::Geo => "Geo",
        FieldKind::Secret => "SecretState",
        FieldKind::File | FieldKind::Image => "File",
        _ => "JSON",
    }
    .to_owned()
}

/// Arguments of a page of records.
pub(super) fn page_arguments(name: &str, more: Vec<InputDef>) -> Vec<InputDef> {
    let mut arguments = more;
    arguments.extend([
        InputDef::new("filter", &format!("{name}Filter")),
        InputDef::new("orderBy", &format!("[{name}Order!]")),
        InputDef::new("first", "Int"),
        InputDef::new("after", "String"),
        InputDef::new("last", "Int"),
        InputDef::new("before", "String"),
    ]);
    arguments
}

fn history() -> FieldDef {
    FieldDef::new("history", "HistoryConnection!")
        .taking(vec![InputDef::new("first", "Int").defaulting(ValueKind::Int("20".into())), InputDef::new("after", "String")])
}

fn system_fields(view: &View<'_>) -> Vec<FieldDef> {
    let user = view.objects().any(|object| object.graphql.type_name == "User");
    let mut fields = vec![
        FieldDef::new("id", "ID!"),
        FieldDef::new("version", "Int!"),
        FieldDef::new("display", "String!"),
        FieldDef::new("createdAt", "DateTime!"),
        FieldDef::new("createdBy", "Actor"),
        FieldDef::new("updatedAt", "DateTime!"),
        FieldDef::new("updatedBy", "Actor"),
    ];
    if user {
        fields.push(FieldDef::new("owner", "User"));
    }
    fields.extend([
        FieldDef::new("deletedAt", "DateTime"),
        FieldDef::new("externalIds", "[ExternalId!]!"),
        FieldDef::new("can", "RecordCan!"),
        history(),
    ]);
    fields
}

pub(super) fn record(view: &View<'_>, object: &Object) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let mut fields = system_fields(view);
    for field in view.shown(object).filter(|field| !field.system) {
        let ty = output_type(&field.kind, &choice_type(object, field));
        fields.push(FieldDef::new(&field.graphql, &ty).described(of_field(field)));
    }
    for relation in view.shown_ones(object).filter(|relation| usize::from(relation.ix.0) >= system::RELATIONS) {
        let ty = match relation.shape {
            RelationShape::Any => relation_stem(object, relation),
            RelationShape::Actor => "Actor".to_owned(),
            _ => view.target(relation).map(|target| target.graphql.type_name.clone()).unwrap_or_default(),
        };
        fields.push(FieldDef::new(&relation.graphql, &ty).described(of_relation(relation)));
    }
    for (_, edge) in view.edges(object) {
        let Some(target) = view.object(edge.target) else { continue };
        let target = target.graphql.type_name.as_str();
        let (connection, more) = match edge.kind {
            EdgeKind::Linked { .. } => (edge_stem(object, edge) + "Connection!", Vec::new()),
            EdgeKind::Children { .. } => (format!("{target}Connection!"), Vec::new()),
            EdgeKind::Descendants { .. } => (format!("{target}Connection!"), vec![InputDef::new("maxDepth", "Int")]),
        };
        fields.push(FieldDef::new(&edge.graphql, &connection).taking(page_arguments(target, more)).described(of_label(&edge.label)));
    }
    if view.tree(object).is_some() {
        fields.push(FieldDef::new("ancestors", &format!("[{name}!]!")));
        fields.push(FieldDef::new("depth", "Int!"));
    }
    let mut seen = std::collections::HashSet::new();
    fields.retain(|field| seen.insert(field.name.clone()));
    TypeDef { name: name.into(), description: of_object(object), kind: TypeKind::Object { fields, interfaces: vec!["Record".into()] } }
}

/// A connection type of this name over edges of that name.
pub(super) fn connection_of(name: String, edge: &str, node: &str) -> TypeDef {
    let fields = vec![
        FieldDef::new("edges", &format!("[{edge}!]!")),
        FieldDef::new("nodes", &format!("[{node}!]!")),
        FieldDef::new("pageInfo", "PageInfo!"),
        FieldDef::new("totalCount", "TotalCount!").taking(vec![InputDef::new("limit", "Int").defaulting(ValueKind::Int("10000".into()))]),
    ];
    TypeDef { name: name.into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}

pub(super) fn connection(object: &Object) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    connection_of(format!("{name}Connection"), &format!("{name}Edge"), name)
}

pub(super) fn edge(object: &Object) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let fields = vec![FieldDef::new("cursor", "String!"), FieldDef::new("node", &format!("{name}!"))];
    TypeDef { name: format!("{name}Edge").into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}
