//! Inputs of writes, and what batches answer.

use tenon_model::{Edge, EdgeKind, FieldKind, Object, ObjectIx, RelationShape};
use tenon_query::Action;

use super::choices::input;
use super::descriptions::{of_label, of_relation};
use super::filters::{dedupe, named};
use super::names::{choice_type, edge_stem, relation_stem};
use super::seeds::{Family, may};
use super::{FieldDef, InputDef, TypeDef, TypeKind, View};

/// Whether an object's records may be made.
pub(super) fn is_made(view: &View<'_>, object: ObjectIx) -> bool {
    view.object(object).is_some() && may(view, object, Action::Create)
}

/// Whether an object's records may be changed.
pub(super) fn is_changed(view: &View<'_>, object: ObjectIx) -> bool {
    view.object(object).is_some() && may(view, object, Action::Update)
}

/// Whether anything is done to an object's records by the batch.
pub(super) fn is_batched(view: &View<'_>, object: ObjectIx) -> bool {
    let verbs = [Action::Create, Action::Update, Action::Delete, Action::Restore, Action::Destroy];
    view.object(object).is_some() && verbs.into_iter().any(|action| may(view, object, action))
}

/// Whether the list behind an edge may be written: its relation is writable, and there is something to do.
pub(crate) fn is_edge_written(view: &View<'_>, edge: &Edge) -> bool {
    let linked = matches!(edge.kind, EdgeKind::Linked { .. });
    view.object(edge.target).is_some()
        && view.may_write_edge(edge.kind)
        && (linked || is_made(view, edge.target) || is_changed(view, edge.target) || (may(view, edge.target, Action::Delete)))
}

/// The input type of a value that is one scalar (parts of keys).
pub(super) fn scalar_type(kind: &FieldKind, choice: &str) -> String {
    match kind {
        FieldKind::Id | FieldKind::File | FieldKind::Image => "ID",
        FieldKind::Integer { .. } => "Int",
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => "Decimal",
        FieldKind::Boolean => "Boolean",
        FieldKind::Date => "Date",
        FieldKind::DateTime => "DateTime",
        FieldKind::Duration => "Duration",
        FieldKind::Choice(_) => choice,
        FieldKind::Json => "JSON",
        _ => "String",
    }
    .to_owned()
}

/// The input type of a field.
pub(super) fn input_type(kind: &FieldKind, choice: &str) -> String {
    match kind {
        FieldKind::Money { .. } => "MoneyInput".to_owned(),
        FieldKind::Geo => "GeoInput".to_owned(),
        FieldKind::Address => "AddressInput".to_owned(),
        FieldKind::Choices(_) => format!("[{choice}!]"),
        kind => scalar_type(kind, choice),
    }
}

fn record_inputs(view: &View<'_>, object: &Object) -> Vec<InputDef> {
    let mut fields = Vec::new();
    for field in view.inputs(object) {
        fields.push(named(field, &input_type(&field.kind, &choice_type(object, field))));
    }
    for relation in view.ones(object).filter(|relation| !relation.read_only && view.policy.may_write_relation(object.ix, relation.ix)) {
        let ty = match relation.shape {
            RelationShape::Any => relation_stem(object, relation),
            RelationShape::One => view.target(relation).map(|target| target.graphql.type_name.clone()).unwrap_or_default(),
            _ => continue,
        };
        fields.push(InputDef::new(&relation.graphql, &format!("{ty}One")).described(of_relation(relation)));
    }
    for (_, edge) in view.edges(object) {
        if !matches!(edge.kind, EdgeKind::Descendants { .. }) && is_edge_written(view, edge) {
            fields.push(InputDef::new(&edge.graphql, &format!("{}Write", edge_stem(object, edge))).described(of_label(&edge.label)));
        }
    }
    fields.push(InputDef::new("externalIds", "[ExternalIdInput!]"));
    dedupe(&mut fields);
    fields
}

pub(super) fn grow(view: &View<'_>, object: &Object, family: Family) -> TypeDef {
    let name = object.graphql.type_name.as_str();
    let (create, update, unique) = (format!("Create{name}Input"), format!("Update{name}Input"), format!("{name}Unique!"));
    let record = |name: &str, fields: Vec<InputDef>| TypeDef {
        name: name.into(),
        description: None,
        kind: TypeKind::Input { fields, one_of: false },
    };
    match family {
        Family::CreateInput => {
            let mut fields = record_inputs(view, object);
            fields.insert(0, InputDef::new("id", "ID"));
            record(&create, fields)
        }
        Family::UpdateInput => record(&update, record_inputs(view, object)),
        Family::ConnectOrCreate => input(format!("{name}ConnectOrCreate"), &[("by", &unique), ("input", &format!("{create}!"))]),
        Family::Update => input(format!("{name}Update"), &[("id", "ID!"), ("expectedVersion", "Int"), ("input", &format!("{update}!"))]),
        Family::One => {
            let mut fields = vec![InputDef::new("connect", &format!("{name}Key"))];
            if is_made(view, object.ix) {
                fields.push(InputDef::new("create", &create));
                fields.push(InputDef::new("connectOrCreate", &format!("{name}ConnectOrCreate")));
            }
            if is_changed(view, object.ix) {
                fields.push(InputDef::new("update", &update));
            }
            fields.push(InputDef::new("disconnect", "Boolean"));
            TypeDef { name: format!("{name}One").into(), description: None, kind: TypeKind::Input { fields, one_of: true } }
        }
        Family::Merge => output(format!("{name}Merge"), &[("survivor", &format!("{name}!")), ("merge", "Merge!")]),
        Family::Batch => output(
            format!("{name}Batch"),
            &[
                ("affected", "Int!"),
                ("created", "Int!"),
                ("updated", "Int!"),
                ("unchanged", "Int!"),
                ("failed", "Int!"),
                ("nodes", &format!("[{name}!]!")),
                ("results", &format!("[{name}Result!]!")),
                ("job", "Job"),
            ],
        ),
        _ => {
            output(format!("{name}Result"), &[("index", "Int!"), ("status", "BatchStatus!"), ("node", name), ("errors", "[RecordError!]!")])
        }
    }
}

fn output(name: String, fields: &[(&str, &str)]) -> TypeDef {
    let fields = fields.iter().map(|(name, ty)| FieldDef::new(name, ty)).collect();
    TypeDef { name: name.into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}
