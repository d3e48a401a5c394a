//! JSON in the one form in which both databases store and compare it.

use tenon_value::Json;

/// Keys sorted, no spaces, whole numbers without a point.
pub(crate) fn canonical(json: &Json) -> String {
    sorted(json).to_string()
}

fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let mut members: Vec<(&String, &Json)> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            Json::Object(members.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Json::Array(elements) => Json::Array(elements.iter().map(sorted).collect()),
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => Json::from(float as i64),
            _ => json.clone(),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_keys_and_form_of_numbers_do_not_count() {
        let one: Json = serde_json::from_str(r#"{"b":1.0,"a":[{"d":2,"c":1e2}]}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a":[{"c":100,"d":2}],"b":1}"#);
    }
}
