//! Our records as a plugin reads them.

use tenon_hooks::Grant;
use tenon_model::{FieldKind, Model, Object, Relation, RelationShape};
use tenon_query::Record;
use tenon_value::{Address, Geo, RecordId, Uuid, Value};

use super::{Change, Made, types};

/// One record of a save on its way to a plugin.
pub(crate) struct Row<'a> {
    pub id: RecordId,
    pub old: Option<&'a Record>,
    pub new: &'a Record,
    pub changed: &'a [String],
}

/// A change as the contract has it: as much of it as the package was granted.
pub(crate) fn row((model, grant): (&Model, &Grant), object: &Object, row: &Row<'_>) -> Change {
    let shown = |name: &str| is_shown(grant, object, name);
    let held = |record: &Record| {
        let mut fields = fields(model, object, record);
        if *grant != Grant::Caller {
            fields.retain(|field| shown(&field.name));
        }
        fields
    };
    Change {
        id: row.id.to_string(),
        old: row.old.map(held),
        new: held(row.new),
        changed: row.changed.iter().filter(|name| shown(name)).cloned().collect(),
    }
}

/// Whether a package that was granted this is told of a field or relation. What every record has is no secret.
pub(crate) fn is_shown(grant: &Grant, object: &Object, name: &str) -> bool {
    grant.shows(object.name.as_str(), name) || object.field_named(name).is_some_and(|field| field.system)
}

/// What a computed field is made of, as far as the plugin may see it.
pub(crate) fn made_of((model, grant): (&Model, &Grant), object: &Object, row: &Row<'_>, from: &[String]) -> Made {
    let shown = |name: &str| *grant == Grant::Caller || grant.shows(object.name.as_str(), name);
    let mut fields = fields(model, object, row.new);
    fields.retain(|field| from.contains(&field.name) && shown(&field.name));
    Made { id: row.id.to_string(), fields }
}

/// About how many bytes that is in the guest's memory.
pub(crate) fn size_of_made(made: &Made) -> usize {
    size_of::<Made>() + made.id.len() + made.fields.iter().map(field_size).sum::<usize>()
}

/// A record as the contract has it.
pub(super) fn stored(model: &Model, object: &Object, record: &Record) -> types::Stored {
    types::Stored { id: record.id.to_string(), version: record.version(), fields: fields(model, object, record) }
}

/// What holds something: fields but the id and secrets, then relations but many-to-many ones.
fn fields(model: &Model, object: &Object, record: &Record) -> Vec<types::FieldValue> {
    let of_fields = object.active_fields().filter(|field| !matches!(field.kind, FieldKind::Id | FieldKind::Secret)).filter_map(|field| {
        let value = outgoing(record.field(field.ix))?;
        Some(types::FieldValue { name: field.name.to_string(), value })
    });
    let of_relations = object.active_relations().filter_map(|relation| {
        let value = types::Value::Reference(reference(model, relation, record.relation(relation.ix))?);
        Some(types::FieldValue { name: relation.name.to_string(), value })
    });
    of_fields.chain(of_relations).collect()
}

fn reference(model: &Model, relation: &Relation, value: &Value) -> Option<types::Reference> {
    let to = |object: String, id: &Uuid| types::Reference { object, id: id.to_string() };
    match (relation.shape, value) {
        (RelationShape::Many(_), _) => None,
        (_, Value::Id(id)) => Some(to(model.object(relation.target()?)?.name.to_string(), id)),
        (_, Value::Ref(object, id)) => Some(to(object.clone(), id)),
        _ => None,
    }
}

fn outgoing(value: &Value) -> Option<types::Value> {
    Some(match value {
        Value::Null | Value::Float(_) | Value::Id(_) | Value::Ref(..) => return None,
        Value::Bool(value) => types::Value::Boolean(*value),
        Value::Int(number) => types::Value::Integer(*number),
        Value::Decimal(number) => types::Value::Decimal(number.to_string()),
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Date(date) => types::Value::Date(date.days()),
        Value::DateTime(moment) => types::Value::Datetime(moment.millis()),
        Value::Duration(length) => types::Value::Duration(length.millis()),
        Value::Money(money) => types::Value::Money(types::Money { amount: money.amount.to_string(), currency: money.currency.clone() }),
        Value::Geo(geo) => types::Value::Geo(point(*geo)),
        Value::Address(parts) => types::Value::Address(address(parts)),
        Value::Json(json) => types::Value::Json(json.to_string()),
        Value::List(codes) => types::Value::Choices(codes.iter().filter_map(Value::as_text).map(str::to_owned).collect()),
    })
}

const fn point(geo: Geo) -> types::Geo {
    types::Geo { lat: geo.lat, lng: geo.lng }
}

fn address(parts: &Address) -> types::Address {
    types::Address {
        country: parts.country.clone(),
        region: parts.region.clone(),
        city: parts.city.clone(),
        district: parts.district.clone(),
        street: parts.street.clone(),
        postal_code: parts.postal_code.clone(),
        location: parts.location.map(point),
    }
}

/// About how many bytes a change is in the guest's memory, for the limit `input`.
pub(crate) fn size(change: &Change) -> usize {
    let fields = change.old.iter().flatten().chain(&change.new).map(field_size).sum::<usize>();
    let names: usize = change.changed.iter().map(|name| name.len() + size_of::<String>()).sum();
    size_of::<Change>() + change.id.len() + names + fields
}

fn field_size(field: &types::FieldValue) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let held = match &field.value {
        types::Value::Text(text) | types::Value::Decimal(text) | types::Value::Json(text) => text.len(),
        types::Value::Choices(codes) => codes.iter().map(|code| code.len() + size_of::<String>()).sum(),
        types::Value::Money(money) => money.amount.len() + money.currency.len(),
        types::Value::Reference(to) => to.object.len() + to.id.len(),
        types::Value::Address(parts) => {
            [&parts.country, &parts.region, &parts.city, &parts.district, &parts.street, &parts.postal_code].into_iter().map(optional).sum()
        }
        _ => 0,
    };
    size_of::<types::FieldValue>() + field.name.len() + held
}
