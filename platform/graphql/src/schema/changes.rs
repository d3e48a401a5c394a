//! Subscription, and what it tells of an object.

use tenon_model::Object;

use super::{FieldDef, InputDef, TypeDef, TypeKind, View};

/// The root field that tells of an object's changes.
pub(crate) fn changed_name(object: &Object) -> String {
    format!("{}Changed", object.graphql.single)
}

/// The object whose changes a root field tells of.
pub(crate) fn changed_of<'a>(view: &View<'a>, name: &str) -> Option<&'a Object> {
    let stem = name.strip_suffix("Changed")?;
    view.objects().find(|object| object.graphql.single == stem)
}

pub(super) fn subscription(view: &View<'_>) -> TypeDef {
    let after = || InputDef::new("after", "String");
    let mut fields = vec![
        FieldDef::new("recordsChanged", "RecordChange!").taking(vec![InputDef::new("objects", "[String!]!"), after()]),
        FieldDef::new("metadataChanged", "ModelVersion!"),
        FieldDef::new("jobChanged", "Job!").taking(vec![InputDef::new("id", "ID!")]),
    ];
    for object in view.objects() {
        let name = &object.graphql.type_name;
        let arguments = vec![InputDef::new("filter", &format!("{name}Filter")), InputDef::new("id", "ID"), after()];
        fields.push(FieldDef::new(&changed_name(object), &format!("{name}Change!")).taking(arguments));
    }
    TypeDef { name: "Subscription".into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}

pub(super) fn change(object: &Object) -> TypeDef {
    let name = &object.graphql.type_name;
    let fields = vec![
        FieldDef::new("kind", "ChangeKind!"),
        FieldDef::new("id", "ID!"),
        FieldDef::new("node", name),
        FieldDef::new("changedFields", "[String!]!"),
        FieldDef::new("version", "Int!"),
        FieldDef::new("by", "Actor"),
        FieldDef::new("at", "DateTime!"),
        FieldDef::new("cursor", "String!"),
    ];
    TypeDef { name: format!("{name}Change").into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}
