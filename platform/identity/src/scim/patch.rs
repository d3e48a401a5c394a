//! PATCH (RFC 7644 §3.5.2): operations applied to a resource as it would be answered, which is then read like a PUT.
//!
//! Beside the RFC it understands what Entra ID and Okta send: `Add`, paths as the names of a path-less value's members
//! (`"name.givenName"`), `remove` of members listed in `value`, and `add` or `replace` to `emails[type eq "work"].value`
//! where there is no such element yet. Invariant: a wrong operation changes nothing, for the resource is a copy.

use serde_json::Map;
use tenon_value::Json;

use super::error::ScimError;
use super::filter::{AttributePath, Filter, is_extension, member};
use super::parse::{self, PatchPath};
use super::read::{self, ELEMENTS_MAX};
use super::schema::{Attribute, Mutability, ResourceKind, Type};

/// Operations of one request.
pub const OPERATIONS_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// Applies the operations of a request's body.
pub(crate) fn apply(kind: ResourceKind, resource: &mut Json, body: &Json) -> Result<(), ScimError> {
    let syntax = |detail: &str| ScimError::invalid("invalidSyntax", detail);
    let operations = member(body, "Operations").and_then(Json::as_array).ok_or_else(|| syntax("`Operations` is missing"))?;
    if operations.is_empty() {
        return Err(syntax("`Operations` is empty"));
    }
    if operations.len() > OPERATIONS_MAX {
        return Err(ScimError::invalid("tooMany", format!("more than {OPERATIONS_MAX} operations")));
    }
    for operation in operations {
        let verb = match member(operation, "op").and_then(Json::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Verb::Add,
            Some("replace") => Verb::Replace,
            Some("remove") => Verb::Remove,
            _ => return Err(syntax("`op` is `add`, `replace` or `remove`")),
        };
        let value = member(operation, "value");
        match member(operation, "path") {
            Some(Json::String(path)) if !path.trim().is_empty() => {
                let path = parse::path(path).map_err(|error| ScimError::invalid("invalidPath", error.to_string()))?;
                one(kind, resource, verb, &path, value)?;
            }
            None | Some(Json::Null | Json::String(_)) => whole(kind, resource, verb, value)?,
            Some(_) => return Err(ScimError::invalid("invalidPath", "`path` is a text")),
        }
    }
    Ok(())
}

/// An operation without a path: its value holds the attributes.
fn whole(kind: ResourceKind, resource: &mut Json, verb: Verb, value: Option<&Json>) -> Result<(), ScimError> {
    if verb == Verb::Remove {
        return Err(ScimError::invalid("noTarget", "`remove` needs a path"));
    }
    let Some(Json::Object(members)) = value else {
        return Err(ScimError::value("without a path, `value` is an object"));
    };
    for (name, value) in members {
        if let (Some(extension), Json::Object(below)) = (kind.extensions().iter().find(|(urn, _)| urn.eq_ignore_ascii_case(name)), value) {
            for (name, value) in below {
                let attribute = AttributePath { schema: Some(extension.0.to_owned()), name: name.clone(), sub: None };
                known(kind, resource, verb, &PatchPath { attribute, filter: None }, value)?;
            }
            continue;
        }
        // A name may be a path.
        if let Ok(path) = parse::path(name) {
            known(kind, resource, verb, &path, value)?;
        }
    }
    Ok(())
}

/// As [`one`], but attributes that are unknown or read-only are passed over, as in a PUT.
fn known(kind: ResourceKind, resource: &mut Json, verb: Verb, path: &PatchPath, value: &Json) -> Result<(), ScimError> {
    match target(kind, &path.attribute) {
        Ok((_, attribute)) if attribute.mutability != Mutability::ReadOnly => one(kind, resource, verb, path, Some(value)),
        _ => Ok(()),
    }
}

/// The schema's object (none: the resource itself) and the attribute that a path names.
fn target(kind: ResourceKind, path: &AttributePath) -> Result<(Option<&'static str>, &'static Attribute), ScimError> {
    let unknown =
        || ScimError::invalid("invalidPath", format!("there is no attribute `{}`", path.name.chars().take(100).collect::<String>()));
    match path.schema.as_deref().filter(|schema| is_extension(schema)) {
        None => kind.attribute(&path.name).map(|attribute| (None, attribute)).ok_or_else(unknown),
        Some(schema) => {
            let (urn, attributes) = kind.extensions().iter().find(|(urn, _)| urn.eq_ignore_ascii_case(schema)).ok_or_else(unknown)?;
            let attribute = attributes.iter().find(|one| one.name.eq_ignore_ascii_case(&path.name)).ok_or_else(unknown)?;
            Ok((Some(urn), attribute))
        }
    }
}

