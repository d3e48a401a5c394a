//! Is this the answer the story expects?
//!
//! `data` must be equal, names apart. Of each error only the members written are compared, but there must be as many
//! errors as written, in that order. Of `extensions` only what is written is compared.

use std::fmt;

use serde_json::Value;

use crate::names::{ANYTHING, Names};

/// Where an answer differs from what was expected.
#[derive(Clone, Debug)]
pub struct Mismatch {
    path: String,
    expected: String,
    actual: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at `{}`: expected {}, got {}", self.path, self.expected, self.actual)
    }
}

/// Which members of an object are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    All,
    Written,
}

/// Compares a whole GraphQL answer.
///
/// # Errors
/// The first difference.
pub fn match_answer(expected: &Value, actual: &Value, names: &mut Names) -> Result<(), Mismatch> {
    match (expected.get("data"), actual.get("data")) {
        (Some(expected), Some(actual)) => compare("data", expected, actual, Members::All, names)?,
        (None, None) => {}
        (Some(expected), None) => return Err(mismatch("data", expected, errors_of(actual))),
        (None, Some(_)) => return Err(mismatch("data", "no entry", actual)),
    }
    let none = Value::Array(Vec::new());
    compare("errors", expected.get("errors").unwrap_or(&none), &errors_of(actual), Members::Written, names)?;
    match expected.get("extensions") {
        Some(extensions) => compare("extensions", extensions, actual.get("extensions").unwrap_or(&Value::Null), Members::Written, names),
        None => Ok(()),
    }
}

/// Compares any value, of objects only the members written.
///
/// # Errors
/// The first difference.
pub fn match_part(expected: &Value, actual: &Value, names: &mut Names) -> Result<(), Mismatch> {
    compare("", expected, actual, Members::Written, names)
}

fn errors_of(answer: &Value) -> Value {
    answer.get("errors").cloned().unwrap_or_else(|| Value::Array(Vec::new()))
}

fn mismatch(path: &str, expected: impl fmt::Display, actual: impl fmt::Display) -> Mismatch {
    Mismatch { path: path.to_owned(), expected: expected.to_string(), actual: actual.to_string() }
}

fn compare(path: &str, expected: &Value, actual: &Value, members: Members, names: &mut Names) -> Result<(), Mismatch> {
    match (expected, actual) {
        (Value::String(text), _) if text == ANYTHING => match actual {
            Value::Null => Err(mismatch(path, "any value", "null")),
            _ => Ok(()),
        },
        (Value::String(text), _) if Names::name_in(text).is_some() => named(path, text, actual, names),
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let below = format!("{path}.{key}");
                let Some(own) = found.get(key) else { return Err(mismatch(&below, value, "nothing")) };
                compare(&below, value, own, members, names)?;
            }
            match found.iter().find(|(key, _)| members == Members::All && !wanted.contains_key(*key)) {
                Some((key, value)) => Err(mismatch(&format!("{path}.{key}"), "nothing", value)),
                None => Ok(()),
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            for (index, (value, own)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{path}[{index}]"), value, own, members, names)?;
            }
            if wanted.len() == found.len() { Ok(()) } else { Err(mismatch(path, expected, actual)) }
        }
        _ if expected == actual => Ok(()),
        _ => Err(mismatch(path, expected, actual)),
    }
}

fn named(path: &str, text: &str, actual: &Value, names: &mut Names) -> Result<(), Mismatch> {
    let name = text.trim_start_matches('$');
    match names.get(name) {
        Some(known) if known == actual => Ok(()),
        Some(known) => Err(mismatch(path, format!("{text} = {known}"), actual)),
        None if actual.is_null() => Err(mismatch(path, text, "null")),
        None => {
            names.put(name, actual.clone());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::match_answer;
    use crate::Names;

    fn check(expected: &Value, actual: &Value) -> Option<String> {
        match_answer(expected, actual, &mut Names::default()).err().map(|mismatch| mismatch.to_string())
    }

    #[test]
    fn data_is_compared_whole_and_errors_by_what_is_written() {
        let errors = json!([{ "message": "no", "extensions": { "code": "INVALID", "requestId": "1" } }]);
        assert_eq!(check(&json!({ "data": { "a": 1 } }), &json!({ "data": { "a": 1 }, "extensions": {} })), None);
        assert_eq!(
            check(&json!({ "data": { "a": 1 } }), &json!({ "data": { "a": 1, "b": 2 } })),
            Some("at `data.b`: expected nothing, got 2".to_owned())
        );
        assert_eq!(check(&json!({ "errors": [{ "extensions": { "code": "INVALID" } }] }), &json!({ "errors": errors })), None);
        assert!(check(&json!({ "data": null }), &json!({ "data": null, "errors": errors })).is_some());
    }

    #[test]
    fn a_name_means_one_value_for_the_whole_story() {
        let expected = json!({ "data": ["$a", "$b", "$a"] });
        assert_eq!(check(&expected, &json!({ "data": [1, 2, 1] })), None);
        assert_eq!(check(&expected, &json!({ "data": [1, 2, 3] })), Some("at `data[2]`: expected $a = 1, got 3".to_owned()));
        assert!(check(&json!({ "data": "$*" }), &json!({ "data": null })).is_some());
    }
}
