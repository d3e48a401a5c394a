//! From the text of a cell to a value of its field.

use std::borrow::Cow;

use tenon_diagnostics::Problem;
use tenon_model::{Field, FieldKind, Model, Part};
use tenon_value::{Address, Json, Value, clean_line, fold};

use super::bind::Bound;
use super::date;
use crate::coerce::{self, Misfit, misfit, wrong_type};

/// A cell as text, trimmed and in NFC; `None` where it is empty.
pub(crate) fn text(cell: &str) -> Result<Option<Cow<'_, str>>, Box<Problem>> {
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if trimmed.is_ascii() && !trimmed.contains('\0') {
        return Ok(Some(Cow::Borrowed(trimmed)));
    }
    let nul = || Box::new(Problem::invalid("pattern", "a cell cannot hold the character U+0000", "单元格不能包含字符 U+0000"));
    Ok(clean_line(trimmed).map_err(|_| nul())?.map(Cow::Owned))
}

/// The value of a cell for a field that is one column.
pub(crate) fn value(bound: &Bound, model: &Model, field: &Field, cell: &str) -> Result<Value, Misfit> {
    match &field.kind {
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percent { .. } => {
            coerce::from_text(field, &number(cell, bound.decimal).ok_or_else(|| wrong_type(field, "a number"))?, &model.settings)
        }
        FieldKind::Boolean => boolean(cell).map(Value::Bool).ok_or_else(|| wrong_type(field, "true or false, yes or no, 是 or 否")),
        FieldKind::Choice(_) => code(bound, field, cell).map(Value::Text),
        FieldKind::Choices(_) => choices(bound, field, cell),
        FieldKind::Date => date::day(cell, bound.date.as_ref()).map(Value::Date).ok_or_else(|| wrong_type(field, "a date that is in the calendar and written as the mapping says")),
        FieldKind::DateTime => {
            date::moment(cell, bound.date.as_ref(), &bound.zone).map(Value::DateTime).ok_or_else(|| wrong_type(field, "a moment written as the mapping says, or ISO 8601"))
        }
        FieldKind::Json => {
            let json: Json = serde_json::from_str(cell).map_err(|_| wrong_type(field, "a JSON text"))?;
            coerce::coerce(field, &json, &model.settings)
        }
        _ => coerce::from_text(field, cell, &model.settings),
    }
}

/// The parts of a composite field that a row has given, as one value; none where the leading part is empty.
pub(crate) fn composite(bound: &Bound, model: &Model, field: &Field, parts: &[(Part, String)]) -> Result<Option<Value>, Misfit> {
    let part = |wanted: Part| parts.iter().find(|(part, _)| *part == wanted).map(|(_, text)| text.as_str());
    match field.kind {
        FieldKind::Money { .. } => {
            let Some(amount) = part(Part::Amount) else { return Ok(None) };
            let amount = number(amount, bound.decimal).ok_or_else(|| wrong_type(field, "an amount of money"))?;
            coerce::money_from_text(field, &amount, part(Part::Currency), &model.settings).map(Some)
        }
        FieldKind::Geo => {
            let degrees = |wanted: Part| part(wanted).and_then(|text| number(text, bound.decimal)).and_then(|text| text.parse::<f64>().ok());
            match (part(Part::Lat), part(Part::Lng)) {
                (None, None) => Ok(None),
                _ => match (degrees(Part::Lat), degrees(Part::Lng)) {
                    (Some(lat), Some(lng)) => coerce::check(field, &Value::Geo(tenon_value::Geo { lat, lng }), &model.settings).map(Some),
                    _ => Err(wrong_type(field, "a latitude and a longitude in degrees")),
                },
            }
        }
        FieldKind::Address => {
            let owned = |wanted: Part| part(wanted).map(str::to_owned);
            let address = Address {
                country: owned(Part::Country),
                region: owned(Part::Region),
                city: owned(Part::City),
                district: owned(Part::District),
                street: owned(Part::Street),
                postal_code: owned(Part::PostalCode),
                location: None,
            };
            Ok(Some(coerce::check(field, &Value::Address(Box::new(address)), &model.settings)?).filter(|value| !value.is_null()))
        }
        _ => Ok(None),
    }
}

/// A number with `.` as its decimal sign and no `+`.
fn number(cell: &str, decimal: char) -> Option<Cow<'_, str>> {
    let cell = cell.strip_prefix('+').unwrap_or(cell);
    if decimal == '.' {
        return Some(Cow::Borrowed(cell));
    }
    // The other sign would be a separator of thousands, which nothing here guesses at.
    (!cell.contains('.')).then(|| Cow::Owned(cell.replacen(decimal, ".", 1)))
}

fn boolean(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "1" | "yes" | "是" => Some(true),
        "false" | "0" | "no" | "否" => Some(false),
        _ => None,
    }
}

fn code(bound: &Bound, field: &Field, cell: &str) -> Result<String, Misfit> {
    let codes = bound.codes.get(&field.ix);
    let found = codes.and_then(|codes| codes.get(cell).or_else(|| codes.get(&fold(cell))));
    found.cloned().ok_or_else(|| {
        let (name, shown) = (&field.name, cell.chars().take(80).collect::<String>());
        misfit(field, "choice", format!("`{shown}` is no option of `{name}`"), format!("`{shown}` 不是 `{name}` 的选项"))
    })
}

fn choices(bound: &Bound, field: &Field, cell: &str) -> Result<Value, Misfit> {
    let mut codes = Vec::new();
    for part in cell.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        codes.push(Value::Text(code(bound, field, part)?));
    }
    // Declared order, each once.
    coerce::check(field, &Value::List(codes), &Default::default())
}
