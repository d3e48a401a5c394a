//! From what a caller wrote to a value of a field: the one place where types are checked, for every door.
//!
//! `graphql` brings JSON of variables and literals, the import brings cells of text. Invariants: what comes out fits
//! the field's type, range, length and pattern exactly (nothing is rounded or cut); what does not fit is one problem
//! with rule and field, whose object and place the caller adds. Required-ness and uniqueness are the pipeline's.

mod choice;
mod composite;
mod contact;
mod convert;
mod number;
mod pattern;
mod text;

use tenon_diagnostics::Problem;
use tenon_model::{Field, FieldKind, Settings};
use tenon_value::{Date, DateTime, Duration, Json, TimeError, Uuid, Value, settled};

pub use choice::option_by_graphql;
pub use convert::converted;

/// Why an input is no value of a field. Boxed: problems are large and rare.
pub type Misfit = Box<Problem>;

/// Bytes of a `json` value at most.
pub const JSON_BYTES_MAX: usize = 256 * 1024;

/// A problem of a field, by rule.
pub(crate) fn misfit(field: &Field, rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Misfit {
    Box::new(Problem::invalid(rule, en, zh).field(field.name.as_str()))
}

pub(crate) fn wrong_type(field: &Field, expected: &str) -> Misfit {
    let name = &field.name;
    misfit(field, "type", format!("`{name}` expects {expected}"), format!("`{name}` 的类型不对,应为 {expected}"))
}

/// The value of a JSON input. `Null` clears; a boolean cannot be cleared, it becomes `false`.
///
/// # Errors
/// The rule that the input breaks: `type range min max length pattern scale choice offset_required`.
pub fn coerce(field: &Field, input: &Json, settings: &Settings) -> Result<Value, Misfit> {
    match (&field.kind, input) {
        (FieldKind::Boolean, Json::Null) => Ok(Value::Bool(false)),
        (_, Json::Null) => Ok(Value::Null),
        (FieldKind::Boolean, Json::Bool(yes)) => Ok(Value::Bool(*yes)),
        (FieldKind::Boolean, _) => Err(wrong_type(field, "a boolean")),
        (FieldKind::Json, _) => json(field, input),
        (FieldKind::Money { .. }, _) => composite::money_from_json(field, input, settings),
        (FieldKind::Geo, _) => composite::geo_from_json(field, input),
        (FieldKind::Address, _) => composite::address_from_json(field, input),
        (FieldKind::Choices(_), _) => choice::many(field, input),
        (FieldKind::Integer { .. }, Json::Number(number)) => number::integer(field, &number.to_string()),
        (FieldKind::Integer { .. }, _) => Err(wrong_type(field, "a whole number")),
        (FieldKind::Decimal { .. } | FieldKind::Percent { .. }, Json::Number(number)) => number::decimal(field, &number.to_string()),
        (_, Json::String(text)) => from_text(field, text, settings),
        (kind, _) => Err(wrong_type(field, word_for(kind))),
    }
}

/// The value of a text, for every type that has a text form: all but `json`, `money`, `geo`, `address`, `choices`.
///
/// # Errors
/// The rule that the text breaks.
pub fn from_text(field: &Field, text: &str, settings: &Settings) -> Result<Value, Misfit> {
    match &field.kind {
        FieldKind::Text { .. } => text::line(field, text),
        FieldKind::LongText | FieldKind::RichText => text::block(field, text),
        FieldKind::Secret => text::secret(field, text),
        FieldKind::Email => contact::email(field, text),
        FieldKind::Phone => contact::phone(field, text, settings),
        FieldKind::Url => contact::url(field, text),
        FieldKind::Integer { .. } => number::integer(field, text),
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => number::decimal(field, text),
        FieldKind::Choice(_) => choice::one(field, text),
        FieldKind::Date => text.parse::<Date>().map(Value::Date).map_err(|error| time_misfit(field, error, "a date such as 2026-02-28")),
        FieldKind::DateTime => text
            .parse::<DateTime>()
            .map(Value::DateTime)
            .map_err(|error| time_misfit(field, error, "a moment such as 2026-02-28T08:00:00Z")),
        FieldKind::Duration => {
            text.parse::<Duration>().map(Value::Duration).map_err(|error| time_misfit(field, error, "a length of time such as PT1H30M"))
        }
        FieldKind::File | FieldKind::Image => text.trim().parse::<Uuid>().map(Value::Id).map_err(|_| {
            misfit(field, "id", format!("`{}` expects the id of a file", field.name), format!("`{}` 应为文件的标识", field.name))
        }),
        FieldKind::AutoNumber { .. } | FieldKind::Id => {
            Err(misfit(field, "read_only", format!("`{}` is set by the system", field.name), format!("`{}` 由系统生成", field.name)))
        }
        kind => Err(wrong_type(field, word_for(kind))),
    }
}

/// Whether a value made elsewhere (a plugin's patch) is one of this field.
///
/// # Errors
/// The rule that the value breaks.
pub fn check(field: &Field, value: &Value, settings: &Settings) -> Result<Value, Misfit> {
    match (&field.kind, value) {
        (FieldKind::Boolean, Value::Null) => Ok(Value::Bool(false)),
        (_, Value::Null) => Ok(Value::Null),
        (FieldKind::File | FieldKind::Image, Value::Id(_))
        | (FieldKind::Boolean, Value::Bool(_))
        | (FieldKind::Date, Value::Date(_))
        | (FieldKind::DateTime, Value::DateTime(_))
        | (FieldKind::Duration, Value::Duration(_)) => Ok(value.clone()),
        (FieldKind::Integer { .. }, Value::Int(number)) => number::integer(field, &number.to_string()),
        (FieldKind::Decimal { .. } | FieldKind::Percent { .. }, Value::Decimal(number)) => number::fit(field, *number),
        (FieldKind::Decimal { .. } | FieldKind::Percent { .. }, Value::Int(number)) => number::decimal(field, &number.to_string()),
        (FieldKind::Money { .. }, Value::Money(money)) => composite::money(field, money.amount, &money.currency),
        (FieldKind::Geo, Value::Geo(geo)) => composite::geo(field, geo.lat, geo.lng).map(Value::Geo),
        (FieldKind::Address, Value::Address(address)) => composite::address(field, (**address).clone()),
        (FieldKind::Json, Value::Json(json_value)) => json(field, json_value),
        (FieldKind::Choices(_), Value::List(codes)) => choice::ordered(field, codes.iter().filter_map(Value::as_text)),
        (FieldKind::Money { .. } | FieldKind::Geo | FieldKind::Address | FieldKind::Json | FieldKind::Choices(_), _) => {
            Err(wrong_type(field, word_for(&field.kind)))
        }
        (_, Value::Text(text)) => from_text(field, text, settings),
        (kind, _) => Err(wrong_type(field, word_for(kind))),
    }
}

/// What a field holds after it was cleared.
#[must_use]
pub(crate) const fn cleared(field: &Field) -> Value {
    match field.kind {
        FieldKind::Boolean => Value::Bool(false),
        _ => Value::Null,
    }
}

fn time_misfit(field: &Field, error: TimeError, expected: &str) -> Misfit {
    let name = &field.name;
    match error {
        TimeError::OffsetRequired => misfit(
            field,
            "offset_required",
            format!("`{name}` needs an offset, such as `Z` or `+08:00`"),
            format!("`{name}` 需要时区偏移,例如 `Z` 或 `+08:00`"),
        ),
        TimeError::Range => {
            misfit(field, "range", format!("`{name}` lies outside the years 1 to 9999"), format!("`{name}` 超出公元 1–9999 年"))
        }
        TimeError::Malformed => wrong_type(field, expected),
    }
}

fn json(field: &Field, input: &Json) -> Result<Value, Misfit> {
    fn has_nul(json: &Json) -> bool {
        match json {
            Json::String(text) => text.contains('\0'),
            Json::Array(elements) => elements.iter().any(has_nul),
            Json::Object(members) => members.iter().any(|(key, member)| key.contains('\0') || has_nul(member)),
            _ => false,
        }
    }
    if has_nul(input) {
        return Err(text::nul(field));
    }
    let bytes = input.to_string().len();
    if bytes > JSON_BYTES_MAX {
        return Err(text::too_long(field, JSON_BYTES_MAX, bytes));
    }
    // As it will be read: the same value in other words is no change.
    Ok(Value::Json(settled(input)))
}

const fn word_for(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Integer { .. } => "a whole number",
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => "a decimal number",
        FieldKind::Money { .. } => "an amount of money: { amount, currency }",
        FieldKind::Boolean => "a boolean",
        FieldKind::Date => "a date such as 2026-02-28",
        FieldKind::DateTime => "a moment such as 2026-02-28T08:00:00Z",
        FieldKind::Duration => "a length of time such as PT1H30M",
        FieldKind::Choice(_) => "one of its options",
        FieldKind::Choices(_) => "a list of its options",
        FieldKind::Address => "an address",
        FieldKind::Geo => "a point: { lat, lng }",
        FieldKind::Json => "JSON",
        FieldKind::File | FieldKind::Image => "the id of a file",
        _ => "a text",
    }
}

#[cfg(test)]
mod tests;
