//! Operands of filters and keys: input values → values of the plan, by the type of the field.

use tenon_diagnostics::Problem;
use tenon_model::FieldKind;
use tenon_records::coerce::option_by_graphql;
use tenon_value::{Date, DateTime, Decimal, Duration, Geo, TimeError, Uuid, Value, clean_block};

use crate::syntax::ast::{Value as Input, ValueKind};

fn wrong_type(en: &str, zh: &str) -> Problem {
    Problem::invalid("type", format!("expected {en}"), format!("类型不对，应为{zh}"))
}

/// An id: a UUID in lower case.
pub(super) fn id(input: &Input) -> Result<Uuid, Problem> {
    let wrong = || Problem::invalid("id", "an id is a UUID", "id 必须是 UUID");
    let text = input.as_text().filter(|text| text.len() == 36).ok_or_else(wrong)?;
    Uuid::try_parse(text).map_err(|_| wrong())
}

/// A decimal, read exactly: numbers of documents and of variables keep every digit they were written with.
pub(super) fn decimal(input: &Input) -> Result<Decimal, Problem> {
    let wrong = || wrong_type("a decimal number", "十进制数");
    let digits = match &input.kind {
        ValueKind::Text(text) => text.as_str(),
        ValueKind::Int(digits) | ValueKind::Float(digits) => digits,
        _ => return Err(wrong()),
    };
    digits.parse().map_err(|_| wrong())
}

pub(super) fn moment(input: &Input) -> Result<DateTime, Problem> {
    let text = input.as_text().ok_or_else(|| wrong_type("a moment such as 2026-02-28T08:00:00Z", "时间，例如 2026-02-28T08:00:00Z"))?;
    text.parse().map_err(|error| match error {
        TimeError::OffsetRequired => Problem::invalid(
            "offset_required",
            "a moment needs an offset, such as `Z` or `+08:00`",
            "时间需要时区偏移，例如 `Z` 或 `+08:00`",
        ),
        _ => wrong_type("a moment such as 2026-02-28T08:00:00Z", "时间，例如 2026-02-28T08:00:00Z"),
    })
}

pub(super) fn text(input: &Input) -> Result<Value, Problem> {
    let text = input.as_text().ok_or_else(|| wrong_type("a text", "文本"))?;
    let cleaned = clean_block(text).map_err(|_| wrong_type("a text without U+0000", "不含 U+0000 的文本"))?;
    Ok(Value::Text(cleaned.unwrap_or_default()))
}

/// A whole number.
pub(super) fn whole(input: &Input) -> Result<Value, Problem> {
    input.as_int().map(Value::Int).ok_or_else(|| wrong_type("a whole number", "整数"))
}

pub(super) fn geo(input: &Input) -> Result<Geo, Problem> {
    let part = |name: &str, bound: f64| input.get(name).and_then(Input::as_float).filter(|degrees| degrees.abs() <= bound);
    match (part("lat", 90.0), part("lng", 180.0)) {
        (Some(lat), Some(lng)) => Ok(Geo { lat, lng }),
        _ => Err(Problem::invalid(
            "range",
            "a point has `lat` from -90 to 90 and `lng` from -180 to 180",
            "坐标的 `lat` 为 -90 至 90，`lng` 为 -180 至 180",
        )),
    }
}

/// An operand for a field that is one column.
pub(super) fn operand(field: &tenon_model::Field, input: &Input) -> Result<Value, Problem> {
    match &field.kind {
        FieldKind::Id => id(input).map(Value::Id),
        FieldKind::Integer { .. } => whole(input),
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } | FieldKind::Money { .. } => decimal(input).map(Value::Decimal),
        FieldKind::Boolean => input.as_bool().map(Value::Bool).ok_or_else(|| wrong_type("a boolean", "布尔值")),
        FieldKind::Date => input
            .as_text()
            .and_then(|text| text.parse::<Date>().ok())
            .map(Value::Date)
            .ok_or_else(|| wrong_type("a date such as 2026-02-28", "日期，例如 2026-02-28")),
        FieldKind::DateTime => moment(input).map(Value::DateTime),
        FieldKind::Duration => input
            .as_text()
            .and_then(|text| text.parse::<Duration>().ok())
            .map(Value::Duration)
            .ok_or_else(|| wrong_type("a length of time such as PT1H30M", "时长，例如 PT1H30M")),
        FieldKind::Choice(_) | FieldKind::Choices(_) => input
            .as_text()
            .and_then(|word| option_by_graphql(field, word))
            .map(|option| Value::text(option.name.as_str()))
            .ok_or_else(|| Problem::invalid("choice", "no such option", "没有这个选项")),
        FieldKind::Json => Ok(Value::Json(input.to_json())),
        _ => text(input),
    }
}
