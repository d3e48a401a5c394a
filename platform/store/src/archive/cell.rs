//! A cell as an archive writes it: JSON that both databases read back as the same value.

use tenon_model::ColumnType;
use tenon_value::{Decimal, Duration, Json, Value};

use crate::db::{Scalar, Shape};
use crate::lower::bind::{Mode, kind_of, scalar};
use crate::{Dialect, StoreError};

/// What a column is read as: JSON and sealed bytes as the text they are stored as.
pub(crate) fn shape(kind: ColumnType) -> Shape {
    match kind {
        ColumnType::Json | ColumnType::Sealed => Shape::Text,
        kind => kind.into(),
    }
}

/// How a column is selected: bytes as hexadecimal digits.
pub(crate) fn selected(name: &str, kind: ColumnType, dialect: Dialect) -> String {
    match (kind, dialect) {
        (ColumnType::Sealed, Dialect::Postgres) => format!("encode(t.\"{name}\", 'hex')"),
        (ColumnType::Sealed, Dialect::Sqlite) => format!("case when t.\"{name}\" is null then null else lower(hex(t.\"{name}\")) end"),
        _ => format!("t.\"{name}\""),
    }
}

/// A value as JSON.
pub(crate) fn written(value: &Value) -> Result<Json, StoreError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => Json::from(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Duration(length) => Json::from(length.millis()),
        // As text: a number of JSON is a double to most who read it.
        Value::Float(number) => Json::from(format!("{number:?}")),
        Value::Decimal(number) => Json::from(number.to_string()),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::DateTime(at) => Json::from(at.to_string()),
        Value::Id(id) => Json::from(id.to_string()),
        Value::List(codes) => codes.iter().map(written).collect::<Result<_, _>>()?,
        _ => return Err(StoreError::Damaged("a cell of no column's type".to_owned())),
    })
}

/// What a column takes of JSON; none where it is no such value.
pub(crate) fn read(json: &Json, kind: ColumnType, dialect: Dialect) -> Option<Scalar> {
    let value = match (kind, json) {
        (_, Json::Null) => return Some(Scalar::Null),
        (ColumnType::Bool, Json::Bool(yes)) => Value::Bool(*yes),
        (ColumnType::Int, json) => Value::Int(json.as_i64()?),
        (ColumnType::Duration, json) => Value::Duration(Duration::from_millis(json.as_i64()?)),
        (ColumnType::Decimal(scale), Json::String(text)) => Value::Decimal(text.parse::<Decimal>().ok()?.rescale(scale).ok()?),
        (ColumnType::Text | ColumnType::Json, Json::String(text)) => return Some(Scalar::Text(text.clone())),
        (ColumnType::Date, Json::String(text)) => Value::Date(text.parse().ok()?),
        (ColumnType::DateTime, Json::String(text)) => Value::DateTime(text.parse().ok()?),
        (ColumnType::Id, Json::String(text)) => Value::Id(text.parse().ok()?),
        (ColumnType::Float, Json::String(text)) => Value::Float(text.parse().ok()?),
        (ColumnType::Sealed, Json::String(text)) => return Some(Scalar::Bytes(hex::decode(text).ok()?)),
        (ColumnType::Codes, Json::Array(codes)) => {
            let codes: Vec<Value> = codes.iter().map(|code| code.as_str().map(Value::text)).collect::<Option<_>>()?;
            return Some(crate::tx::image::set(&codes, dialect));
        }
        _ => return None,
    };
    scalar(&value, kind_of(kind), &Mode::Plain, dialect).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_back_as_what_each_database_stores() {
        let number = Value::Decimal(Decimal::new(1_230, 2));
        assert_eq!(written(&number).unwrap(), json!("12.30"));
        assert_eq!(read(&json!("12.30"), ColumnType::Decimal(2), Dialect::Sqlite), Some(Scalar::Int(1_230)));
        assert_eq!(read(&json!("12.30"), ColumnType::Decimal(2), Dialect::Postgres), Some(Scalar::Decimal(Decimal::new(1_230, 2))));
        assert_eq!(written(&Value::Float(0.1 + 0.2)).unwrap(), json!("0.30000000000000004"));
        assert_eq!(read(&json!("0.30000000000000004"), ColumnType::Float, Dialect::Sqlite), Some(Scalar::Float(0.1 + 0.2)));
        assert_eq!(read(&json!(["a", "b"]), ColumnType::Codes, Dialect::Postgres), Some(Scalar::Text("{\"a\",\"b\"}".to_owned())));
        assert_eq!(read(&json!("a"), ColumnType::Int, Dialect::Sqlite), None);
    }
}
