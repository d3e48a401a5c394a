//! SCIM filters (RFC 7644 §3.4.2.2): the words, and whether a resource matches.
//!
//! Invariant: a filter is judged on the resource as it would be answered, so nothing can be found by an attribute that
//! cannot be read.

use std::cmp::Ordering;

use tenon_value::{DateTime, Json};

/// The name of an attribute: `userName`, `name.familyName`, `urn:…:User:department`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributePath {
    /// The URN in front; none: the core schema of the resource.
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
}

/// How an attribute is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Compare {
        path: AttributePath,
        operator: Operator,
        value: Json,
    },
    Present(AttributePath),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// `emails[type eq "work" and value co "@example.com"]`: one element that matches all of it.
    Element {
        path: AttributePath,
        filter: Box<Self>,
    },
}

/// Attributes whose letters count exactly (RFC 7643 §3.1, §7).
const CASE_EXACT: [&str; 3] = ["id", "externalid", "$ref"];

impl Filter {
    /// Whether a resource, or an element of a list, matches.
    pub(crate) fn matches(&self, resource: &Json) -> bool {
        match self {
            Self::Compare { path, operator, value } => compares(path, *operator, value, &path.values(resource)),
            Self::Present(path) => path.values(resource).iter().any(|value| is_present(value)),
            Self::Not(inner) => !inner.matches(resource),
            Self::And(left, right) => left.matches(resource) && right.matches(resource),
            Self::Or(left, right) => left.matches(resource) || right.matches(resource),
            Self::Element { path, filter } => path.values(resource).iter().any(|element| filter.matches(element)),
        }
    }

    /// The value that an attribute must be equal to, where the whole filter is (or demands) one such comparison.
    pub(crate) fn demanded(&self, name: &str) -> Option<&str> {
        match self {
            Self::Compare { path, operator: Operator::Equal, value: Json::String(value) }
                if path.sub.is_none() && path.name.eq_ignore_ascii_case(name) =>
            {
                Some(value)
            }
            Self::And(left, right) => left.demanded(name).or_else(|| right.demanded(name)),
            _ => None,
        }
    }

    /// The members that an element must have to match, where the filter is a chain of `eq`: `type eq "work"`.
    pub(crate) fn as_members(&self) -> Option<Vec<(String, Json)>> {
        match self {
            Self::Compare { path, operator: Operator::Equal, value } if path.sub.is_none() && path.schema.is_none() => {
                Some(vec![(path.name.clone(), value.clone())])
            }
            Self::And(left, right) => {
                let mut members = left.as_members()?;
                members.extend(right.as_members()?);
                Some(members)
            }
            _ => None,
        }
    }
}

impl AttributePath {
    /// What the path leads to: every element where it leads over lists.
    pub(crate) fn values<'r>(&self, resource: &'r Json) -> Vec<&'r Json> {
        let root = match &self.schema {
            Some(schema) if is_extension(schema) => member(resource, schema),
            _ => Some(resource),
        };
        let Some(first) = root.and_then(|root| member(root, &self.name)) else { return Vec::new() };
        let elements = elements(first);
        match &self.sub {
            None => elements,
            Some(sub) => elements.into_iter().filter_map(|one| member(one, sub)).flat_map(self::elements).collect(),
        }
    }
}

/// Whether a schema's members lie in an object of their own.
pub(crate) fn is_extension(schema: &str) -> bool {
    let core = ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"];
    !core.iter().any(|own| own.eq_ignore_ascii_case(schema))
}

/// A member, whatever the case of its name (RFC 7643 §2.1).
pub(crate) fn member<'j>(object: &'j Json, name: &str) -> Option<&'j Json> {
    let members = object.as_object()?;
    members.get(name).or_else(|| members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn elements(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

fn is_present(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(all) => all.iter().any(is_present),
        Json::Object(members) => members.values().any(is_present),
        _ => true,
    }
}

fn compares(path: &AttributePath, operator: Operator, wanted: &Json, values: &[&Json]) -> bool {
    let last = path.sub.as_deref().unwrap_or(&path.name).to_ascii_lowercase();
    let exact = CASE_EXACT.contains(&last.as_str());
    // A complex value is compared by its `value`.
    let plain = values.iter().map(|value| if value.is_object() { member(value, "value").unwrap_or(&Json::Null) } else { *value });
    let mut plain = plain.filter(|value| !value.is_null());
    match operator {
        Operator::NotEqual => {
            !(plain.any(|value| order(value, wanted, exact) == Some(Ordering::Equal)) || wanted.is_null() && values.is_empty())
        }
        Operator::Equal if wanted.is_null() => plain.next().is_none(),
        _ => plain.any(|value| holds(operator, value, wanted, exact)),
    }
}

fn holds(operator: Operator, value: &Json, wanted: &Json, exact: bool) -> bool {
    let texts = || {
        let fold = |json: &Json| json.as_str().map(|text| if exact { text.to_owned() } else { text.to_lowercase() });
        Some((fold(value)?, fold(wanted)?))
    };
    let ordered = |accepted: &[Ordering]| !value.is_boolean() && order(value, wanted, exact).is_some_and(|order| accepted.contains(&order));
    match operator {
        Operator::Equal => order(value, wanted, exact) == Some(Ordering::Equal),
        Operator::NotEqual => order(value, wanted, exact) != Some(Ordering::Equal),
        Operator::Contains => texts().is_some_and(|(own, other)| own.contains(&other)),
        Operator::StartsWith => texts().is_some_and(|(own, other)| own.starts_with(&other)),
        Operator::EndsWith => texts().is_some_and(|(own, other)| own.ends_with(&other)),
        Operator::Greater => ordered(&[Ordering::Greater]),
        Operator::GreaterOrEqual => ordered(&[Ordering::Greater, Ordering::Equal]),
        Operator::Less => ordered(&[Ordering::Less]),
        Operator::LessOrEqual => ordered(&[Ordering::Less, Ordering::Equal]),
    }
}

/// The order of two values of one type; none where they cannot be compared.
fn order(value: &Json, wanted: &Json, exact: bool) -> Option<Ordering> {
    match (value, wanted) {
        (Json::Bool(own), Json::Bool(other)) => Some(own.cmp(other)),
        // Some clients write booleans as texts.
        (Json::Bool(own), Json::String(other)) => Some(own.cmp(&truth(other)?)),
        (Json::Number(own), Json::Number(other)) => own.as_f64()?.partial_cmp(&other.as_f64()?),
        (Json::String(own), Json::String(other)) => {
            if let (Ok(own), Ok(other)) = (own.parse::<DateTime>(), other.parse::<DateTime>()) {
                return Some(own.cmp(&other));
            }
            Some(if exact { own.cmp(other) } else { own.to_lowercase().cmp(&other.to_lowercase()) })
        }
        _ => None,
    }
}

/// `True`, `"false"`: booleans as texts.
pub(crate) fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
