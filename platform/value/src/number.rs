//! Numbers of JSON: one number in one spelling, and no digit lost.

use crate::{Json, JsonNumber};

/// Digits that a double keeps, whatever number it is.
const DOUBLE_DIGITS: usize = 15;
/// Up to here every whole number is a double of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A number in its simplest spelling: `1.5` for `1.50`, `100` for `1e2`. What has more digits than a double keeps stays as it was written.
#[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
#[must_use]
pub fn simplest(number: &JsonNumber) -> JsonNumber {
    let written = number.to_string();
    let mantissa = written.split(['e', 'E']).next().unwrap_or_default().trim_start_matches(['-', '0', '.']);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let is_whole = !written.contains(['.', 'e', 'E']);
    // Below its smallest number a double loses digits again.
    let is_kept = |double: &f64| digits == 0 || double.abs() >= f64::MIN_POSITIVE;
    match number.as_f64().filter(|double| !is_whole && digits <= DOUBLE_DIGITS && is_kept(double)) {
        Some(double) if double.fract() == 0.0 && double.abs() < WHOLE_MAX => JsonNumber::from(double as i64),
        Some(double) => JsonNumber::from_f64(double).unwrap_or_else(|| number.clone()),
        None => number.clone(),
    }
}

/// A value with all its numbers in their simplest spelling.
#[must_use]
pub fn settled(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::Number(simplest(number)),
        Json::Array(elements) => elements.iter().map(settled).collect(),
        Json::Object(members) => Json::Object(members.iter().map(|(key, member)| (key.clone(), settled(member))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling_unless_a_double_would_lose_digits() {
        let json: Json = serde_json::from_str(r#"{"a":[1.50,1e2,-0.0,1e400,1e-400],"b":12345678901234567.50}"#).unwrap();
        assert_eq!(settled(&json).to_string(), r#"{"a":[1.5,100,0,1e+400,1e-400],"b":12345678901234567.50}"#);
    }
}
