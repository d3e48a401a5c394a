//! Which attributes are answered: `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use serde_json::Map;
use tenon_value::Json;

use super::error::ScimError;
use super::filter::{AttributePath, is_extension};
use super::parse;

/// What the caller wants to see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projection {
    only: Vec<AttributePath>,
    without: Vec<AttributePath>,
}

/// Always answered (RFC 7643 §3.1: `returned` is `always`).
const ALWAYS: [&str; 2] = ["schemas", "id"];

impl Projection {
    /// Of the two parameters, each a list with commas.
    pub(crate) fn parse(only: Option<&str>, without: Option<&str>) -> Result<Self, ScimError> {
        let read = |text: Option<&str>| -> Result<Vec<AttributePath>, ScimError> {
            let names = text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
            let paths = names.map(|name| parse::path(name).map(|path| path.attribute));
            paths.collect::<Result<_, _>>().map_err(|error| ScimError::invalid("invalidPath", error.to_string()))
        };
        let projection = Self { only: read(only)?, without: read(without)? };
        if !projection.only.is_empty() && !projection.without.is_empty() {
            return Err(ScimError::value("`attributes` and `excludedAttributes` exclude each other"));
        }
        Ok(projection)
    }

    /// Whether an attribute is answered at all: spares looking up what nobody wants.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let named = |path: &AttributePath| {
            path.schema.as_deref().is_none_or(|schema| !is_extension(schema)) && path.name.eq_ignore_ascii_case(name)
        };
        let excluded = self.without.iter().any(|path| path.sub.is_none() && named(path));
        !excluded && (self.only.is_empty() || self.only.iter().any(named))
    }

    /// The resource as it is answered.
    pub(crate) fn of(&self, resource: Json) -> Json {
        let Json::Object(members) = resource else { return resource };
        if !self.only.is_empty() {
            let mut kept = Map::new();
            for (name, value) in members {
                if ALWAYS.contains(&name.as_str()) {
                    kept.insert(name, value);
                } else if let Some(value) = chosen(&self.only, &name, value) {
                    kept.insert(name, value);
                }
            }
            return Json::Object(kept);
        }
        let kept = members.into_iter().filter_map(|(name, value)| {
            if ALWAYS.contains(&name.as_str()) {
                Some((name, value))
            } else {
                spared(&self.without, &name, value).map(|value| (name, value))
            }
        });
        Json::Object(kept.collect())
    }
}

/// How a path touches a member of the resource: not, as a whole, or a part of it by name.
enum Touch<'p> {
    Not,
    Whole,
    Part(&'p str),
}

fn touch<'p>(path: &'p AttributePath, name: &str) -> Touch<'p> {
    match path.schema.as_deref().filter(|schema| is_extension(schema)) {
        Some(schema) if schema.eq_ignore_ascii_case(name) => Touch::Part(&path.name),
        Some(_) => Touch::Not,
        None if path.name.eq_ignore_ascii_case(name) => path.sub.as_deref().map_or(Touch::Whole, Touch::Part),
        None => Touch::Not,
    }
}

fn chosen(paths: &[AttributePath], name: &str, value: Json) -> Option<Json> {
    let mut parts = Vec::new();
    for path in paths {
        match touch(path, name) {
            Touch::Whole => return Some(value),
            Touch::Part(part) => parts.push(part),
            Touch::Not => {}
        }
    }
    (!parts.is_empty()).then(|| each(value, |member| parts.iter().any(|part| part.eq_ignore_ascii_case(member))))
}

fn spared(paths: &[AttributePath], name: &str, value: Json) -> Option<Json> {
    let mut parts = Vec::new();
    for path in paths {
        match touch(path, name) {
            Touch::Whole => return None,
            Touch::Part(part) => parts.push(part),
            Touch::Not => {}
        }
    }
    if parts.is_empty() {
        return Some(value);
    }
    Some(each(value, |member| !parts.iter().any(|part| part.eq_ignore_ascii_case(member))))
}

/// Keeps some members of a complex value, or of each of a list.
fn each(value: Json, keep: impl Fn(&str) -> bool + Copy) -> Json {
    match value {
        Json::Array(all) => all.into_iter().map(|one| each(one, keep)).collect(),
        Json::Object(members) => Json::Object(members.into_iter().filter(|(name, _)| keep(name)).collect()),
        simple => simple,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn projected(only: Option<&str>, without: Option<&str>) -> Json {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let resource = json!({
            "schemas": ["s"], "id": "1", "userName": "b", "name": { "givenName": "B", "familyName": "J" },
            "emails": [{ "value": "b@x", "type": "work" }], urn: { "department": "d", "division": "v" },
        });
        Projection::parse(only, without).unwrap().of(resource)
    }

    #[test]
    fn attributes_choose_and_excluded_attributes_leave_out() {
        assert_eq!(projected(Some("USERNAME"), None), json!({ "schemas": ["s"], "id": "1", "userName": "b" }));
        assert_eq!(
            projected(Some("name.givenName, emails.value"), None),
            json!({ "schemas": ["s"], "id": "1", "name": { "givenName": "B" }, "emails": [{ "value": "b@x" }] })
        );
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(projected(Some(&format!("{urn}:department")), None), json!({ "schemas": ["s"], "id": "1", urn: { "department": "d" } }));
        assert_eq!(
            projected(None, Some(&format!("id,emails,name.familyName,{urn}"))),
            json!({ "schemas": ["s"], "id": "1", "userName": "b", "name": { "givenName": "B" } })
        );
        assert!(Projection::parse(Some("a"), Some("b")).is_err());
        assert!(Projection::parse(Some("a b"), None).is_err());
        let group = Projection::parse(None, Some("members")).unwrap();
        assert!(!group.wants("members") && group.wants("displayName"));
    }
}
