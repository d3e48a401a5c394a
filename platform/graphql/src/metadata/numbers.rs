//! JSON ↔ values of the GraphQL library, digit by digit.
//!
//! The library takes JSON apart through serde, where a number of any precision travels as an object with one secret
//! key; so both ways are gone here by hand. Invariant: a number leaves with the digits it came with.

use async_graphql::{Name, Value, Variables};
use tenon_value::{Json, JsonMap, JsonNumber};

/// The key under which serde carries a number of any precision.
const CARRIED: &str = "$serde_json::private::Number";

/// The variables of a request.
pub(super) fn variables(given: JsonMap<String, Json>) -> Variables {
    Variables::from_value(value(Json::Object(given)))
}

/// JSON as the library holds it.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Boolean(flag),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(elements) => Value::List(elements.into_iter().map(value).collect()),
        Json::Object(members) => Value::Object(members.into_iter().map(|(key, member)| (Name::new(key), value(member))).collect()),
    }
}

/// What the library holds as JSON.
pub(super) fn json(value: Value) -> Json {
    match value {
        Value::Boolean(flag) => Json::Bool(flag),
        Value::Number(number) => Json::Number(number),
        Value::String(text) => Json::String(text),
        Value::Enum(name) => Json::from(name.as_str()),
        Value::List(elements) => elements.into_iter().map(json).collect(),
        Value::Object(members) => {
            let carried = members.get(CARRIED).and_then(number).filter(|_| members.len() == 1);
            carried.unwrap_or_else(|| Json::Object(members.into_iter().map(|(key, member)| (key.to_string(), json(member))).collect()))
        }
        Value::Null | Value::Binary(_) => Json::Null,
    }
}

fn number(value: &Value) -> Option<Json> {
    match value {
        Value::String(digits) => digits.parse::<JsonNumber>().ok().map(Json::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::to_value;

    use super::*;

    #[test]
    fn numbers_keep_their_digits_both_ways() {
        let text = r#"{"a":[1,-2.50,12345678901234567890.123456789],"b":{"c":1e+400,"d":null}}"#;
        let given: Json = serde_json::from_str(text).unwrap();
        assert_eq!(json(value(given.clone())).to_string(), text);
        // As the library takes what a resolver returns.
        assert_eq!(json(to_value(&given).unwrap()).to_string(), text);
    }
}
