//! How one record names another: filters on references, keys, unions.

use tenon_model::{Object, Relation, UniqueKey, UniquePart};
use tenon_value::pascal;

use super::choices::input;
use super::names::{choice_type, relation_stem};
use super::seeds::AnyFamily;
use super::{EnumValue, InputDef, TypeDef, TypeKind, View, writes};

/// `{ eq in notIn isNull is isNot within }` over an object.
pub(super) fn reference(object: &Object) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let filter = format!("{name}Filter");
    input(
        format!("{name}Ref"),
        &[("eq", "ID"), ("in", "[ID!]"), ("notIn", "[ID!]"), ("isNull", "Boolean"), ("is", &filter), ("isNot", &filter), ("within", "ID")],
    )
}

fn is_readable(view: &View<'_>, object: &Object, key: &UniqueKey) -> bool {
    key.parts.iter().all(|part| match part {
        UniquePart::Field(field) => view.policy.may_read_field(object.ix, *field),
        UniquePart::Relation(relation) => view.policy.may_read_relation(object.ix, *relation),
    })
}

/// The input type of one part of a unique key.
pub(super) fn part_type(object: &Object, part: UniquePart) -> Option<(&str, String)> {
    match part {
        UniquePart::Field(ix) => {
            let field = object.field(ix)?;
            Some((&field.graphql, writes::scalar_type(&field.kind, &choice_type(object, field))))
        }
        UniquePart::Relation(ix) => Some((&object.relation(ix)?.graphql, "ID".to_owned())),
    }
}

/// Unique keys that may be used, with their places in `Object::unique`.
pub(super) fn keys<'a>(view: &'a View<'_>, object: &'a Object) -> impl Iterator<Item = (usize, &'a UniqueKey)> {
    object.unique.iter().enumerate().filter(|(_, key)| is_readable(view, object, key))
}

/// Those of several parts, or of a relation.
pub(super) fn composite_keys<'a>(view: &'a View<'_>, object: &'a Object) -> impl Iterator<Item = (usize, &'a UniqueKey)> {
    keys(view, object).filter(|(_, key)| is_composite(object, key))
}

/// Whether a key needs an input of its own: all but the key of one field that bears the field's name.
pub(crate) fn is_composite(object: &Object, key: &UniqueKey) -> bool {
    match key.parts.as_slice() {
        [UniquePart::Field(field)] => object.field(*field).is_none_or(|field| field.name != key.name),
        _ => true,
    }
}

pub(super) fn composite_name(object: &Object, key: &UniqueKey) -> String {
    format!("{}{}Key", object.graphql.type_name, pascal(key.name.as_str()))
}

pub(super) fn composite(_view: &View<'_>, object: &Object, key: &UniqueKey) -> TypeDef {
    let fields =
        key.parts.iter().filter_map(|part| part_type(object, *part)).map(|(name, ty)| InputDef::new(name, &format!("{ty}!"))).collect();
    TypeDef { name: composite_name(object, key).into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
}

pub(super) fn key(view: &View<'_>, object: &Object) -> TypeDef {
    let mut fields = vec![InputDef::new("id", "ID")];
    for (_, key) in keys(view, object) {
        if is_composite(object, key) {
            fields.push(InputDef::new(&key.graphql, &composite_name(object, key)));
        } else if let Some((name, ty)) = key.parts.first().and_then(|part| part_type(object, *part)) {
            fields.push(InputDef::new(name, &ty));
        }
    }
    fields.push(InputDef::new("externalId", "ExternalIdInput"));
    TypeDef { name: format!("{}Key", object.graphql.type_name).into(), description: None, kind: TypeKind::Input { fields, one_of: true } }
}

pub(super) fn unique(view: &View<'_>, object: &Object) -> TypeDef {
    let mut values = vec![EnumValue { name: "EXTERNAL_ID".into(), description: None, deprecated: None }];
    values.extend(keys(view, object).map(|(_, key)| EnumValue {
        name: key.graphql_value.as_str().into(),
        description: None,
        deprecated: None,
    }));
    TypeDef { name: format!("{}Unique", object.graphql.type_name).into(), description: None, kind: TypeKind::Enum(values) }
}

/// The types around a polymorphic relation.
pub(super) fn grow_any(view: &View<'_>, object: &Object, relation: &Relation, family: AnyFamily) -> TypeDef {
    let stem = relation_stem(object, relation);
    match family {
        AnyFamily::Union => TypeDef {
            kind: TypeKind::Union(view.targets(relation).map(|target| target.graphql.type_name.as_str().into()).collect()),
            description: super::descriptions::of_relation(relation),
            name: stem.into(),
        },
        AnyFamily::Type => input(format!("{stem}Type"), &[("in", "[String!]")]),
        AnyFamily::Key => input(format!("{stem}Key"), &[("id", "ID!")]),
        AnyFamily::Ref => {
            let mut fields = vec![
                InputDef::new("eq", "ID"),
                InputDef::new("in", "[ID!]"),
                InputDef::new("isNull", "Boolean"),
                InputDef::new("type", &format!("{stem}Type")),
            ];
            fields.extend(
                view.targets(relation).map(|target| InputDef::new(&target.graphql.single, &format!("{}Filter", target.graphql.type_name))),
            );
            super::filters::dedupe(&mut fields);
            TypeDef { name: format!("{stem}Ref").into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
        }
        AnyFamily::One => {
            let mut fields = vec![InputDef::new("connect", &format!("{stem}Key"))];
            fields.extend(view.targets(relation).filter(|target| writes::is_made(view, target.ix)).map(|target| {
                InputDef::new(&format!("create{}", target.graphql.type_name), &format!("Create{}Input", target.graphql.type_name))
            }));
            fields.push(InputDef::new("disconnect", "Boolean"));
            TypeDef { name: format!("{stem}One").into(), description: None, kind: TypeKind::Input { fields, one_of: true } }
        }
    }
}
