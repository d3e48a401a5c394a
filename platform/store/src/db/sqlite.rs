//! Arguments to, and cells from SQLite. Arrays travel as JSON and are opened by `json_each`.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Type, ValueRef};
use tenon_value::{Date, DateTime, Decimal, Duration, Json, Uuid, Value};

use super::{Arg, Scalar, Shape};
use crate::StoreError;

impl Type<Sqlite> for Arg {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }

    fn compatible(_: &SqliteTypeInfo) -> bool {
        true
    }
}

impl Encode<'_, Sqlite> for Arg {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        match self {
            Self::One(_, Scalar::Null) => Ok(IsNull::Yes),
            Self::One(_, Scalar::Bool(yes)) => Encode::<Sqlite>::encode(i64::from(*yes), buffer),
            Self::One(_, Scalar::Int(number) | Scalar::DateTime(number)) => Encode::<Sqlite>::encode(*number, buffer),
            Self::One(_, Scalar::Date(days)) => Encode::<Sqlite>::encode(i64::from(*days), buffer),
            Self::One(_, Scalar::Float(number)) => Encode::<Sqlite>::encode(*number, buffer),
            Self::One(_, Scalar::Text(text)) => Encode::<Sqlite>::encode(text.clone(), buffer),
            Self::One(_, Scalar::Id(id)) => Encode::<Sqlite>::encode(id.as_bytes().to_vec(), buffer),
            Self::One(_, Scalar::Bytes(bytes)) => Encode::<Sqlite>::encode(bytes.clone(), buffer),
            Self::One(_, Scalar::Decimal(_)) => Err("decimals are whole numbers here".into()),
            Self::Many(_, scalars) => {
                let elements: Vec<Json> = scalars.iter().map(json).collect();
                Encode::<Sqlite>::encode(Json::from(elements).to_string(), buffer)
            }
        }
    }
}

fn json(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::Null | Scalar::Decimal(_) => Json::Null,
        Scalar::Bool(yes) => Json::from(i64::from(*yes)),
        Scalar::Int(number) | Scalar::DateTime(number) => Json::from(*number),
        Scalar::Date(days) => Json::from(*days),
        Scalar::Float(number) => Json::from(*number),
        Scalar::Text(text) => Json::from(text.as_str()),
        Scalar::Id(id) => Json::from(id.simple().to_string()),
        Scalar::Bytes(bytes) => Json::from(hex::encode(bytes)),
    }
}

/// The value of a cell.
pub(crate) fn decode(cell: SqliteValueRef<'_>, shape: Shape) -> Result<Value, StoreError> {
    if cell.is_null() {
        return Ok(Value::Null);
    }
    value(cell, shape).map_err(|error| StoreError::Damaged(format!("a cell is no {shape:?}: {error}")))
}

fn value(cell: SqliteValueRef<'_>, shape: Shape) -> Result<Value, BoxDynError> {
    Ok(match shape {
        Shape::Bool => Value::Bool(<i64 as Decode<Sqlite>>::decode(cell)? != 0),
        Shape::Int => Value::Int(Decode::<Sqlite>::decode(cell)?),
        Shape::Duration => Value::Duration(Duration::from_millis(Decode::<Sqlite>::decode(cell)?)),
        Shape::Decimal(scale) => Value::Decimal(Decimal::new(i128::from(<i64 as Decode<Sqlite>>::decode(cell)?), scale)),
        Shape::Text => Value::Text(Decode::<Sqlite>::decode(cell)?),
        Shape::Date => Value::Date(Date::from_days(i32::try_from(<i64 as Decode<Sqlite>>::decode(cell)?)?)),
        Shape::DateTime => Value::DateTime(DateTime::from_millis(Decode::<Sqlite>::decode(cell)?)),
        Shape::Id => Value::Id(Uuid::from_slice(<&[u8] as Decode<Sqlite>>::decode(cell)?)?),
        Shape::Float => Value::Float(Decode::<Sqlite>::decode(cell)?),
        Shape::Json => Value::Json(serde_json::from_str(<&str as Decode<Sqlite>>::decode(cell)?)?),
        Shape::Codes => {
            let codes: Vec<String> = serde_json::from_str(<&str as Decode<Sqlite>>::decode(cell)?)?;
            Value::List(codes.into_iter().map(Value::Text).collect())
        }
    })
}
