//! One value of one column-like field.

use tenon_model::{Choice, FieldKind};
use tenon_value::{Decimal, Value};

use super::Out;

/// A decimal, padded to its scale.
pub(super) fn decimal(out: &mut Out, number: Decimal, scale: u8) {
    out.plain(number.rescale(scale).unwrap_or(number));
}

fn option<'a>(options: &'a [Choice], code: &str) -> Option<&'a str> {
    options.iter().find(|option| option.name.as_str() == code).map(|option| option.graphql.as_str())
}

impl Out {
    /// A value of a field that is one scalar or enum.
    pub(crate) fn leaf(&mut self, kind: &FieldKind, value: &Value) {
        match (kind, value) {
            (FieldKind::Boolean, Value::Null) => self.raw("false"),
            (FieldKind::Choices(options), _) => {
                let codes = value.elements().iter().filter_map(Value::as_text).filter_map(|code| option(options, code));
                self.list(codes, |out, code| out.plain(code));
            }
            (_, Value::Null) => self.null(),
            (FieldKind::Choice(options), Value::Text(code)) => match option(options, code) {
                Some(code) => self.plain(code),
                None => self.null(),
            },
            (FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. }, value) => match value.as_decimal() {
                Some(number) => decimal(self, number, *scale),
                None => self.null(),
            },
            (_, value) => self.value(value),
        }
    }

    /// A value in its own wire form.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.number(value),
            Value::Int(number) => self.number(number),
            Value::Float(number) => self.json(&tenon_value::Json::from(*number)),
            Value::Decimal(number) => self.plain(number),
            Value::Text(text) => self.text(text),
            Value::Date(date) => self.plain(date),
            Value::DateTime(moment) => self.plain(moment),
            Value::Duration(length) => self.plain(length),
            Value::Id(id) | Value::Ref(_, id) => self.id(*id),
            Value::Money(money) => self.plain(money.amount),
            Value::Json(json) => self.json(json),
            Value::List(elements) => self.list(elements, Self::value),
            Value::Geo(_) | Value::Address(_) => self.null(),
        }
    }
}

/// What a record is called by this value.
pub(super) fn display(kind: &FieldKind, value: &Value) -> Option<String> {
    Some(match (kind, value) {
        (_, Value::Null) => return None,
        (FieldKind::Choice(options), Value::Text(code)) => {
            let found = options.iter().find(|option| option.name.as_str() == code.as_str());
            found.and_then(|option| option.label.get(tenon_value::Locale::En)).unwrap_or(code).to_owned()
        }
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Int(number)) => number.to_string(),
        (_, Value::Decimal(number)) => number.to_string(),
        (_, Value::Date(date)) => date.to_string(),
        (_, Value::DateTime(moment)) => moment.to_string(),
        (_, Value::Duration(length)) => length.to_string(),
        (_, Value::Money(money)) => format!("{} {}", money.amount, money.currency),
        _ => return None,
    })
}
