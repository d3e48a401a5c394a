//! Names in the whole schema: every type and root field that an object brings, against the platform's own and each
//! other's. `opportunity_filter` beside `opportunity` would both want the type `OpportunityFilter`.

use std::collections::HashMap;

use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{FieldKind, Model, Object, RelationShape};
use tenon_value::pascal;

use super::members::is_many;
use crate::checks::{name_clash, name_reserved};
use crate::merge::Parts;

/// Types of the platform and of GraphQL itself.
const TYPES: &[&str] = &[
    "Query",
    "Mutation",
    "Subscription",
    "String",
    "Int",
    "Float",
    "Boolean",
    "ID",
    "Long",
    "Decimal",
    "Date",
    "DateTime",
    "Duration",
    "DateRange",
    "JSON",
    "LocalizedText",
    "RecordRef",
    "Sort",
    "Deleted",
    "BatchMode",
    "OnMatch",
    "BatchStatus",
    "ChangeKind",
    "ActorKind",
    "BucketSize",
    "Record",
    "Actor",
    "ExternalId",
    "RecordCan",
    "HistoryConnection",
    "HistoryEdge",
    "HistoryEntry",
    "FieldChange",
    "PageInfo",
    "TotalCount",
    "Money",
    "RichText",
    "Geo",
    "Address",
    "SecretState",
    "File",
    "DateBucketKey",
    "MoneyGroupKey",
    "RecordError",
    "Destroyed",
    "JobState",
    "Job",
    "JobConnection",
    "JobEdge",
    "MoneyInput",
    "GeoInput",
    "AddressInput",
    "ExternalIdInput",
    "IDFilter",
    "TextRange",
    "TextFilter",
    "BooleanFilter",
    "IntRange",
    "IntFilter",
    "DecimalRange",
    "DecimalFilter",
    "DateSpan",
    "DateFilter",
    "DateTimeSpan",
    "DateTimeFilter",
    "DurationFilter",
    "DurationRange",
    "MoneyFilter",
    "GeoNear",
    "GeoBox",
    "GeoFilter",
    "FileFilter",
    "AddressFilter",
    "JsonFilter",
    "SecretFilter",
    "ExternalIdFilter",
    "DateBucket",
    "MoneyGroupBy",
    "MergeRule",
    "Merge",
    "RecordChange",
    "SearchHit",
    "Snippet",
    "DuplicateHit",
    "ModelVersion",
    "Me",
    "Node",
];

/// Root fields of the platform's own.
const ROOTS: &[&str] = &["record", "records", "search", "me", "explainAccess", "whoCanSee", "job", "jobs", "metadata", "node", "nodes"];

/// What is put behind an object's type name.
const SUFFIXES: &[&str] = &[
    "",
    "Connection",
    "Edge",
    "Filter",
    "Ref",
    "Many",
    "Order",
    "Key",
    "Unique",
    "GroupBy",
    "GroupKey",
    "Having",
    "NumbersHaving",
    "NumbersOrder",
    "AggregateOrder",
    "Aggregate",
    "Distinct",
    "Sums",
    "Extremes",
    "Averages",
    "ConnectOrCreate",
    "One",
    "Write",
    "Update",
    "Merge",
    "Batch",
    "Result",
    "Change",
    "LinkWrite",
];

/// Who has a name: words, and where they are written.
#[derive(Clone)]
struct Owner {
    what: String,
    span: Option<Span>,
    path: String,
}

pub(super) fn check(parts: &[Parts<'_>], model: &Model, report: &mut Vec<Diagnostic>) {
    let mut types: HashMap<String, Owner> = HashMap::with_capacity(model.objects.len() * (SUFFIXES.len() + 8));
    let mut roots: HashMap<String, Owner> = HashMap::with_capacity(model.objects.len() * 4);
    for (part, object) in parts.iter().zip(&model.objects) {
        let owner = Owner { what: format!("object `{}`", object.name), span: part.object.span(), path: part.object.path.to_string() };
        reserved(object, &owner, report);
        let name = &object.graphql.type_name;
        for suffix in SUFFIXES {
            claim(&mut types, format!("{name}{suffix}"), &owner, report);
        }
        claim(&mut types, format!("Create{name}Input"), &owner, report);
        claim(&mut types, format!("Update{name}Input"), &owner, report);
        for root in [
            object.graphql.single.clone(),
            object.graphql.plural.clone(),
            format!("{}Aggregate", object.graphql.plural),
            format!("{}Duplicates", object.graphql.single),
        ] {
            claim(&mut roots, root, &owner, report);
        }
    }
    for (part, object) in parts.iter().zip(&model.objects) {
        members(part, object, &mut types, report);
    }
}

fn reserved(object: &Object, owner: &Owner, report: &mut Vec<Diagnostic>) {
    let taken = TYPES.contains(&object.graphql.type_name.as_str())
        || ROOTS.contains(&object.graphql.single.as_str())
        || ROOTS.contains(&object.graphql.plural.as_str());
    if taken {
        report.push(name_reserved::reserved(object.name.as_str(), "GraphQL").at(owner.span.clone()).of(owner.path.clone()));
    }
}

/// Types made for choices, links and polymorphic relations.
fn members(part: &Parts<'_>, object: &Object, types: &mut HashMap<String, Owner>, report: &mut Vec<Diagnostic>) {
    let name = &object.graphql.type_name;
    for (field, member) in object.fields.iter().skip(tenon_model::system::FIELDS).zip(&part.fields) {
        if matches!(field.kind, FieldKind::Choice(_) | FieldKind::Choices(_)) {
            let owner = Owner { what: format!("choice `{}`", member.path), span: member.span(), path: member.path.to_string() };
            claim(types, format!("{name}{}", pascal(field.name.as_str())), &owner, report);
        }
    }
    for (relation, member) in object.relations.iter().skip(tenon_model::system::RELATIONS).zip(&part.relations) {
        let owner = Owner { what: format!("relation `{}`", member.path), span: member.span(), path: member.path.to_string() };
        let stem = format!("{name}{}", pascal(relation.name.as_str()));
        if is_many(relation.shape) {
            for suffix in ["Connection", "Edge", "Link", "Many", "Write", "LinkFilter", "LinkInput", "LinkWrite"] {
                claim(types, format!("{stem}{suffix}"), &owner, report);
            }
        } else if relation.shape == RelationShape::Any {
            for suffix in ["", "Type", "Ref", "One", "Key"] {
                claim(types, format!("{stem}{suffix}"), &owner, report);
            }
        }
    }
}

fn claim(taken: &mut HashMap<String, Owner>, name: String, owner: &Owner, report: &mut Vec<Diagnostic>) {
    match taken.get(&name) {
        // Of two objects one clash is said, not one per suffix.
        Some(other) if other.what == owner.what => {}
        Some(other) => {
            let diagnostic = name_clash::clash(&other.what, &owner.what, &name);
            if !report
                .iter()
                .rev()
                .take(SUFFIXES.len())
                .any(|said| said.code == diagnostic.code && said.span == owner.span && said.path == owner.path)
            {
                report.push(diagnostic.at(owner.span.clone()).of(owner.path.clone()));
            }
        }
        None => {
            taken.insert(name, owner.clone());
        }
    }
}
