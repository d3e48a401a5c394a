//! Values on one line: `{ type: text, label: { en: Name } }`, with quotes only where YAML needs them.

use tenon_value::Json;

use crate::yaml;

/// A value in flow style.
pub(super) fn flow(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(flag) => flag.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => word(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(map) if map.is_empty() => "{}".to_owned(),
        Json::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, inner)| format!("{}: {}", word(key), flow(inner))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// Text, bare where it would be read back as the same text.
pub(super) fn word(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let same = matches!(yaml::plain(text), Json::String(read) if read == text);
    let first_is_safe =
        text.chars().next().is_some_and(|first| first.is_alphanumeric() || matches!(first, '_' | '/' | '(' | '+' | '.' | '$' | '^'));
    let safe = |letter: char| {
        is_printed(letter)
            && !matches!(letter, ',' | '[' | ']' | '{' | '}' | '#' | ':' | '"' | '\'' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`')
    };
    // A dash before a comma is read as the start of a word that may not start so, even behind other words.
    let end_is_safe = !text.ends_with(' ') && !text.ends_with(" -");
    same && first_is_safe && end_is_safe && text != "..." && text.chars().all(safe)
}

/// Letters that stand in a file as they are. Spaces other than the plain one are written as escapes: nobody sees them.
fn is_printed(letter: char) -> bool {
    letter == ' '
        || !(letter.is_control()
            || letter.is_whitespace()
            || matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if is_printed(letter) => quoted.push(letter),
            _ if u32::from(letter) <= 0xff => quoted.push_str(&format!("\\x{:02x}", u32::from(letter))),
            _ if u32::from(letter) <= 0xffff => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        for bare in ["text", "初步接洽", "Asia/Shanghai", "on", "no", "thisMonth", "lastNDays(7)", "OPP 1", "2026-07-01"] {
            assert_eq!(word(bare), bare);
        }
        for text in
            ["true", "null", "12", "0.5", "", " a", "a ", "- a", "a -", "a: b", "a #b", "[a]", "{yyyy}", "it's", "...", "~", "?", "=x"]
        {
            assert_eq!(word(text), format!("\"{text}\""));
        }
        assert_eq!(word("a\nb\u{a0}\u{1}"), "\"a\\nb\\xa0\\x01\"");
    }
}
