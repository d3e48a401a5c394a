//! `UPDATE=1`: what a story expects is rewritten to what was answered, for a person to review the difference.
//!
//! Names stay names: where the old text named a value the new one does, and a value already named elsewhere gets its
//! name. Of errors only the members programs read are kept.

use serde_json::{Map, Value};

use super::parse::Expected;
use crate::Names;

/// Members of `errors[].extensions` that differ from run to run.
const FLEETING: [&str; 1] = ["requestId"];

/// A block's new text.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    line: usize,
    lines: usize,
    fence: Option<String>,
    text: String,
}

impl Rewrite {
    /// The rewrite that makes a story expect this answer; names first met here are kept for the steps to come.
    pub(super) fn of_answer(expected: &Expected, actual: &Value, status: u16, names: &mut Names) -> Self {
        let mut kept = Map::new();
        if let Some(data) = actual.get("data") {
            kept.insert("data".to_owned(), renamed(expected.value.get("data"), data, names));
        }
        if let Some(errors) = actual.get("errors").and_then(Value::as_array) {
            kept.insert("errors".to_owned(), errors.iter().map(|error| telling(error, names)).collect());
        }
        let usual = if kept.contains_key("data") { 200 } else { 400 };
        let fence = if status == usual { "```json".to_owned() } else { format!("```json {status}") };
        Self { line: expected.line, lines: expected.lines, fence: Some(fence), text: pretty(&Value::Object(kept)) }
    }

    /// The rewrite that makes a story expect this report.
    pub(super) fn of_report(expected: &Expected, report: &Value) -> Self {
        let written = expected.value.as_object().cloned().unwrap_or_default();
        let kept: Map<String, Value> = written.keys().filter_map(|key| Some((key.clone(), report.get(key)?.clone()))).collect();
        Self { line: expected.line, lines: expected.lines, fence: None, text: pretty(&Value::Object(kept)) }
    }
}

/// The story's text with all rewrites.
pub(super) fn rewrite(text: &str, rewrites: &[Rewrite]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for one in rewrites.iter().rev() {
        let first = one.line.min(lines.len());
        let last = (first + one.lines).min(lines.len());
        lines.splice(first..last, one.text.lines().map(str::to_owned));
        if let (Some(fence), Some(line)) = (&one.fence, one.line.checked_sub(1).and_then(|index| lines.get_mut(index))) {
            line.clone_from(fence);
        }
    }
    let mut whole = lines.join("\n");
    whole.push('\n');
    whole
}

fn renamed(old: Option<&Value>, new: &Value, names: &mut Names) -> Value {
    if let Some(name) = old.and_then(Value::as_str).and_then(Names::name_in) {
        if names.get(name).is_none() && !new.is_null() {
            names.put(name, new.clone());
        }
        if names.get(name) == Some(new) {
            return Value::String(format!("${name}"));
        }
    }
    if let Some(name) = names.name_of(new) {
        return Value::String(format!("${name}"));
    }
    match new {
        Value::Object(members) => Value::Object(
            members.iter().map(|(key, value)| (key.clone(), renamed(old.and_then(|old| old.get(key)), value, names))).collect(),
        ),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| renamed(old.and_then(|old| old.get(index)), item, names)).collect()
        }
        _ => new.clone(),
    }
}

fn telling(error: &Value, names: &mut Names) -> Value {
    let mut kept = Map::new();
    for key in ["message", "path"] {
        if let Some(value) = error.get(key) {
            kept.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(extensions) = error.get("extensions").and_then(Value::as_object) {
        let members = extensions.iter().filter(|(key, _)| !FLEETING.contains(&key.as_str()));
        kept.insert(
            "extensions".to_owned(),
            Value::Object(members.map(|(key, value)| (key.clone(), renamed(None, value, names))).collect()),
        );
    }
    Value::Object(kept)
}

/// JSON as stories show it: broken into lines only where it would be longer than one.
fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

/// How long a line of a story may be.
const WIDTH_MAX: usize = 120;

fn write(value: &Value, depth: usize, text: &mut String) {
    let flat = flat(value);
    let indent = "  ".repeat(depth + 1);
    let short = flat.chars().count() + 2 * depth <= WIDTH_MAX && depth > 0;
    match value {
        Value::Object(members) if !short && !members.is_empty() => {
            text.push_str("{\n");
            for (index, (key, one)) in members.iter().enumerate() {
                text.push_str(&format!("{indent}{}: ", Value::String(key.clone())));
                write(one, depth + 1, text);
                text.push_str(if index + 1 < members.len() { ",\n" } else { "\n" });
            }
            text.push_str(&format!("{}}}", "  ".repeat(depth)));
        }
        Value::Array(items) if !short && !items.is_empty() => {
            text.push_str("[\n");
            for (index, one) in items.iter().enumerate() {
                text.push_str(&indent);
                write(one, depth + 1, text);
                text.push_str(if index + 1 < items.len() { ",\n" } else { "\n" });
            }
            text.push_str(&format!("{}]", "  ".repeat(depth)));
        }
        _ => text.push_str(&flat),
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let inside: Vec<String> = members.iter().map(|(key, one)| format!("{}: {}", Value::String(key.clone()), flat(one))).collect();
            format!("{{ {} }}", inside.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Rewrite, rewrite};
    use crate::Names;
    use crate::story::parse::Expected;

    #[test]
    fn a_block_is_rewritten_and_its_names_stay() {
        let text = "# A\n```json\n{ \"data\": { \"id\": \"$a\" } }\n```\nend\n";
        let expected = Expected { value: json!({ "data": { "id": "$a", "n": 1 } }), status: None, line: 2, lines: 1 };
        let mut names = Names::default();
        let one = Rewrite::of_answer(&expected, &json!({ "data": { "id": "0198", "n": 2 }, "extensions": {} }), 200, &mut names);
        assert_eq!(rewrite(text, &[one]), "# A\n```json\n{\n  \"data\": { \"id\": \"$a\", \"n\": 2 }\n}\n```\nend\n");
    }
}
