//! Groups: what they are grouped by, what is computed of them, which of them, in what order.

use tenon_model::{Field, FieldKind, Object, RelationShape, system};

use super::choices::input;
use super::filters::dedupe;
use super::names::choice_type;
use super::seeds::Family;
use super::{FieldDef, InputDef, TypeDef, TypeKind, View, objects};

/// Fields that can be summed.
pub(super) fn numbers<'a>(view: &View<'a>, object: &'a Object) -> impl Iterator<Item = &'a Field> {
    view.fields(object).filter(|field| field.kind.is_numeric() && !field.system)
}

pub(super) fn has_integers(view: &View<'_>, object: &Object) -> bool {
    numbers(view, object).any(|field| matches!(field.kind, FieldKind::Integer { .. }))
}

/// Whether groups can be made by a field: the system's only by their moments.
pub(super) fn is_grouped(field: &Field) -> bool {
    if field.system { matches!(field.ix, system::CREATED_AT | system::UPDATED_AT) } else { field.kind.is_groupable() }
}

fn is_extreme(field: &Field) -> bool {
    let kind = matches!(field.kind, FieldKind::Date | FieldKind::DateTime | FieldKind::Duration) || field.kind.is_numeric();
    let text = field.kind.is_text() && field.kind.is_sortable();
    (kind || text) && field.ix != system::VERSION && field.ix != system::DELETED_AT
}

fn group_by(view: &View<'_>, object: &Object) -> Vec<InputDef> {
    let mut fields = vec![InputDef::new("record", "Boolean")];
    for field in view.fields(object).filter(|field| is_grouped(field)) {
        let ty = match field.kind {
            FieldKind::Money { .. } => "MoneyGroupBy",
            FieldKind::Date | FieldKind::DateTime => "DateBucket",
            _ => "Boolean",
        };
        fields.push(InputDef::new(&field.graphql, ty));
    }
    for relation in view.ones(object).filter(|relation| relation.shape == RelationShape::One) {
        if let Some(target) = view.target(relation) {
            fields.push(InputDef::new(&relation.graphql, &format!("{}GroupBy", target.graphql.type_name)));
        }
    }
    dedupe(&mut fields);
    fields
}

