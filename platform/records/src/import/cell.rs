//! One cell's text as a field's value: dates by the mapping's pattern, decimal signs, labels of choices.

use jiff::civil;
use jiff::fmt::strtime;
use tenon_model::{Choice, Field, FieldKind, Settings, State};
use tenon_value::{Date, DateTime, Json, Locale, Value, fold};

use super::mapping::Reading;
use crate::coerce::{Misfit, coerce, from_text, misfit};

/// How cells are read, for one import.
pub(crate) struct Cells<'r> {
    pub(crate) reading: &'r Reading,
    pub(crate) settings: &'r Settings,
}

impl Cells<'_> {
    /// The value of a text in a field that is no composite.
    pub(crate) fn value(&self, field: &Field, text: &str) -> Result<Value, Misfit> {
        match &field.kind {
            FieldKind::Boolean => boolean(field, text),
            FieldKind::Date => self.date(field, text).map(Value::Date),
            FieldKind::DateTime => self.moment(field, text),
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percent { .. } => {
                from_text(field, &self.number(text), self.settings)
            }
            FieldKind::Choice(options) => from_text(field, code(options, text).unwrap_or(text), self.settings),
            FieldKind::Choices(options) => {
                let codes: Vec<Json> = text
                    .split(';')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(|word| Json::from(code(options, word).unwrap_or(word)))
                    .collect();
                coerce(field, &Json::Array(codes), self.settings)
            }
            FieldKind::Json => {
                let json = serde_json::from_str(text)
                    .map_err(|_| misfit(field, "type", format!("`{}` expects JSON", field.name), format!("`{}` 应为 JSON", field.name)))?;
                coerce(field, &json, self.settings)
            }
            FieldKind::Money { .. } => coerce(field, &serde_json::json!({ "amount": self.number(text) }), self.settings),
            _ => from_text(field, text, self.settings),
        }
    }

    /// A number with the mapping's decimal sign, as the API writes it.
    pub(crate) fn number(&self, text: &str) -> String {
        let text = text.strip_prefix('+').unwrap_or(text);
        if self.reading.decimal == '.' { text.to_owned() } else { text.replace(self.reading.decimal, ".") }
    }

    /// A day, by the mapping's pattern.
    pub(crate) fn date(&self, field: &Field, text: &str) -> Result<Date, Misfit> {
        let date = match &self.reading.date {
            Some(pattern) => civil::Date::strptime(pattern, text).ok().map(Date::from),
            None => text.parse().ok(),
        };
        date.ok_or_else(|| self.unread(field, text))
    }

    fn moment(&self, field: &Field, text: &str) -> Result<Value, Misfit> {
        let Some(pattern) = &self.reading.date else {
            return match text.parse::<DateTime>() {
                Ok(moment) => Ok(Value::DateTime(moment)),
                // Without an offset the mapping's zone is meant.
                Err(_) => {
                    text.parse::<civil::DateTime>().ok().and_then(|local| self.in_zone(local)).ok_or_else(|| self.unread(field, text))
                }
            };
        };
        let parsed = strtime::parse(pattern, text).map_err(|_| self.unread(field, text))?;
        if let Ok(moment) = parsed.to_timestamp() {
            return Ok(Value::DateTime(moment.into()));
        }
        let local = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)));
        local.ok().and_then(|local| self.in_zone(local)).ok_or_else(|| self.unread(field, text))
    }

    fn in_zone(&self, local: civil::DateTime) -> Option<Value> {
        let zone = self.reading.zone.as_deref().unwrap_or(&self.settings.zone);
        local.in_tz(zone).ok().map(|zoned| Value::DateTime(zoned.timestamp().into()))
    }

    fn unread(&self, field: &Field, text: &str) -> Misfit {
        let form = self.reading.date.as_deref().unwrap_or("ISO 8601");
        let name = &field.name;
        misfit(
            field,
            "type",
            format!("`{text}` is no date of the form {form} for `{name}`"),
            format!("`{name}` 的值 `{text}` 不符合日期格式 {form}"),
        )
    }
}

fn boolean(field: &Field, text: &str) -> Result<Value, Misfit> {
    match fold(text).as_str() {
        "true" | "1" | "yes" | "是" => Ok(Value::Bool(true)),
        "false" | "0" | "no" | "否" => Ok(Value::Bool(false)),
        _ => Err(misfit(field, "type", format!("`{}` expects yes or no", field.name), format!("`{}` 应为是或否", field.name))),
    }
}

/// The code of an option, by its code or else by its label in any language.
fn code<'o>(options: &'o [Choice], text: &str) -> Option<&'o str> {
    let folded = fold(text);
    let active = || options.iter().filter(|option| option.state == State::Active);
    let by_code = active().find(|option| option.name.as_str() == text);
    let by_label =
        || active().find(|option| Locale::ALL.iter().any(|locale| option.label.exact(*locale).is_some_and(|label| fold(label) == folded)));
    by_code.or_else(by_label).map(|option| option.name.as_str())
}
