//! `tenon typegen`: types of a program, made of the tenant's schema as this key sees it.
//!
//! The schema is asked for by introspection, so that descriptions, deprecations and former names come along.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::{Args, Language};
use crate::client::Client;
use crate::output::{Exit, Output};

const SCHEMA: &str = "{ __schema { types { kind name description
  fields(includeDeprecated: true) { name description deprecationReason args(includeDeprecated: true) { ...input } type { ...type } }
  inputFields(includeDeprecated: true) { ...input } possibleTypes { name }
  enumValues(includeDeprecated: true) { name description deprecationReason } isOneOf } } }
  fragment input on __InputValue { name description deprecationReason defaultValue type { ...type } }
  fragment type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// Scalars that every program has, by its own words.
const OWN: [(&str, &str); 5] = [("ID", "string"), ("String", "string"), ("Int", "number"), ("Float", "number"), ("Boolean", "boolean")];
/// What the other scalars are; those not named here are `unknown`.
const SCALARS: [(&str, &str); 8] = [
    ("Long", "number"),
    // Exact: a double would lose digits.
    ("Decimal", "string"),
    ("Date", "string"),
    ("DateTime", "string"),
    ("Duration", "string"),
    ("DateRange", "string"),
    ("JSON", "unknown"),
    ("LocalizedText", "{ en?: string; zh?: string }"),
];

/// Writes the types.
pub(crate) fn typegen(args: &Args, output: &Output, language: Language, out: Option<&Path>) -> anyhow::Result<Exit> {
    let schema = Client::new(args)?.data("graphql", SCHEMA, &json!({}))?;
    let types = schema.pointer("/__schema/types").and_then(Json::as_array).context("the server told no types")?;
    let text = match language {
        Language::Ts => typescript(types),
    };
    match out {
        Some(path) => {
            std::fs::write(path, &text).with_context(|| format!("cannot write `{}`", path.display()))?;
            output.result(&json!({ "out": path, "types": types.len() }), format!("wrote {}", path.display()));
        }
        None => output.result(&json!({ "text": text }), text.trim_end()),
    }
    Ok(Exit::Done)
}

fn typescript(types: &[Json]) -> String {
    let is_declared = |ty: &&Json| !word(ty, "name").starts_with("__") && OWN.iter().all(|(name, _)| *name != word(ty, "name"));
    let mut named: Vec<&Json> = types.iter().filter(is_declared).collect();
    named.sort_by_key(|ty| word(ty, "name"));
    let mut text = String::from("// Made by `tenon typegen --lang ts`. Do not edit: make it again.\n");
    for ty in named {
        text.push('\n');
        // Writing to a string cannot fail.
        declare(&mut text, ty).unwrap_or_default();
    }
    text
}

fn declare(text: &mut String, ty: &Json) -> std::fmt::Result {
    let name = word(ty, "name");
    describe(text, "", ty)?;
    match word(ty, "kind") {
        "SCALAR" => {
            let own = SCALARS.iter().find(|(known, _)| *known == name).map_or("unknown", |(_, own)| own);
            writeln!(text, "export type {name} = {own};")
        }
        "ENUM" => {
            let values: Vec<String> = list(ty, "enumValues").map(|value| format!("\"{}\"", word(value, "name"))).collect();
            writeln!(text, "export type {name} = {};", or_never(&values))
        }
        "UNION" | "INTERFACE" if list(ty, "possibleTypes").next().is_some() => {
            let members: Vec<String> = list(ty, "possibleTypes").map(|member| word(member, "name").to_owned()).collect();
            writeln!(text, "export type {name} = {};", members.join(" | "))
        }
        "INPUT_OBJECT" if ty.get("isOneOf") == Some(&Json::Bool(true)) => one_of(text, name, ty),
        "INPUT_OBJECT" => {
            writeln!(text, "export interface {name} {{")?;
            for field in list(ty, "inputFields") {
                describe(text, "  ", field)?;
                input(text, field)?;
            }
            writeln!(text, "}}")
        }
        _ => object(text, name, ty),
    }
}

/// Exactly one member, never null: a union of objects with one member each.
fn one_of(text: &mut String, name: &str, ty: &Json) -> std::fmt::Result {
    writeln!(text, "export type {name} =")?;
    for field in list(ty, "inputFields") {
        let given = field.get("type").map_or_else(String::new, |ty| written(ty).trim_end_matches(" | null").to_owned());
        writeln!(text, "  | {{ {}: {given} }}", word(field, "name"))?;
    }
    writeln!(text, "  ;")
}

