//! Arguments to, and cells from PostgreSQL's binary protocol.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Type, ValueRef};
use tenon_value::{Date, DateTime, Duration, Uuid, Value};

use super::{Arg, Kind, Scalar, Shape, numeric};
use crate::StoreError;

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's first day.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MILLIS: i64 = 10_957 * 86_400_000;

const fn oid(kind: Kind) -> u32 {
    match kind {
        Kind::Bool => 16,
        Kind::Bytes => 17,
        Kind::Int => 20,
        Kind::Text => 25,
        Kind::Float => 701,
        Kind::Date => 1082,
        Kind::DateTime => 1184,
        Kind::Decimal(_) => 1700,
        Kind::Id => 2950,
    }
}

const fn array_oid(kind: Kind) -> u32 {
    match kind {
        Kind::Bool => 1000,
        Kind::Bytes => 1001,
        Kind::Int => 1016,
        Kind::Text => 1009,
        Kind::Float => 1022,
        Kind::Date => 1182,
        Kind::DateTime => 1185,
        Kind::Decimal(_) => 1231,
        Kind::Id => 2951,
    }
}

impl Type<Postgres> for Arg {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(25))
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl Encode<'_, Postgres> for Arg {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self {
            Self::One(_, Scalar::Null) => return Ok(IsNull::Yes),
            Self::One(_, scalar) => buffer.extend_from_slice(&bytes(scalar)),
            Self::Many(kind, scalars) => {
                let has_null = scalars.contains(&Scalar::Null);
                let length = i32::try_from(scalars.len())?;
                buffer.extend_from_slice(&1_i32.to_be_bytes());
                buffer.extend_from_slice(&i32::from(has_null).to_be_bytes());
                buffer.extend_from_slice(&oid(*kind).to_be_bytes());
                buffer.extend_from_slice(&length.to_be_bytes());
                buffer.extend_from_slice(&1_i32.to_be_bytes());
                for scalar in scalars {
                    if *scalar == Scalar::Null {
                        buffer.extend_from_slice(&(-1_i32).to_be_bytes());
                    } else {
                        let bytes = bytes(scalar);
                        buffer.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
                        buffer.extend_from_slice(&bytes);
                    }
                }
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(match self {
            Self::One(kind, _) => oid(*kind),
            Self::Many(kind, _) => array_oid(*kind),
        })))
    }
}

fn bytes(scalar: &Scalar) -> Vec<u8> {
    match scalar {
        Scalar::Null => Vec::new(),
        Scalar::Bool(yes) => vec![u8::from(*yes)],
        Scalar::Int(number) => number.to_be_bytes().to_vec(),
        Scalar::Float(number) => number.to_be_bytes().to_vec(),
        Scalar::Text(text) => text.as_bytes().to_vec(),
        Scalar::Id(id) => id.as_bytes().to_vec(),
        Scalar::Decimal(number) => numeric::encode(*number),
        Scalar::Date(days) => days.saturating_sub(EPOCH_DAYS).to_be_bytes().to_vec(),
        Scalar::DateTime(millis) => millis.saturating_sub(EPOCH_MILLIS).saturating_mul(1000).to_be_bytes().to_vec(),
        Scalar::Bytes(bytes) => bytes.clone(),
    }
}

/// The value of a cell.
pub(crate) fn decode(cell: &PgValueRef<'_>, shape: Shape) -> Result<Value, StoreError> {
    if cell.is_null() {
        return Ok(Value::Null);
    }
    let bytes = cell.as_bytes().map_err(|error| StoreError::Damaged(error.to_string()))?;
    value(bytes, shape).ok_or_else(|| StoreError::Damaged(format!("a cell of {} bytes is no {shape:?}", bytes.len())))
}

fn value(bytes: &[u8], shape: Shape) -> Option<Value> {
    Some(match shape {
        Shape::Bool => Value::Bool(*bytes.first()? != 0),
        Shape::Int => Value::Int(integer(bytes)?),
        Shape::Duration => Value::Duration(Duration::from_millis(integer(bytes)?)),
        Shape::Decimal(scale) => Value::Decimal(numeric::decode(bytes, scale)?),
        Shape::Text => Value::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
        Shape::Date => Value::Date(Date::from_days(i32::from_be_bytes(bytes.try_into().ok()?).saturating_add(EPOCH_DAYS))),
        Shape::DateTime => {
            Value::DateTime(DateTime::from_millis(i64::from_be_bytes(bytes.try_into().ok()?).div_euclid(1000).saturating_add(EPOCH_MILLIS)))
        }
        Shape::Id => Value::Id(Uuid::from_slice(bytes).ok()?),
        Shape::Float => Value::Float(f64::from_be_bytes(bytes.try_into().ok()?)),
        Shape::Json => Value::Json(serde_json::from_slice(bytes).ok()?),
        Shape::Codes => Value::List(codes(bytes)?),
    })
}

fn integer(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        8 => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
        4 => Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
        2 => Some(i64::from(i16::from_be_bytes(bytes.try_into().ok()?))),
        _ => None,
    }
}

/// The elements of a one-dimensional array of texts without nulls.
fn codes(bytes: &[u8]) -> Option<Vec<Value>> {
    let dimensions = i32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let mut rest = if dimensions == 0 { &[][..] } else { bytes.get(20..)? };
    let mut codes = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(i32::from_be_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
        codes.push(Value::Text(std::str::from_utf8(rest.get(4..4 + length)?).ok()?.to_owned()));
        rest = rest.get(4 + length..)?;
    }
    Some(codes)
}
