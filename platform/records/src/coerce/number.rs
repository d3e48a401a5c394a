//! Whole numbers and exact decimals: range, `min`, `max`, scale.

use tenon_model::{Field, FieldKind};
use tenon_value::{DIGITS_MAX, Decimal, DecimalError, Value};

use super::{Misfit, misfit, wrong_type};

/// A whole number of 32 bits, exactly: `3.0` and `1e2` are whole numbers, `3.5` is none.
pub(super) fn integer(field: &Field, text: &str) -> Result<Value, Misfit> {
    let number = text.parse::<Decimal>().and_then(|number| number.rescale(0)).map_err(|error| match error {
        DecimalError::Overflow => range(field, i32::MIN, i32::MAX),
        _ => wrong_type(field, "a whole number"),
    })?;
    let whole = i32::try_from(number.units()).map_err(|_| range(field, i32::MIN, i32::MAX))?;
    bounded(field, number)?;
    Ok(Value::Int(i64::from(whole)))
}

/// A decimal of the field's scale, read exactly.
pub(super) fn decimal(field: &Field, text: &str) -> Result<Value, Misfit> {
    let number = text.parse::<Decimal>().map_err(|error| decimal_misfit(field, error))?;
    fit(field, number)
}

/// The decimal as the field stores it.
pub(super) fn fit(field: &Field, number: Decimal) -> Result<Value, Misfit> {
    amount(field, number).map(Value::Decimal)
}

/// A number, or an amount of money, as the field stores it.
pub(super) fn amount(field: &Field, number: Decimal) -> Result<Decimal, Misfit> {
    let scale = match &field.kind {
        FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } | FieldKind::Money { scale, .. } => *scale,
        _ => 0,
    };
    let stored = number.stored(scale).map_err(|error| decimal_misfit(field, error))?;
    bounded(field, stored)?;
    Ok(stored)
}

pub(super) fn decimal_misfit(field: &Field, error: DecimalError) -> Misfit {
    let name = &field.name;
    match error {
        DecimalError::Scale => misfit(
            field,
            "scale",
            format!("`{name}` has more places than it can keep; nothing is rounded silently"),
            format!("`{name}` 的小数位数超出限制,系统不会自动舍入"),
        ),
        DecimalError::Overflow => {
            misfit(field, "range", format!("`{name}` has more than {DIGITS_MAX} digits"), format!("`{name}` 超过 {DIGITS_MAX} 位数字"))
        }
        DecimalError::Malformed | DecimalError::DivisionByZero => wrong_type(field, "a decimal number"),
    }
}

fn bounded(field: &Field, number: Decimal) -> Result<(), Misfit> {
    let (min, max) = match &field.kind {
        FieldKind::Integer { min, max }
        | FieldKind::Decimal { min, max, .. }
        | FieldKind::Percent { min, max, .. }
        | FieldKind::Money { min, max, .. } => (*min, *max),
        _ => (None, None),
    };
    let name = &field.name;
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(misfit(field, "min", format!("`{name}` is {min} at least"), format!("`{name}` 不能小于 {min}")));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(misfit(field, "max", format!("`{name}` is {max} at most"), format!("`{name}` 不能大于 {max}")));
    }
    Ok(())
}

fn range(field: &Field, from: i32, to: i32) -> Misfit {
    let name = &field.name;
    misfit(field, "range", format!("`{name}` lies between {from} and {to}"), format!("`{name}` 应在 {from} 与 {to} 之间"))
}
