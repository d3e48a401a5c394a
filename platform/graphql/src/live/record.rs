//! A record in the words of the feed: API names, codes as stored, references by their ids; masked as everywhere.

use tenon_access::Place;
use tenon_model::{Field, FieldKind, FieldRight, Object, Part, Relation, RelationShape, system};
use tenon_query::{Action, ColumnRef, Deleted, FetchOne, Output, Params, Predicate, Read, Row, Select, Slot, Window};
use tenon_value::{Decimal, Json, JsonMap, Value};

use crate::lower::Planned;
use crate::schema::Schema;
use crate::shape::{ReadInClear, has_mask, mask};

/// How a field is shown.
struct Shown<'a> {
    field: &'a Field,
    slot: usize,
    masked: bool,
    noted: bool,
}

/// How a reference is shown: its name, and where each of its targets stands; of actors where the reference itself does.
enum Pointed<'a> {
    One(&'a Relation, Vec<(&'a Object, usize)>),
    Actor(&'a Relation, usize),
}

/// How records of one object are shown.
pub(super) struct RecordForm<'a> {
    object: &'a Object,
    fields: Vec<Shown<'a>>,
    relations: Vec<Pointed<'a>>,
    output: Output,
}

impl<'a> RecordForm<'a> {
    /// All of an object that may be read.
    pub(super) fn new(schema: &'a Schema, object: &'a Object) -> Self {
        let (view, policy) = (schema.view(), &schema.policy);
        let mut output = Output::default();
        let mut fields = Vec::new();
        for field in view.shown(object).filter(|field| !matches!(field.kind, FieldKind::Secret)) {
            let masked = policy.field_right(object.ix, field.ix) == FieldRight::Mask;
            if masked && !has_mask(&field.kind) {
                continue;
            }
            output.slots.push(Slot::Field(field.ix));
            fields.push(Shown { field, slot: output.slots.len() - 1, masked, noted: !masked && schema.is_noted(object.ix, field.ix) });
        }
        let mut relations = Vec::new();
        for relation in view.ones(object) {
            if relation.shape == RelationShape::Actor {
                output.slots.push(Slot::Relation(relation.ix));
                relations.push(Pointed::Actor(relation, output.slots.len() - 1));
                continue;
            }
            let mut targets = Vec::new();
            for target in view.targets(relation) {
                // What is not seen was never there.
                let Ok(table) = policy.table(&schema.model, target.ix, Action::Read, Place::Feed) else { continue };
                output.ones.push(FetchOne { relation: relation.ix, table, output: Output::default() });
                targets.push((target, output.ones.len() - 1));
            }
            relations.push(Pointed::One(relation, targets));
        }
        Self { object, fields, relations, output }
    }

    /// Reads records by ids still to come: the first value.
    pub(super) fn planned(&self, schema: &Schema) -> Option<Planned> {
        let table = schema.policy.table(&schema.model, self.object.ix, Action::Read, Place::Feed).ok()?;
        let mut params = Params::default();
        let list = params.push(Value::List(Vec::new()));
        let filter = Some(Predicate::In { column: ColumnRef { field: system::ID, part: Part::Whole }, list });
        let select = Select {
            table,
            filter,
            deleted: Deleted::Exclude,
            order: Vec::new(),
            window: Window::All,
            output: self.output.clone(),
            count: None,
        };
        Some(Planned { read: Read::Select(select), params })
    }

    /// One record.
    pub(super) fn json(&self, row: &Row, clear: &mut ReadInClear) -> Json {
        let mut members = JsonMap::new();
        for shown in &self.fields {
            let value = row.values.get(shown.slot).unwrap_or(&Value::Null);
            if shown.noted && !value.is_null() {
                clear.note(self.object.ix, shown.field.ix, row.id);
            }
            let json = match value.as_text() {
                Some(text) if shown.masked => Json::from(mask(&shown.field.kind, text)),
                _ if shown.masked => Json::Null,
                _ => wire(value, scale_of(&shown.field.kind)),
            };
            members.insert(shown.field.name.to_string(), json);
        }
        for pointed in &self.relations {
            let (relation, json) = match pointed {
                Pointed::Actor(relation, slot) => (relation, wire(row.values.get(*slot).unwrap_or(&Value::Null), 0)),
                Pointed::One(relation, targets) => {
                    let found = targets.iter().find_map(|(target, at)| Some((target, row.ones.get(*at)?.as_deref()?)));
                    let json = match found {
                        Some((target, row)) if relation.shape == RelationShape::Any => {
                            serde_json::json!({ "object": target.name.as_str(), "id": row.id.to_string() })
                        }
                        Some((_, row)) => Json::from(row.id.to_string()),
                        None => Json::Null,
                    };
                    (relation, json)
                }
            };
            members.insert(relation.name.to_string(), json);
        }
        Json::Object(members)
    }
}

/// Places of the decimals of a field's kind.
const fn scale_of(kind: &FieldKind) -> u8 {
    match kind {
        FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } | FieldKind::Money { scale, .. } => *scale,
        _ => 0,
    }
}

/// A value in wire form; decimals are padded to `scale` places.
fn wire(value: &Value, scale: u8) -> Json {
    let decimal = |number: Decimal| Json::from(number.rescale(number.scale().max(scale)).unwrap_or(number).to_string());
    match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => Json::from(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(number) => decimal(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::DateTime(at) => Json::from(at.to_string()),
        Value::Duration(length) => Json::from(length.to_string()),
        Value::Id(id) => Json::from(id.to_string()),
        Value::Ref(kind, id) => serde_json::json!({ "kind": kind, "id": id.to_string() }),
        Value::Money(money) => serde_json::json!({
            "amount": decimal(money.amount), "currency": money.currency, "base": money.base.map(decimal),
        }),
        Value::Geo(geo) => serde_json::json!({ "lat": geo.lat, "lng": geo.lng }),
        Value::Address(address) => serde_json::json!({
            "country": address.country, "region": address.region, "city": address.city, "district": address.district,
            "street": address.street, "postal_code": address.postal_code,
            "location": address.location.map(|geo| serde_json::json!({ "lat": geo.lat, "lng": geo.lng })),
        }),
        Value::Json(json) => json.clone(),
        Value::List(elements) => elements.iter().map(|element| wire(element, scale)).collect(),
    }
}