/// An operation on one attribute.
fn one(kind: ResourceKind, resource: &mut Json, verb: Verb, path: &PatchPath, value: Option<&Json>) -> Result<(), ScimError> {
    if path.attribute.schema.is_none()
        && let Some((urn, _)) = kind.extensions().iter().find(|(urn, _)| urn.eq_ignore_ascii_case(&path.attribute.name))
    {
        return extension((kind, urn), resource, verb, value);
    }
    let (schema, attribute) = target(kind, &path.attribute)?;
    if attribute.mutability == Mutability::ReadOnly {
        // Clients repeat `id` and `schemas`; that changes nothing.
        let same = value.is_some() && member(resource, attribute.name) == value;
        return if same { Ok(()) } else { Err(ScimError::invalid("mutability", format!("`{}` is read-only", attribute.name))) };
    }
    let sub = path.attribute.sub.as_deref().map(|name| sub_attribute(attribute, name)).transpose()?;
    if verb != Verb::Remove && value.is_none() {
        return Err(ScimError::value("`value` is missing"));
    }
    let holder = holder(resource, schema)?;
    if attribute.many {
        let mut elements = match holder.remove(attribute.name) {
            Some(Json::Array(elements)) => elements,
            Some(one) => vec![one],
            None => Vec::new(),
        };
        list(attribute, &mut elements, verb, (path.filter.as_ref(), sub), value)?;
        if elements.len() > ELEMENTS_MAX {
            return Err(ScimError::invalid("tooMany", format!("`{}` has more than {ELEMENTS_MAX} elements", attribute.name)));
        }
        if !elements.is_empty() {
            holder.insert(attribute.name.to_owned(), Json::Array(elements));
        }
        return Ok(());
    }
    if path.filter.is_some() {
        return Err(ScimError::invalid("invalidPath", format!("`{}` is no list", attribute.name)));
    }
    single(attribute, holder, verb, sub, value)
}

/// An operation on a whole extension.
fn extension(of: (ResourceKind, &str), resource: &mut Json, verb: Verb, value: Option<&Json>) -> Result<(), ScimError> {
    let (kind, urn) = of;
    if verb != Verb::Add
        && let Some(members) = resource.as_object_mut()
    {
        members.remove(urn);
    }
    match (verb, value) {
        (Verb::Remove, _) => Ok(()),
        (_, Some(value @ Json::Object(_))) => {
            let wrapped = Json::Object(Map::from_iter([(urn.to_owned(), value.clone())]));
            whole(kind, resource, verb, Some(&wrapped))
        }
        _ => Err(ScimError::value("`value` is an object")),
    }
}

