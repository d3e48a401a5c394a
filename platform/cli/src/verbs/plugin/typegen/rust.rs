//! Types for plugins in Rust: over a change or a record, a method for each field; over a change one more where it may be set.

use std::fmt::Write as _;

use tenon_packages::{GrantedMember, GrantedObject};

use super::label;

const HEAD: &str = "//! Made by `tenon plugin typegen`. Do not edit: make it again.
#![allow(dead_code, unreachable_pub, reason = \"a plugin need not use all it asks for\")]

use tenon_sdk::{Change, Fields, Value};
";

/// Words of the language that can be names in no other way than raw.
const WORDS: [&str; 39] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum", "extern", "false",
    "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "static", "struct", "trait", "true", "try",
];
const MORE_WORDS: [&str; 11] = ["type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union", "raw"];

/// What a member's value is in Rust: the case it has, the type a method gives, how it is given, and what setting takes.
struct Held {
    case: &'static str,
    gives: &'static str,
    how: &'static str,
    takes: &'static str,
}

/// The value of a type, by the word of metadata; none where plugins are not shown it.
fn held(kind: &str) -> Option<Held> {
    let held = |case, gives, how, takes| Some(Held { case, gives, how, takes });
    match kind {
        "text" | "long_text" | "rich_text" | "email" | "phone" | "url" | "auto_number" | "choice" => {
            held("Text", "&str", "value", "&'v str")
        }
        "integer" => held("Integer", "i64", "*value", "i64"),
        "decimal" | "percent" => held("Decimal", "tenon_sdk::Decimal", "*value", "tenon_sdk::Decimal"),
        "money" => held("Money", "&tenon_sdk::Money", "value", "tenon_sdk::Money"),
        "boolean" => held("Boolean", "bool", "*value", "bool"),
        "date" => held("Date", "tenon_sdk::Date", "*value", "tenon_sdk::Date"),
        "datetime" => held("DateTime", "tenon_sdk::DateTime", "*value", "tenon_sdk::DateTime"),
        "duration" => held("Duration", "i64", "*value", ""),
        "choices" => held("Choices", "&[String]", "value", "Vec<String>"),
        "address" => held("Address", "&tenon_sdk::Address", "value", "tenon_sdk::Address"),
        "geo" => held("Geo", "tenon_sdk::Geo", "*value", "tenon_sdk::Geo"),
        "json" => held("Json", "&str", "value", ""),
        "reference" => held("Reference", "&tenon_sdk::Reference", "value", ""),
        _ => None,
    }
}

/// The file.
pub(super) fn written(objects: &[GrantedObject]) -> String {
    let mut text = HEAD.to_owned();
    for object in objects {
        // Writing to a string cannot fail.
        declare(&mut text, object).unwrap_or_default();
    }
    text
}

fn declare(text: &mut String, object: &GrantedObject) -> std::fmt::Result {
    let ty = &object.type_name;
    let says = label(&object.label, &object.name);
    writeln!(text, "\n/// {says}: a change or a record of `{}`.\n#[derive(Clone, Copy, Debug)]\npub struct {ty}<R>(pub R);", object.name)?;
    writeln!(text, "\nimpl {ty}<()> {{\n    /// API name of the object.\n    pub const OBJECT: &str = \"{}\";\n}}", object.name)?;
    writeln!(text, "\nimpl<R: Fields> {ty}<R> {{")?;
    let mut is_first = true;
    for (member, held) in object.members.iter().filter_map(|member| Some((member, held(member.kind)?))) {
        if !std::mem::take(&mut is_first) {
            writeln!(text)?;
        }
        get(text, member, &held)?;
    }
    writeln!(text, "}}")?;
    let set: Vec<_> = object.members.iter().filter(|member| member.sets).filter_map(|member| Some((member, held(member.kind)?))).collect();
    let set: Vec<_> = set.iter().filter(|(_, held)| !held.takes.is_empty()).collect();
    if !set.is_empty() {
        writeln!(text, "\nimpl {ty}<&mut Change> {{")?;
        for (at, (member, held)) in set.into_iter().enumerate() {
            if at > 0 {
                writeln!(text)?;
            }
            put(text, member, held)?;
        }
        writeln!(text, "}}")?;
    }
    for member in object.members.iter().filter(|member| !member.options.is_empty()) {
        codes(text, object, member)?;
    }
    Ok(())
}

fn get(text: &mut String, member: &GrantedMember, held: &Held) -> std::fmt::Result {
    let Held { case, gives, how, .. } = held;
    writeln!(text, "    /// {}.", label(&member.label, &member.name))?;
    writeln!(text, "    #[must_use]\n    pub fn {}(&self) -> Option<{gives}> {{", named(&member.name))?;
    writeln!(text, "        match self.0.field(\"{}\")? {{", member.name)?;
    writeln!(text, "            Value::{case}(value) => Some({how}),\n            _ => None,\n        }}\n    }}")
}

fn put(text: &mut String, member: &GrantedMember, held: &Held) -> std::fmt::Result {
    let Held { takes, .. } = held;
    let lives = if takes.starts_with("&'v") { "<'v>" } else { "" };
    writeln!(text, "    /// Sets {}; `None` clears it.", label(&member.label, &member.name))?;
    writeln!(text, "    pub fn set_{}{lives}(&mut self, value: impl Into<Option<{takes}>>) {{", member.name)?;
    writeln!(text, "        match value.into() {{\n            Some(value) => self.0.set(\"{}\", value),", member.name)?;
    writeln!(text, "            None => self.0.clear(\"{}\"),\n        }}\n    }}", member.name)
}

/// The codes of a choice, so that a slip of the pen does not compile.
fn codes(text: &mut String, object: &GrantedObject, member: &GrantedMember) -> std::fmt::Result {
    writeln!(text, "\n/// Codes of `{}.{}`.\npub mod {}_{} {{", object.name, member.name, object.name, member.name)?;
    for (code, says) in &member.options {
        writeln!(text, "    /// {}.\n    pub const {}: &str = \"{code}\";", label(says, code), constant(code))?;
    }
    writeln!(text, "}}")
}

/// A name as Rust takes it.
fn named(name: &str) -> String {
    if matches!(name, "self" | "super" | "crate") {
        return format!("{name}_");
    }
    if WORDS.contains(&name) || MORE_WORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// A code as the name of a constant.
fn constant(code: &str) -> String {
    let upper: String = code.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect();
    if upper.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_words_of_the_language_are_raw() {
        assert_eq!((named("type"), named("self"), named("amount")), ("r#type".to_owned(), "self_".to_owned(), "amount".to_owned()));
        assert_eq!((constant("won"), constant("3_months"), constant("a-b")), ("WON".to_owned(), "_3_MONTHS".to_owned(), "A_B".to_owned()));
    }
}
