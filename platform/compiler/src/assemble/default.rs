//! The value a new record gets: read exactly as a caller's input would be, so that no default is refused at a save.

use tenon_model::FieldKind;
use tenon_value::{Date, DateTime, Decimal, Duration, Json, Money, Value, clean_block, clean_line, is_currency};

use super::{Scope, kind};
use crate::checks::{default, wrong_type};
use crate::keys::{self, FieldType};
use crate::merge::Merged;
use crate::shape;

/// Letters of a default in `long_text` and `rich_text`.
const BLOCK_MAX: usize = 100_000;

/// The default, checked; the type's own where none is said.
pub(super) fn value(merged: &Merged<'_>, field_type: &FieldType, kind: &FieldKind, scope: &mut Scope<'_>) -> Value {
    let Some(at) = merged.get("default") else {
        return if matches!(kind, FieldKind::Boolean) { Value::Bool(false) } else { Value::Null };
    };
    if field_type.default == keys::Default::Cannot {
        scope.report.push(default::refused(field_type.word).at(at.key_span()).of(merged.path.clone()));
        return Value::Null;
    }
    read(at.json, kind, &scope.settings.base_currency).unwrap_or_else(|reason| {
        scope.report.push(default::unfit(&reason).at(at.span()).of(merged.path.clone()));
        Value::Null
    })
}

fn read(json: &Json, kind: &FieldKind, currency: &str) -> Result<Value, String> {
    let not = |expected: &str| Err(format!("is {}, not {expected}", wrong_type::describe(json)));
    match kind {
        FieldKind::Text { min, max, pattern } => match json.as_str() {
            Some(text) => line(text, *min, *max, pattern.as_deref()),
            None => not("text"),
        },
        FieldKind::LongText | FieldKind::RichText => match json.as_str() {
            Some(text) if text.chars().count() > BLOCK_MAX => Err(format!("has more than {BLOCK_MAX} letters")),
            Some(text) => clean_block(text).map(|text| text.map_or(Value::Null, Value::Text)).map_err(|error| error.to_string()),
            None => not("text"),
        },
        FieldKind::Email | FieldKind::Phone | FieldKind::Url => match json.as_str() {
            Some(text) => line(text, 0, 255, None),
            None => not("text"),
        },
        FieldKind::Integer { min, max } => match shape::decimal(json) {
            Some(number) => {
                let number = within(number, 0, *min, *max)?;
                let whole = i32::try_from(number.units()).map_err(|_| "is beyond 32 bits".to_owned())?;
                Ok(Value::Int(whole.into()))
            }
            None => not("a whole number"),
        },
        FieldKind::Decimal { scale, min, max } | FieldKind::Percent { scale, min, max } => match shape::decimal(json) {
            Some(number) => within(number, *scale, *min, *max).map(Value::Decimal),
            None => not("a number"),
        },
        FieldKind::Money { scale, min, max } => money(json, currency, |number| within(number, *scale, *min, *max)),
        FieldKind::Boolean => json.as_bool().map(Value::Bool).map_or_else(|| not("true or false"), Ok),
        FieldKind::Date => parsed::<Date>(json).map(Value::Date).map_or_else(|| not("a date such as `2026-02-28`"), Ok),
        FieldKind::DateTime => {
            parsed::<DateTime>(json).map(Value::DateTime).map_or_else(|| not("a moment such as `2026-02-28T08:00:00Z`"), Ok)
        }
        FieldKind::Duration => parsed::<Duration>(json).map(Value::Duration).map_or_else(|| not("a length of time such as `PT1H30M`"), Ok),
        FieldKind::Choice(_) => code(json, kind),
        FieldKind::Choices(_) => match json.as_array() {
            Some(codes) => codes.iter().map(|item| code(item, kind)).collect::<Result<_, _>>().map(Value::List),
            None => not("a list of options"),
        },
        FieldKind::Json => Ok(Value::Json(json.clone())),
        _ => not("possible for this type"),
    }
}

fn parsed<T: std::str::FromStr>(json: &Json) -> Option<T> {
    json.as_str()?.parse().ok()
}

fn line(text: &str, min: u32, max: u32, pattern: Option<&str>) -> Result<Value, String> {
    let Some(text) = clean_line(text).map_err(|error| error.to_string())? else { return Ok(Value::Null) };
    let letters = text.chars().count();
    if letters > max as usize {
        return Err(format!("has {letters} letters, the field has at most {max}"));
    }
    if letters < min as usize {
        return Err(format!("has {letters} letters, the field has at least {min}"));
    }
    match pattern.map(kind::compile) {
        Some(Ok(pattern)) if !pattern.is_match(&text) => Err("does not match the field's pattern".to_owned()),
        _ => Ok(Value::Text(text)),
    }
}

fn within(number: Decimal, scale: u8, min: Option<Decimal>, max: Option<Decimal>) -> Result<Decimal, String> {
    let number = number.stored(scale).map_err(|error| format!("{number} has {error}"))?;
    match (min, max) {
        (Some(min), _) if number < min => Err(format!("{number} is below `min` {min}")),
        (_, Some(max)) if number > max => Err(format!("{number} is above `max` {max}")),
        _ => Ok(number),
    }
}

/// A bare number is meant in the tenant's currency.
fn money(json: &Json, currency: &str, within: impl Fn(Decimal) -> Result<Decimal, String>) -> Result<Value, String> {
    let (amount, currency) = match json {
        Json::Object(parts) => (parts.get("amount").and_then(shape::decimal), parts.get("currency").map_or(Some(currency), Json::as_str)),
        bare => (shape::decimal(bare), Some(currency)),
    };
    let (Some(amount), Some(currency)) = (amount, currency) else {
        return Err(format!("is {}, not an amount, as in `100` or `{{ amount: 100, currency: CNY }}`", wrong_type::describe(json)));
    };
    if !is_currency(currency) {
        return Err(format!("has currency `{}`, which is no ISO 4217 code", wrong_type::shorten(currency)));
    }
    Ok(Value::Money(Money { amount: within(amount)?, currency: currency.to_owned(), base: None }))
}

fn code(json: &Json, kind: &FieldKind) -> Result<Value, String> {
    let Some(text) = json.as_str() else { return Err(format!("is {}, not an option", wrong_type::describe(json))) };
    let known = kind.options().iter().any(|option| option.name.as_str() == text);
    if known { Ok(Value::Text(text.to_owned())) } else { Err(format!("`{}` is none of the options", wrong_type::shorten(text))) }
}
