//! `metadata/wrong-type`: a value of another sort than the key takes: text for a list, a number for text.

use tenon_diagnostics::Diagnostic;
use tenon_value::Json;

pub(crate) const CODE: &str = "metadata/wrong-type";

/// `expected` in words: `a list`, `true or false`.
pub(crate) fn wrong_type(key: &str, expected: &str, found: &Json) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("`{key}` is {expected}, not {}", describe(found)));
    match found {
        Json::Number(_) | Json::Bool(_) if expected.contains("text") => diagnostic.help("put it in quotes"),
        Json::String(text) if expected.ends_with("number") && crate::yaml::decimal(text).is_some() => {
            diagnostic.help("write it without quotes")
        }
        Json::String(text) if expected == "true or false" && matches!(text.as_str(), "yes" | "on" | "y") => diagnostic.help("write `true`"),
        Json::String(text) if expected == "true or false" && matches!(text.as_str(), "no" | "off" | "n") => {
            diagnostic.help("write `false`")
        }
        _ => diagnostic,
    }
}

/// A value in words.
pub(crate) fn describe(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::Bool(flag) => format!("`{flag}`"),
        Json::Number(number) => format!("the number {number}"),
        Json::String(text) => format!("the text `{}`", shorten(text)),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a mapping".to_owned(),
    }
}

/// At most forty letters of an author's text.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_value_is_of_its_keys_sort() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: text, required: \"true\" }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text, required: true }\n").is_empty());
    }
}