/// An object, and beside it the arguments of those fields that have any.
fn object(text: &mut String, name: &str, ty: &Json) -> std::fmt::Result {
    writeln!(text, "export interface {name} {{")?;
    if !matches!(name, "Query" | "Mutation" | "Subscription") {
        writeln!(text, "  __typename?: \"{name}\";")?;
    }
    for field in list(ty, "fields") {
        describe(text, "  ", field)?;
        writeln!(text, "  {}: {};", word(field, "name"), field.get("type").map_or_else(String::new, written))?;
    }
    writeln!(text, "}}")?;
    for field in list(ty, "fields").filter(|field| list(field, "args").next().is_some()) {
        let of = word(field, "name");
        let mut letters = of.chars();
        let pascal: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        writeln!(text, "export interface {name}{pascal}Args {{")?;
        for argument in list(field, "args") {
            input(text, argument)?;
        }
        writeln!(text, "}}")?;
    }
    Ok(())
}

/// A member that is given: it may be left out unless it must be said.
fn input(text: &mut String, field: &Json) -> std::fmt::Result {
    let ty = field.get("type").map_or_else(String::new, written);
    let is_needed = field.pointer("/type/kind") == Some(&Json::from("NON_NULL")) && field.get("defaultValue").is_none_or(Json::is_null);
    writeln!(text, "  {}{}: {ty};", word(field, "name"), if is_needed { "" } else { "?" })
}

/// A type as TypeScript writes it: what may be null says so.
fn written(ty: &Json) -> String {
    match word(ty, "kind") {
        "NON_NULL" => {
            let inner = ty.get("ofType").map_or_else(String::new, written);
            inner.strip_suffix(" | null").unwrap_or(&inner).to_owned()
        }
        "LIST" => format!("Array<{}> | null", ty.get("ofType").map_or_else(String::new, written)),
        _ => format!("{} | null", type_name(word(ty, "name"))),
    }
}

/// A type by the name it has in TypeScript.
fn type_name(name: &str) -> &str {
    OWN.iter().find(|(known, _)| *known == name).map_or(name, |(_, own)| own)
}

fn or_never(words: &[String]) -> String {
    if words.is_empty() { "never".to_owned() } else { words.join(" | ") }
}

/// What is said of an element, as a comment that cannot end early.
fn describe(text: &mut String, indent: &str, element: &Json) -> std::fmt::Result {
    let about = word(element, "description").replace("*/", "* /").replace('\n', " ");
    let why = word(element, "deprecationReason").replace("*/", "* /");
    match (about.is_empty(), why.is_empty()) {
        (true, true) => Ok(()),
        (false, true) => writeln!(text, "{indent}/** {about} */"),
        (true, false) => writeln!(text, "{indent}/** @deprecated {why} */"),
        (false, false) => writeln!(text, "{indent}/** {about} @deprecated {why} */"),
    }
}

fn word<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn list<'j>(json: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    json.get(key).and_then(Json::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_what_may_be_null_and_what_may_be_left_out() {
        let named = |kind: &str, name: &str| json!({ "kind": kind, "name": name });
        let must = |of: Json| json!({ "kind": "NON_NULL", "name": null, "ofType": of });
        let many = |of: Json| json!({ "kind": "LIST", "name": null, "ofType": of });
        let types = json!([
            { "kind": "SCALAR", "name": "Decimal" },
            { "kind": "ENUM", "name": "Stage", "enumValues": [{ "name": "OPEN" }, { "name": "WON" }] },
            { "kind": "OBJECT", "name": "Deal", "description": "A sale. */", "fields": [
                { "name": "amount", "type": named("SCALAR", "Decimal"), "args": [] },
                { "name": "tags", "type": must(many(must(named("SCALAR", "String")))), "deprecationReason": "Use labels.", "args": [
                    { "name": "first", "type": must(named("SCALAR", "Int")), "defaultValue": "20" },
                    { "name": "of", "type": must(named("ENUM", "Stage")), "defaultValue": null }
                ] }
            ] },
            { "kind": "INPUT_OBJECT", "name": "DealKey", "isOneOf": true, "inputFields": [
                { "name": "id", "type": named("SCALAR", "ID") }, { "name": "number", "type": named("SCALAR", "String") }
            ] },
            { "kind": "SCALAR", "name": "String" },
            { "kind": "OBJECT", "name": "__Type", "fields": [] }
        ]);
        let expected = r#"// Made by `tenon typegen --lang ts`. Do not edit: make it again.

/** A sale. * / */
export interface Deal {
  __typename?: "Deal";
  amount: Decimal | null;
  /** @deprecated Use labels. */
  tags: Array<string>;
}
export interface DealTagsArgs {
  first?: number;
  of: Stage;
}

export type DealKey =
  | { id: string }
  | { number: string }
  ;

export type Decimal = string;

export type Stage = "OPEN" | "WON";
"#;
        assert_eq!(typescript(types.as_array().unwrap()), expected);
    }
}
