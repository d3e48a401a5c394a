//! A stored value as a value of another type: what would come of it if somebody wrote down what he reads and typed it in anew.
//!
//! Days and moments meet in the tenant's zone. Invariant: nothing is rounded or cut: what does not fit is a misfit.

use tenon_model::{Field, FieldKind, Settings};
use tenon_value::{Value, fold};

use super::{Misfit, cleared, from_text, misfit};

/// The value of a field as one of the field it becomes.
///
/// # Errors
/// The rule of the new type that the value breaks.
pub fn converted(from: &Field, to: &Field, value: &Value, settings: &Settings) -> Result<Value, Misfit> {
    let text = match (value, &to.kind) {
        (Value::Null, _) => return Ok(cleared(to)),
        (Value::Date(date), FieldKind::DateTime) => {
            let midnight = date.civil().in_tz(&settings.zone).ok().map(|zoned| Value::DateTime(zoned.timestamp().into()));
            return midnight.ok_or_else(|| unfit(to));
        }
        (Value::DateTime(moment), FieldKind::Date) => {
            let date = moment.date_in(&settings.zone);
            let midnight = date.civil().in_tz(&settings.zone).ok().map(|zoned| zoned.timestamp());
            let is_midnight = midnight.is_some_and(|midnight| midnight == moment.timestamp());
            return if is_midnight { Ok(Value::Date(date)) } else { Err(unfit(to)) };
        }
        (Value::Text(text), FieldKind::Boolean) => {
            return match fold(text).as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(unfit(to)),
            };
        }
        (value, _) => written(from, value),
    };
    from_text(to, &text, settings)
}

/// The value as it is written.
fn written(from: &Field, value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => match &from.kind {
            FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } => {
                number.rescale(*scale).map_or_else(|_| number.to_string(), |padded| padded.to_string())
            }
            _ => number.to_string(),
        },
        Value::Date(date) => date.to_string(),
        Value::DateTime(moment) => moment.to_string(),
        other => format!("{other:?}"),
    }
}

/// The value itself is not told: who changes the metadata may not be allowed to see it.
fn unfit(to: &Field) -> Misfit {
    let (name, kind) = (&to.name, to.kind.word());
    misfit(to, "type", format!("its value is no {kind} for `{name}`"), format!("其值不能作为 `{name}` 的 {kind} 值"))
}