fn group_key(view: &View<'_>, object: &Object) -> Vec<FieldDef> {
    let mut fields = vec![FieldDef::new("record", &object.graphql.type_name)];
    for field in view.fields(object).filter(|field| is_grouped(field)) {
        let choice = choice_type(object, field);
        let ty = match field.kind {
            FieldKind::Money { .. } => "MoneyGroupKey".to_owned(),
            FieldKind::Date | FieldKind::DateTime => "DateBucketKey".to_owned(),
            FieldKind::Boolean => "Boolean".to_owned(),
            FieldKind::Choices(_) => choice,
            ref kind => objects::output_type(kind, &choice),
        };
        fields.push(FieldDef::new(&field.graphql, &ty));
    }
    for relation in view.ones(object).filter(|relation| relation.shape == RelationShape::One) {
        if let Some(target) = view.target(relation) {
            fields.push(FieldDef::new(&relation.graphql, &format!("{}GroupKey", target.graphql.type_name)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    fields.retain(|field| seen.insert(field.name.clone()));
    fields
}

fn distinct(view: &View<'_>, object: &Object) -> Vec<FieldDef> {
    let groupable =
        view.fields(object).filter(|field| is_grouped(field) && !matches!(field.kind, FieldKind::Choices(_) | FieldKind::Money { .. }));
    let mut fields: Vec<FieldDef> = groupable.map(|field| FieldDef::new(&field.graphql, "Int!")).collect();
    for relation in view.ones(object).filter(|relation| relation.shape == RelationShape::One) {
        fields.push(FieldDef::new(&relation.graphql, "Int!"));
    }
    fields
}

fn sums(view: &View<'_>, object: &Object, integer: &str) -> Vec<FieldDef> {
    numbers(view, object)
        .map(|field| {
            let ty = match field.kind {
                FieldKind::Money { .. } => "Money",
                FieldKind::Integer { .. } => integer,
                _ => "Decimal",
            };
            FieldDef::new(&field.graphql, ty)
        })
        .collect()
}

fn aggregate(view: &View<'_>, object: &Object) -> Vec<FieldDef> {
    let name = object.graphql.type_name.as_str();
    let filter = || vec![InputDef::new("filter", &format!("{name}Filter"))];
    let mut fields = vec![
        FieldDef::new("key", &format!("{name}GroupKey!")),
        FieldDef::new("drillDown", "JSON!"),
        FieldDef::new("count", "Int!").taking(filter()),
        FieldDef::new("countDistinct", &format!("{name}Distinct!")).taking(filter()),
    ];
    if numbers(view, object).next().is_some() {
        let averages = if has_integers(view, object) { format!("{name}Averages!") } else { format!("{name}Sums!") };
        fields.push(FieldDef::new("sum", &format!("{name}Sums!")).taking(filter()));
        fields.push(FieldDef::new("avg", &averages).taking(filter()));
        fields.push(FieldDef::new("median", &averages).taking(filter()));
        let mut percentile = filter();
        percentile.insert(0, InputDef::new("p", "Decimal!"));
        fields.push(FieldDef::new("percentile", &averages).taking(percentile));
    }
    fields.push(FieldDef::new("min", &format!("{name}Extremes!")).taking(filter()));
    fields.push(FieldDef::new("max", &format!("{name}Extremes!")).taking(filter()));
    fields
}

fn of_functions(view: &View<'_>, object: &Object, suffix: &str) -> Vec<InputDef> {
    if numbers(view, object).next().is_none() {
        return Vec::new();
    }
    let ty = format!("{}{suffix}", object.graphql.type_name);
    ["sum", "avg", "min", "max", "median"].iter().map(|function| InputDef::new(function, &ty)).collect()
}

pub(super) fn grow(view: &View<'_>, object: &Object, family: Family) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let output = |suffix: &str, fields| TypeDef {
        name: format!("{name}{suffix}").into(),
        description: None,
        kind: TypeKind::Object { fields, interfaces: Vec::new() },
    };
    let inputs = |suffix: &str, fields, one_of| TypeDef {
        name: format!("{name}{suffix}").into(),
        description: None,
        kind: TypeKind::Input { fields, one_of },
    };
    match family {
        Family::GroupBy => inputs("GroupBy", group_by(view, object), true),
        Family::GroupKey => output("GroupKey", group_key(view, object)),
        Family::Distinct => output("Distinct", distinct(view, object)),
        Family::Sums => output("Sums", sums(view, object, "Long")),
        Family::Averages => output("Averages", sums(view, object, "Decimal")),
        Family::Extremes => {
            let fields = view.fields(object).filter(|field| is_extreme(field));
            output(
                "Extremes",
                fields.map(|field| FieldDef::new(&field.graphql, objects::output_type(&field.kind, "").trim_end_matches('!'))).collect(),
            )
        }
        Family::Aggregate => output("Aggregate", aggregate(view, object)),
        Family::NumbersHaving => {
            let fields: Vec<&str> = numbers(view, object).map(|field| field.graphql.as_str()).collect();
            input(format!("{name}NumbersHaving"), &fields.iter().map(|field| (*field, "DecimalFilter")).collect::<Vec<_>>())
        }
        Family::NumbersOrder => {
            inputs("NumbersOrder", numbers(view, object).map(|field| InputDef::new(&field.graphql, "Sort")).collect(), true)
        }
        Family::Having => {
            let (one, list) = (format!("{name}Having"), format!("[{name}Having!]"));
            let mut fields = vec![
                InputDef::new("and", &list),
                InputDef::new("or", &list),
                InputDef::new("not", &one),
                InputDef::new("count", "IntFilter"),
            ];
            fields.extend(of_functions(view, object, "NumbersHaving"));
            inputs("Having", fields, false)
        }
        _ => {
            let mut fields = vec![InputDef::new("key", &format!("{name}Order")), InputDef::new("count", "Sort")];
            fields.extend(of_functions(view, object, "NumbersOrder"));
            inputs("AggregateOrder", fields, true)
        }
    }
}
