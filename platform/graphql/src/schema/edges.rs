//! The types around a list-valued edge: pages with link attributes, filters, writes.

use tenon_model::{Edge, EdgeKind, Field, Link, Object, State};

use super::choices::input;
use super::names::{edge_stem, link_choice_type};
use super::seeds::EdgeFamily;
use super::{FieldDef, InputDef, TypeDef, TypeKind, View, filters, objects, writes};

/// Attributes of a link in use.
pub(super) fn attributes(link: &Link) -> impl Iterator<Item = &Field> {
    link.fields.iter().filter(|field| field.state == State::Active)
}

pub(super) fn grow(view: &View<'_>, object: &Object, edge: &Edge, family: EdgeFamily) -> TypeDef {
    let stem = edge_stem(object, edge);
    let target = view.object(edge.target).map(|target| target.graphql.type_name.as_str()).unwrap_or_default();
    let link = match edge.kind {
        EdgeKind::Linked { link, .. } => view.model.link(link),
        _ => None,
    };
    let filter = format!("{target}Filter");
    match family {
        EdgeFamily::Connection => objects::connection_of(format!("{stem}Connection"), &format!("{stem}Edge"), target),
        EdgeFamily::Edge => {
            let link = link.map(|link| link.graphql.as_str()).unwrap_or_default();
            let fields = vec![
                FieldDef::new("cursor", "String!"),
                FieldDef::new("node", &format!("{target}!")),
                FieldDef::new("link", &format!("{link}!")),
            ];
            TypeDef { name: format!("{stem}Edge").into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
        }
        EdgeFamily::Many => {
            let link_filter = format!("{stem}LinkFilter");
            let mut fields = vec![("some", filter.as_str()), ("none", &filter), ("every", &filter)];
            if link.is_some() {
                fields.extend([("someLink", link_filter.as_str()), ("noneLink", link_filter.as_str())]);
            }
            input(format!("{stem}Many"), &fields)
        }
        EdgeFamily::LinkFilter => {
            let mut fields = Vec::new();
            for field in link.into_iter().flat_map(attributes) {
                let choice = link.map(|link| link_choice_type(link, field)).unwrap_or_default();
                if let Some(ty) = filters::filter_type(&field.kind, &choice) {
                    fields.push(InputDef::new(&field.graphql, &ty));
                }
            }
            fields.extend([InputDef::new("createdAt", "DateTimeFilter"), InputDef::new("node", &filter)]);
            filters::dedupe(&mut fields);
            TypeDef { name: format!("{stem}LinkFilter").into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
        }
        EdgeFamily::LinkWrite => {
            let input_type = link.map(|link| format!("{}Input!", link.graphql)).unwrap_or_default();
            input(
                format!("{stem}LinkWrite"),
                &[("to", &format!("{target}Key")), ("create", &format!("Create{target}Input")), ("set", &input_type)],
            )
        }
        EdgeFamily::Write => write(&stem, target, link),
    }
}

fn write(stem: &str, target: &str, link: Option<&Link>) -> TypeDef {
    let keys = format!("[{target}Key!]");
    let mut fields = vec![
        InputDef::new("create", &format!("[Create{target}Input!]")),
        InputDef::new("update", &format!("[{target}Update!]")),
        InputDef::new("connect", &keys),
        InputDef::new("connectOrCreate", &format!("[{target}ConnectOrCreate!]")),
        InputDef::new("disconnect", "[ID!]"),
        InputDef::new("set", &keys),
    ];
    match link {
        Some(link) if attributes(link).next().is_some() => fields.push(InputDef::new("link", &format!("[{stem}LinkWrite!]"))),
        Some(_) => {}
        None => fields.push(InputDef::new("delete", "[ID!]")),
    }
    TypeDef { name: format!("{stem}Write").into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
}

/// What a link says of itself.
pub(super) fn link(link: &Link) -> TypeDef {
    let mut fields: Vec<FieldDef> = attributes(link)
        .map(|field| {
            FieldDef::new(&field.graphql, &objects::output_type(&field.kind, &link_choice_type(link, field)))
                .described(super::descriptions::of_field(field))
        })
        .collect();
    fields.push(FieldDef::new("createdAt", "DateTime!"));
    TypeDef { name: link.graphql.as_str().into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}

pub(super) fn link_input(link: &Link) -> TypeDef {
    let fields = attributes(link)
        .map(|field| {
            InputDef::new(&field.graphql, &writes::input_type(&field.kind, &link_choice_type(link, field)))
                .described(super::descriptions::of_field(field))
        })
        .collect();
    TypeDef { name: format!("{}Input", link.graphql).into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
}
