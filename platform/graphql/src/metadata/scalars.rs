//! Scalars of the metadata API.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use tenon_value::Json;

/// Texts per language, `{"en": "…", "zh": "…"}`.
#[derive(Clone, Debug)]
pub(super) struct LocalizedText(pub(super) Json);

#[Scalar(name = "LocalizedText")]
impl ScalarType for LocalizedText {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) => Ok(Self(value.into_json()?)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// An option of a choice: `"gold"`, or `{ name, label, color, closed }`.
#[derive(Clone, Debug)]
pub(super) struct ChoiceOption(pub(super) Json);

#[Scalar(name = "ChoiceOption")]
impl ScalarType for ChoiceOption {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) | Value::String(_) => Ok(Self(value.into_json()?)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// An exact number: text, or a number literal.
#[derive(Clone, Debug)]
pub(super) struct Decimal(pub(super) Json);

#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        match text.parse::<tenon_value::Decimal>() {
            // Lengths of texts are whole numbers in the files: both are limits, `min` and `max`.
            Ok(_) => Ok(Self(text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from))),
            Err(error) => Err(InputValueError::custom(error)),
        }
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Json::String(text) => Value::String(text.clone()),
            other => Value::String(other.to_string()),
        }
    }
}

/// A whole number beyond 32 bits, up to 2^53 − 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long(pub(super) u64);

#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_u64().map(Self).ok_or_else(|| InputValueError::expected_type(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(Number::from(self.0))
    }
}

/// A moment, `2026-02-28T08:00:00.000Z`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DateTime(pub(super) tenon_value::DateTime);

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
