//! Filters and orders of an object's records.

use tenon_model::{EdgeKind, Field, FieldKind, Object, RelationShape, system};

use super::choices::input;
use super::descriptions::{of_field, of_label, of_relation};
use super::names::{choice_type, edge_stem, relation_stem};
use super::{InputDef, TypeDef, TypeKind, View};

/// The filter type of a field; none where it cannot be filtered.
pub(super) fn filter_type(kind: &FieldKind, choice: &str) -> Option<String> {
    let name = match kind {
        FieldKind::Id => "IDFilter",
        FieldKind::Integer { .. } => "IntFilter",
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => "DecimalFilter",
        FieldKind::Money { .. } => "MoneyFilter",
        FieldKind::Boolean => "BooleanFilter",
        FieldKind::Date => "DateFilter",
        FieldKind::DateTime => "DateTimeFilter",
        FieldKind::Duration => "DurationFilter",
        FieldKind::Choice(_) => return Some(format!("{choice}Filter")),
        FieldKind::Choices(_) => return Some(format!("{choice}ListFilter")),
        FieldKind::Address => "AddressFilter",
        FieldKind::Geo => "GeoFilter",
        FieldKind::File | FieldKind::Image => "FileFilter",
        FieldKind::Json => "JsonFilter",
        kind if kind.is_text() => "TextFilter",
        _ => return None,
    };
    Some(name.to_owned())
}

/// The input for a field.
pub(super) fn named(field: &Field, ty: &str) -> InputDef {
    InputDef::new(&field.graphql, ty).described(of_field(field))
}

pub(super) fn filter(view: &View<'_>, object: &Object) -> TypeDef {
    let name = format!("{}Filter", object.graphql.type_name);
    let list = format!("[{name}!]");
    let mut fields = vec![
        InputDef::new("and", &list),
        InputDef::new("or", &list),
        InputDef::new("not", &name),
        InputDef::new("externalId", "ExternalIdFilter"),
    ];
    for field in view.fields(object) {
        if let Some(ty) = filter_type(&field.kind, &choice_type(object, field)) {
            fields.push(named(field, &ty));
        }
    }
    for relation in view.ones(object) {
        let ty = match relation.shape {
            RelationShape::Any => relation_stem(object, relation) + "Ref",
            _ => match relation.target().and_then(|target| view.object(target)) {
                Some(target) => format!("{}Ref", target.graphql.type_name),
                None => continue,
            },
        };
        fields.push(InputDef::new(&relation.graphql, &ty).described(of_relation(relation)));
    }
    for (_, edge) in view.edges(object) {
        let ty = match edge.kind {
            EdgeKind::Descendants { .. } => continue,
            EdgeKind::Children { .. } if edge.target == object.ix => format!("{}Many", object.graphql.type_name),
            _ => edge_stem(object, edge) + "Many",
        };
        fields.push(InputDef::new(&edge.graphql, &ty).described(of_label(&edge.label)));
    }
    dedupe(&mut fields);
    TypeDef { name: name.into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
}

/// Keeps the first of each name: clashes are the compiler's to report.
pub(super) fn dedupe(fields: &mut Vec<InputDef>) {
    let mut seen = std::collections::HashSet::new();
    fields.retain(|field| seen.insert(field.name.clone()));
}

/// `{ some none every }` over an object.
pub(super) fn many(object: &Object) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let filter = format!("{name}Filter");
    input(format!("{name}Many"), &[("some", &filter), ("none", &filter), ("every", &filter)])
}

pub(super) fn order(view: &View<'_>, object: &Object) -> TypeDef {
    let mut fields = Vec::new();
    for field in view.fields(object) {
        if field.kind.is_sortable() && field.ix != system::DELETED_AT {
            fields.push(named(field, "Sort"));
        }
    }
    for relation in view.ones(object) {
        if let Some(target) = view.target(relation) {
            fields.push(InputDef::new(&relation.graphql, &format!("{}Order", target.graphql.type_name)).described(of_relation(relation)));
        }
    }
    fields.push(InputDef::new("relevance", "Sort"));
    dedupe(&mut fields);
    TypeDef { name: format!("{}Order", object.graphql.type_name).into(), description: None, kind: TypeKind::Input { fields, one_of: true } }
}
