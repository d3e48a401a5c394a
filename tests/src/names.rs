//! The names a story gives to values it cannot know beforehand: `"$acme"` for an id, a cursor, a time.
//!
//! In an expected answer the first `"$name"` takes the value met there, every later one must meet it again. In
//! documents and variables it stands for the value it took. `"$*"` is any value but null and takes no name.

use std::collections::BTreeMap;

use serde_json::Value;

/// The value that matches anything but null.
pub(crate) const ANYTHING: &str = "$*";

/// What has been named so far.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, Value>);

impl Names {
    /// The name in a string that is one and nothing else.
    #[must_use]
    pub fn name_in(text: &str) -> Option<&str> {
        let name = text.strip_prefix('$')?;
        let first = name.chars().next()?;
        (first.is_ascii_lowercase() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Names a value.
    pub fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The name of a value, if it is one that hardly means anything else: a long text, or a list or an object.
    #[must_use]
    pub fn name_of(&self, value: &Value) -> Option<&str> {
        let telling = match value {
            Value::String(text) => text.len() >= 10,
            Value::Array(_) | Value::Object(_) => true,
            _ => false,
        };
        self.0.iter().find(|(_, own)| telling && *own == value).map(|(name, _)| name.as_str())
    }

    /// A value with every name in it replaced by what it stands for.
    #[must_use]
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match Self::name_in(text).and_then(|name| self.get(name)) {
                Some(known) => known.clone(),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => Value::Object(members.iter().map(|(key, one)| (key.clone(), self.fill(one))).collect()),
            _ => value.clone(),
        }
    }

    /// A document with every `"$name"` replaced by what it stands for, as GraphQL writes it.
    #[must_use]
    pub fn fill_text(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            if matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
                filled = filled.replace(&format!("\"${name}\""), &value.to_string());
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Names;

    #[test]
    fn a_name_in_quotes_is_filled_and_a_graphql_variable_is_left_alone() {
        let mut names = Names::default();
        names.put("acme", json!("01"));
        assert_eq!(
            names.fill_text(r#"query ($acme: ID) { account(id: "$acme") { id } }"#),
            r#"query ($acme: ID) { account(id: "01") { id } }"#
        );
        assert_eq!(names.fill(&json!({ "a": ["$acme", "$other", "$5"] })), json!({ "a": ["01", "$other", "$5"] }));
    }
}
