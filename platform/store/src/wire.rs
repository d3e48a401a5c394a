//! Values in wire form, as history keeps them.

use tenon_value::{Decimal, Json, Value};

/// The wire form of a value; decimals are padded to `scale` places.
pub(crate) fn json(value: &Value, scale: u8) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => Json::from(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(number) => decimal(*number, scale),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::DateTime(at) => Json::from(at.to_string()),
        Value::Duration(length) => Json::from(length.to_string()),
        Value::Id(id) => Json::from(id.to_string()),
        Value::Ref(object, id) => serde_json::json!({ "object": object, "id": id.to_string() }),
        Value::Money(money) => serde_json::json!({
            "amount": decimal(money.amount, scale),
            "currency": money.currency,
            "base": money.base.map(|base| decimal(base, scale)),
        }),
        Value::Geo(geo) => serde_json::json!({ "lat": geo.lat, "lng": geo.lng }),
        Value::Address(address) => serde_json::json!({
            "country": address.country,
            "region": address.region,
            "city": address.city,
            "district": address.district,
            "street": address.street,
            "postal_code": address.postal_code,
            "location": address.location.map(|geo| serde_json::json!({ "lat": geo.lat, "lng": geo.lng })),
        }),
        Value::Json(json) => json.clone(),
        Value::List(elements) => elements.iter().map(|element| json(element, scale)).collect(),
    }
}

fn decimal(number: Decimal, scale: u8) -> Json {
    Json::from(number.rescale(number.scale().max(scale)).unwrap_or(number).to_string())
}
