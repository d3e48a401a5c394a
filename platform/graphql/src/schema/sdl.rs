//! The schema as text, sorted by name, as this role sees it.

use std::fmt::Write;

use super::{Deprecation, FieldDef, InputDef, Schema, TypeDef, TypeKind};
use crate::syntax::ast::{Value, ValueKind};

impl Schema {
    /// The whole schema in the type system definition language; built-in scalars and introspection left out.
    pub(crate) fn sdl(&self) -> String {
        self.apart().text()
    }

    fn text(&self) -> String {
        let mut names: Vec<&str> = self
            .names()
            .filter(|name| !name.starts_with("__") && !matches!(*name, "Boolean" | "Float" | "ID" | "Int" | "String"))
            .collect();
        names.sort_unstable();
        let mut text = String::new();
        for ty in names.iter().filter_map(|name| self.ty(name)) {
            if !text.is_empty() {
                text.push('\n');
            }
            // Writing to a string cannot fail.
            write_type(&mut text, ty).unwrap_or_default();
        }
        text
    }
}

fn write_type(text: &mut String, ty: &TypeDef) -> std::fmt::Result {
    describe(text, "", ty.description.as_deref())?;
    let name = &ty.name;
    match &ty.kind {
        TypeKind::Scalar { specified_by: Some(url) } => writeln!(text, "scalar {name} @specifiedBy(url: {})", quoted(url)),
        TypeKind::Scalar { specified_by: None } => writeln!(text, "scalar {name}"),
        TypeKind::Union(members) => {
            let mut members: Vec<&str> = members.iter().map(|member| &**member).collect();
            members.sort_unstable();
            writeln!(text, "union {name} = {}", members.join(" | "))
        }
        TypeKind::Enum(values) => {
            writeln!(text, "enum {name} {{")?;
            let mut values: Vec<_> = values.iter().collect();
            values.sort_by(|one, other| one.name.cmp(&other.name));
            for value in values {
                describe(text, "  ", value.description.as_deref())?;
                writeln!(text, "  {}{}", value.name, deprecated(value.deprecated.as_ref()))?;
            }
            writeln!(text, "}}")
        }
        TypeKind::Input { fields, one_of } => {
            writeln!(text, "input {name}{} {{", if *one_of { " @oneOf" } else { "" })?;
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|one, other| one.name.cmp(&other.name));
            for field in fields {
                describe(text, "  ", field.description.as_deref())?;
                writeln!(text, "  {}", input(field))?;
            }
            writeln!(text, "}}")
        }
        TypeKind::Interface { fields } => write_fields(text, &format!("interface {name}"), fields),
        TypeKind::Object { fields, interfaces } => {
            let implements = if interfaces.is_empty() { String::new() } else { format!(" implements {}", interfaces.join(" & ")) };
            write_fields(text, &format!("type {name}{implements}"), fields)
        }
    }
}

fn write_fields(text: &mut String, head: &str, fields: &[FieldDef]) -> std::fmt::Result {
    writeln!(text, "{head} {{")?;
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    for field in fields {
        describe(text, "  ", field.description.as_deref())?;
        let mut arguments: Vec<&InputDef> = field.arguments.iter().collect();
        arguments.sort_by(|one, other| one.name.cmp(&other.name));
        let arguments: Vec<String> = arguments.into_iter().map(input).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        writeln!(text, "  {}{arguments}: {}{}", field.name, field.ty, deprecated(field.deprecated.as_ref()))?;
    }
    writeln!(text, "}}")
}

fn input(input: &InputDef) -> String {
    let default = input.default.as_ref().map(|default| format!(" = {}", literal(default))).unwrap_or_default();
    format!("{}: {}{default}{}", input.name, input.ty, deprecated(input.deprecated.as_ref()))
}

fn deprecated(why: Option<&Deprecation>) -> String {
    why.map(|why| format!(" @deprecated(reason: {})", quoted(&why.reason))).unwrap_or_default()
}

fn describe(text: &mut String, indent: &str, description: Option<&str>) -> std::fmt::Result {
    match description {
        Some(description) => writeln!(text, "{indent}{}", quoted(description)),
        None => Ok(()),
    }
}

/// A GraphQL string literal; JSON's escapes are the same.
fn quoted(text: &str) -> String {
    tenon_value::Json::from(text).to_string()
}

/// A value as a GraphQL literal.
pub(super) fn literal(value: &Value) -> String {
    match &value.kind {
        ValueKind::Variable(name) => format!("${name}"),
        ValueKind::Null => "null".to_owned(),
        ValueKind::Bool(value) => value.to_string(),
        ValueKind::Int(text) | ValueKind::Float(text) | ValueKind::Enum(text) => text.to_string(),
        ValueKind::Text(text) => quoted(text),
        ValueKind::List(elements) => format!("[{}]", elements.iter().map(literal).collect::<Vec<_>>().join(", ")),
        ValueKind::Object(members) => {
            format!(
                "{{{}}}",
                members.iter().map(|(name, value)| format!("{}: {}", name.text, literal(value))).collect::<Vec<_>>().join(", ")
            )
        }
    }
}
