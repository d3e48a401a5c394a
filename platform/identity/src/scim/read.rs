//! What a client sent, as the schemas have it: names in their own case, values in their own types, the rest dropped.
//!
//! Postel's law, with borders: texts `"True"` for booleans, one object where a list is meant and a text where a complex
//! value is meant are understood, for Entra ID and Okta send them. Unknown and read-only attributes are passed over
//! (RFC 7644 §3.3, §3.5.1). A value of another type is `invalidValue`.

use serde_json::Map;
use tenon_value::Json;

use super::error::ScimError;
use super::filter::{member, truth};
use super::schema::{Attribute, Mutability, ResourceKind, SHARED_ATTRIBUTES, Type};

/// Letters of one text.
const TEXT_MAX: usize = 4_000;
/// Elements of one list; a group may have more members than that through several requests.
pub const ELEMENTS_MAX: usize = 10_000;

/// Members of a resource, canonical.
pub(crate) type Resource = Map<String, Json>;

/// Reads a resource that a client sent.
pub(crate) fn resource(kind: ResourceKind, sent: &Json) -> Result<Resource, ScimError> {
    let Json::Object(_) = sent else {
        return Err(ScimError::invalid("invalidSyntax", "the body must be one JSON object"));
    };
    let mut read = Resource::new();
    for attribute in kind.attributes().iter().chain(SHARED_ATTRIBUTES) {
        take(attribute, sent, &mut read)?;
    }
    for (schema, attributes) in kind.extensions() {
        let Some(inside) = member(sent, schema).filter(|inside| inside.is_object()) else { continue };
        let mut below = Resource::new();
        for attribute in *attributes {
            take(attribute, inside, &mut below)?;
        }
        if !below.is_empty() {
            read.insert((*schema).to_owned(), Json::Object(below));
        }
    }
    for required in kind.attributes().iter().filter(|attribute| attribute.required) {
        if read.get(required.name).and_then(Json::as_str).is_none_or(|text| text.trim().is_empty()) {
            return Err(ScimError::value(format!("`{}` is required", required.name)));
        }
    }
    Ok(read)
}

fn take(attribute: &Attribute, from: &Json, into: &mut Resource) -> Result<(), ScimError> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    if let Some(value) = member(from, attribute.name)
        && let Some(value) = value_of(attribute, value)?
    {
        into.insert(attribute.name.to_owned(), value);
    }
    Ok(())
}

/// The value of an attribute in its type; none where it is absent (null, an empty list: RFC 7643 §2.5).
pub(crate) fn value_of(attribute: &Attribute, sent: &Json) -> Result<Option<Json>, ScimError> {
    if !attribute.many {
        // Some clients wrap a single value.
        let sent = sent.as_array().and_then(|all| if all.len() == 1 { all.first() } else { None }).unwrap_or(sent);
        return one_of(attribute, sent);
    }
    let sent = sent.as_array().map_or(std::slice::from_ref(sent), Vec::as_slice);
    if sent.len() > ELEMENTS_MAX {
        return Err(ScimError::invalid("tooMany", format!("`{}` has more than {ELEMENTS_MAX} elements", attribute.name)));
    }
    let mut values = Vec::new();
    for element in sent {
        values.extend(one_of(attribute, element)?);
    }
    Ok((!values.is_empty()).then_some(Json::Array(values)))
}

fn one_of(attribute: &Attribute, sent: &Json) -> Result<Option<Json>, ScimError> {
    let wrong = || ScimError::value(format!("`{}` has a value of another type", attribute.name));
    match (attribute.kind, sent) {
        (_, Json::Null) => Ok(None),
        (Type::Text | Type::Reference | Type::DateTime, Json::String(text)) => {
            if text.len() > TEXT_MAX || text.contains('\0') {
                return Err(ScimError::value(format!("`{}` has a text that cannot be stored", attribute.name)));
            }
            Ok(Some(sent.clone()))
        }
        // Numbers for employee numbers and the like.
        (Type::Text, Json::Number(number)) => Ok(Some(Json::from(number.to_string()))),
        (Type::Boolean, Json::Bool(_)) => Ok(Some(sent.clone())),
        (Type::Boolean, Json::String(text)) => truth(text).map(|truth| Some(Json::Bool(truth))).ok_or_else(wrong),
        (Type::Complex(members), Json::Object(_)) => {
            let mut read = Resource::new();
            for below in members {
                // Inside, read-only members (a display name) are harmless hints: dropped as well.
                take(below, sent, &mut read)?;
            }
            Ok((!read.is_empty()).then_some(Json::Object(read)))
        }
        (Type::Complex(members), Json::String(text)) if members.iter().any(|below| below.name == "value") => {
            let read = (!text.is_empty()).then(|| Json::Object(Resource::from_iter([("value".to_owned(), sent.clone())])));
            Ok(read)
        }
        _ => Err(wrong()),
    }
}
