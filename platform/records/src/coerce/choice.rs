//! Choices by their codes, and the way from GraphQL's enum values to codes.

use tenon_model::{Choice, Field, State};
use tenon_value::{Json, Value};

use super::{Misfit, misfit, wrong_type};

/// The option that GraphQL calls by this enum value; retired ones are served as long as a row holds them, so they are found too.
#[must_use]
pub fn option_by_graphql<'f>(field: &'f Field, value: &str) -> Option<&'f Choice> {
    field.kind.options().iter().find(|option| option.graphql == value)
}

pub(super) fn one(field: &Field, code: &str) -> Result<Value, Misfit> {
    let code = code.trim();
    if code.is_empty() {
        return Ok(Value::Null);
    }
    place(field, code).map(|(_, option)| Value::Text(option.name.as_str().to_owned()))
}

pub(super) fn many(field: &Field, input: &Json) -> Result<Value, Misfit> {
    let Json::Array(codes) = input else { return Err(wrong_type(field, "a list of its options")) };
    let codes: Option<Vec<&str>> = codes.iter().map(Json::as_str).collect();
    ordered(field, codes.ok_or_else(|| wrong_type(field, "a list of its options"))?.into_iter())
}

/// A set of codes in declared order; a code named twice counts once.
pub(super) fn ordered<'c>(field: &Field, codes: impl Iterator<Item = &'c str>) -> Result<Value, Misfit> {
    let mut places = Vec::new();
    for code in codes {
        places.push(place(field, code)?.0);
    }
    places.sort_unstable();
    places.dedup();
    let options = field.kind.options();
    let codes: Vec<Value> =
        places.into_iter().filter_map(|place| options.get(place)).map(|option| Value::text(option.name.as_str())).collect();
    Ok(if codes.is_empty() { Value::Null } else { Value::List(codes) })
}

fn place<'f>(field: &'f Field, code: &str) -> Result<(usize, &'f Choice), Misfit> {
    let found = field.kind.options().iter().enumerate().find(|(_, option)| option.name.as_str() == code && option.state == State::Active);
    found.ok_or_else(|| {
        let name = &field.name;
        let shown: String = code.chars().take(80).collect();
        misfit(field, "choice", format!("`{shown}` is no option of `{name}`"), format!("`{shown}` 不是 `{name}` 的选项"))
    })
}
