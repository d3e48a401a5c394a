//! `drillDown`: a filter that selects exactly the rows of one group.

use serde_json::json;
use tenon_model::FieldKind;
use tenon_query::GroupRow;
use tenon_value::{Json, Value};

use super::Out;
use super::groups::{GroupShape, KeyTerm, SpecOf};

pub(super) fn down(shape: &GroupShape<'_>, group: &GroupRow) -> Json {
    let mut all: Vec<Json> =
        shape.filter.iter().filter(|filter| filter.as_object().is_some_and(|filter| !filter.is_empty())).cloned().collect();
    all.extend(shape.specs.iter().zip(&group.keys).map(|(spec, value)| of_key(spec, value)));
    match all.len() {
        0 => json!({}),
        1 => all.pop().unwrap_or_default(),
        _ => json!({ "and": all }),
    }
}

fn of_key(spec: &SpecOf<'_>, value: &Value) -> Json {
    let Some((last, hops)) = spec.path.split_last() else { return json!({}) };
    let (name, hops) = match (&spec.term, hops.split_last()) {
        // The record a relation points to is named by the relation.
        (KeyTerm::Record(_), Some((relation, hops))) => (relation.as_str(), hops),
        (KeyTerm::Record(_), None) => ("id", hops),
        _ => (last.as_str(), hops),
    };
    if !value.is_null() || hops.is_empty() {
        return through(hops, json!({ name: condition(&spec.term, value) }));
    }
    // Null at the end of a way: nothing there has a value, whether it is the way or its end that is missing.
    let present = match spec.term {
        KeyTerm::Element(_) => json!({ "isEmpty": false }),
        _ => json!({ "isNull": false }),
    };
    json!({ "not": through(hops, json!({ name: present })) })
}

fn through(hops: &[String], inner: Json) -> Json {
    hops.iter().rev().fold(inner, |inner, hop| json!({ hop: { "is": inner } }))
}

fn condition(term: &KeyTerm<'_>, value: &Value) -> Json {
    match (term, value) {
        (KeyTerm::Element(_), Value::Null) => json!({ "isEmpty": true }),
        (_, Value::Null) => json!({ "isNull": true }),
        (KeyTerm::Element(field), value) => json!({ "hasAny": [Out::leaf_json(&FieldKind::Choice(field.kind.options().to_vec()), value)] }),
        (KeyTerm::Currency(_), value) => json!({ "currency": { "eq": Out::leaf_json(&FieldKind::Id, value) } }),
        (KeyTerm::Field(field), value) => json!({ "eq": Out::leaf_json(&field.kind, value) }),
        (KeyTerm::Record(_), value) => json!({ "eq": Out::leaf_json(&FieldKind::Id, value) }),
        (KeyTerm::Bucket(field, unit, calendar), value) => match (&field.kind, value) {
            (FieldKind::Date, Value::Date(day)) => {
                let last = tenon_value::Date::from_days(calendar.step(*unit, *day, 1).days() - 1);
                json!({ "between": { "from": day.to_string(), "to": last.to_string() } })
            }
            (_, Value::Date(day)) => {
                let next = calendar.moment(calendar.step(*unit, *day, 1));
                json!({ "gte": calendar.moment(*day).to_string(), "lt": next.to_string() })
            }
            (_, Value::DateTime(at)) => {
                let next = tenon_value::DateTime::from_millis(at.millis() + 3_600_000);
                json!({ "gte": at.to_string(), "lt": next.to_string() })
            }
            _ => json!({ "isNull": true }),
        },
    }
}