fn sub_attribute(attribute: &'static Attribute, name: &str) -> Result<&'static Attribute, ScimError> {
    let unknown = || ScimError::invalid("invalidPath", format!("`{}` has no such part", attribute.name));
    attribute.members().iter().find(|one| one.name.eq_ignore_ascii_case(name)).ok_or_else(unknown)
}

/// The object that has the attribute: the resource, or the object of an extension, made where it is missing.
fn holder<'r>(resource: &'r mut Json, schema: Option<&'static str>) -> Result<&'r mut Map<String, Json>, ScimError> {
    let broken = || ScimError::invalid("invalidSyntax", "not a resource");
    let root = resource.as_object_mut().ok_or_else(broken)?;
    match schema {
        None => Ok(root),
        Some(schema) => root.entry(schema).or_insert_with(|| Json::Object(Map::new())).as_object_mut().ok_or_else(broken),
    }
}

fn single(
    attribute: &'static Attribute,
    holder: &mut Map<String, Json>,
    verb: Verb,
    sub: Option<&'static Attribute>,
    value: Option<&Json>,
) -> Result<(), ScimError> {
    if let Some(sub) = sub {
        let members = holder.entry(attribute.name).or_insert_with(|| Json::Object(Map::new()));
        if let Some(members) = members.as_object_mut() {
            set(sub, members, verb, value)?;
        }
        return Ok(());
    }
    let canonical = value.filter(|_| verb != Verb::Remove).map(|value| read::value_of(attribute, value)).transpose()?.flatten();
    match (verb, canonical) {
        // What a complex value does not mention stays.
        (Verb::Add | Verb::Replace, Some(Json::Object(new))) => match holder.get_mut(attribute.name).and_then(Json::as_object_mut) {
            Some(old) => old.extend(new),
            None => drop(holder.insert(attribute.name.to_owned(), Json::Object(new))),
        },
        (Verb::Add | Verb::Replace, Some(new)) => drop(holder.insert(attribute.name.to_owned(), new)),
        (Verb::Add, None) => {}
        _ => drop(holder.remove(attribute.name)),
    }
    Ok(())
}

/// Sets or clears one simple attribute.
fn set(attribute: &'static Attribute, holder: &mut Map<String, Json>, verb: Verb, value: Option<&Json>) -> Result<(), ScimError> {
    let value = value.filter(|_| verb != Verb::Remove).map(|value| read::value_of(attribute, value)).transpose()?.flatten();
    match value {
        Some(value) => drop(holder.insert(attribute.name.to_owned(), value)),
        None => drop(holder.remove(attribute.name)),
    }
    Ok(())
}

fn list(
    attribute: &'static Attribute,
    elements: &mut Vec<Json>,
    verb: Verb,
    (filter, sub): (Option<&Filter>, Option<&'static Attribute>),
    value: Option<&Json>,
) -> Result<(), ScimError> {
    if filter.is_none() && sub.is_none() {
        return plain_list(attribute, elements, verb, value);
    }
    let chosen = |element: &Json| filter.is_none_or(|filter| filter.matches(element));
    if verb == Verb::Remove {
        match sub {
            None => elements.retain(|element| !chosen(element)),
            Some(sub) => {
                for element in elements.iter_mut().filter(|element| chosen(element)).filter_map(Json::as_object_mut) {
                    element.remove(sub.name);
                }
            }
        }
        return Ok(());
    }
    let places: Vec<usize> = elements.iter().enumerate().filter(|(_, element)| chosen(element)).map(|(place, _)| place).collect();
    let places = if places.is_empty() { vec![made_for(attribute, elements, filter)?] } else { places };
    for place in places {
        let Some(element) = elements.get_mut(place).and_then(Json::as_object_mut) else { continue };
        match (sub, value) {
            (Some(sub), value) => set(sub, element, verb, value)?,
            (None, Some(value)) => {
                let read = read::value_of(attribute, value)?;
                if let Some(new) = read.as_ref().and_then(Json::as_array).and_then(|all| all.first()).and_then(Json::as_object) {
                    element.extend(new.clone());
                }
            }
            (None, None) => {}
        }
        one_primary(elements, place);
    }
    Ok(())
}

/// A new element that matches the filter; `noTarget` where the filter does not say what it looks like.
fn made_for(attribute: &'static Attribute, elements: &mut Vec<Json>, filter: Option<&Filter>) -> Result<usize, ScimError> {
    let members = match filter {
        None => Vec::new(),
        Some(filter) => {
            filter.as_members().ok_or_else(|| ScimError::invalid("noTarget", format!("no element of `{}` matches", attribute.name)))?
        }
    };
    let mut element = Map::new();
    for (name, value) in members {
        set(sub_attribute(attribute, &name)?, &mut element, Verb::Add, Some(&value))?;
    }
    elements.push(Json::Object(element));
    Ok(elements.len() - 1)
}

/// An operation on a list as a whole.
fn plain_list(attribute: &'static Attribute, elements: &mut Vec<Json>, verb: Verb, value: Option<&Json>) -> Result<(), ScimError> {
    let sent = value.map(|value| read::value_of(attribute, value)).transpose()?.flatten();
    let sent = match sent {
        Some(Json::Array(sent)) => sent,
        _ => Vec::new(),
    };
    match verb {
        // `remove` with a value removes those elements (Entra ID); without, all.
        Verb::Remove if value.is_some_and(|value| !value.is_null()) => {
            elements.retain(|element| !sent.iter().any(|one| same(one, element)));
        }
        Verb::Remove => elements.clear(),
        Verb::Replace => *elements = sent,
        Verb::Add => {
            let simple = !matches!(attribute.kind, Type::Complex(_));
            // Large groups grow by small steps: a set keeps that from being quadratic.
            let mut there: std::collections::HashSet<String> = elements.iter().map(|element| key_of(element, simple)).collect();
            for new in sent {
                if there.insert(key_of(&new, simple)) {
                    let place = elements.len();
                    elements.push(new);
                    one_primary(elements, place);
                }
            }
        }
    }
    Ok(())
}

/// What makes an element itself: its value, and its type where it has one.
fn key_of(element: &Json, simple: bool) -> String {
    if simple {
        return element.to_string();
    }
    let part = |name: &str| member(element, name).and_then(Json::as_str).unwrap_or_default().to_lowercase();
    match (part("value"), part("type")) {
        (value, kind) if value.is_empty() => format!("{kind}{element}"),
        // A member is a member, whatever the client calls its type.
        (value, _) if member(element, "$ref").is_some() => value,
        (value, kind) if kind == "user" || kind == "group" => value,
        (value, kind) => format!("{value}{kind}"),
    }
}

fn same(left: &Json, right: &Json) -> bool {
    match (member(left, "value"), member(right, "value")) {
        (Some(Json::String(left)), Some(Json::String(right))) => left.eq_ignore_ascii_case(right),
        _ => left == right,
    }
}

/// A new primary element takes that from the others (RFC 7644 §3.5.2).
fn one_primary(elements: &mut [Json], place: usize) {
    let is_primary = |element: &Json| member(element, "primary") == Some(&Json::Bool(true));
    if !elements.get(place).is_some_and(is_primary) {
        return;
    }
    for (other, element) in elements.iter_mut().enumerate() {
        if other != place
            && is_primary(element)
            && let Some(members) = element.as_object_mut()
        {
            members.insert("primary".to_owned(), Json::Bool(false));
        }
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
