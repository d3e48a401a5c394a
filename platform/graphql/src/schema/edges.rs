//! The types around a list-valued edge: pages with link attributes, filters, writes.

use tenon_model::{Edge, EdgeKind, Field, Link, Object, State};
use tenon_query::Action;

use super::choices::input;
use super::names::{edge_stem, link_choice_type};
use super::seeds::{EdgeFamily, may};
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
            let (key, create) = (format!("{target}Key"), format!("Create{target}Input"));
            let mut fields = vec![("to", key.as_str())];
            if writes::is_made(view, edge.target) {
                fields.push(("create", &create));
            }
            fields.push(("set", &input_type));
            input(format!("{stem}LinkWrite"), &fields)
        }
        EdgeFamily::Write => write(view, edge, (&stem, target), link),
    }
}

/// A child is linked by changing it, a record behind a link is not: it need only be visible.
fn write(view: &View<'_>, edge: &Edge, (stem, target): (&str, &str), link: Option<&Link>) -> TypeDef {
    let keys = format!("[{target}Key!]");
    let (made, changed) = (writes::is_made(view, edge.target), writes::is_changed(view, edge.target));
    let linked = link.is_some() || changed;
    let deleted = link.is_none() && may(view, edge.target, Action::Delete);
    let with_attributes = link.is_some_and(|link| attributes(link).next().is_some());
    let verbs = [
        (made, "create", format!("[Create{target}Input!]")),
        (changed, "update", format!("[{target}Update!]")),
        (linked, "connect", keys.clone()),
        (made && linked, "connectOrCreate", format!("[{target}ConnectOrCreate!]")),
        (linked, "disconnect", "[ID!]".to_owned()),
        (linked, "set", keys),
        (with_attributes, "link", format!("[{stem}LinkWrite!]")),
        (deleted, "delete", "[ID!]".to_owned()),
    ];
    let fields = verbs.into_iter().filter(|(wanted, ..)| *wanted).map(|(_, name, ty)| InputDef::new(name, &ty)).collect();
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
