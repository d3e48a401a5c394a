//! Arguments to, and cells from PostgreSQL's binary protocol.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tenon_value::{Date, DateTime, Duration, Uuid, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{Arg, Kind, Scalar, Shape, numeric};
use crate::StoreError;

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's first day.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MILLIS: i64 = 10_957 * 86_400_000;

const fn of_one(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::BOOL,
        Kind::Bytes => Type::BYTEA,
        Kind::Int => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Float => Type::FLOAT8,
        Kind::Date => Type::DATE,
        Kind::DateTime => Type::TIMESTAMPTZ,
        Kind::Decimal(_) => Type::NUMERIC,
        Kind::Id => Type::UUID,
    }
}

const fn of_many(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::BOOL_ARRAY,
        Kind::Bytes => Type::BYTEA_ARRAY,
        Kind::Int => Type::INT8_ARRAY,
        Kind::Text => Type::TEXT_ARRAY,
        Kind::Float => Type::FLOAT8_ARRAY,
        Kind::Date => Type::DATE_ARRAY,
        Kind::DateTime => Type::TIMESTAMPTZ_ARRAY,
        Kind::Decimal(_) => Type::NUMERIC_ARRAY,
        Kind::Id => Type::UUID_ARRAY,
    }
}

/// What an argument is to PostgreSQL.
pub(crate) const fn type_of(arg: &Arg) -> Type {
    match arg {
        Arg::One(kind, _) => of_one(*kind),
        Arg::Many(kind, _) => of_many(*kind),
    }
}

impl ToSql for Arg {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::One(_, Scalar::Null) => return Ok(IsNull::Yes),
            Self::One(_, scalar) => put(scalar, out),
            Self::Many(kind, scalars) => {
                out.put_i32(1);
                out.put_i32(i32::from(scalars.contains(&Scalar::Null)));
                out.put_u32(of_one(*kind).oid());
                out.put_i32(i32::try_from(scalars.len())?);
                out.put_i32(1);
                for scalar in scalars {
                    let at = out.len();
                    out.put_i32(-1);
                    if *scalar != Scalar::Null {
                        put(scalar, out);
                        let length = i32::try_from(out.len() - at - 4)?;
                        if let Some(place) = out.get_mut(at..at + 4) {
                            place.copy_from_slice(&length.to_be_bytes());
                        }
                    }
                }
            }
        }
        Ok(IsNull::No)
    }

    /// A statement is prepared with the types of its arguments.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn put(scalar: &Scalar, out: &mut BytesMut) {
    match scalar {
        Scalar::Null => {}
        Scalar::Bool(yes) => out.put_u8(u8::from(*yes)),
        Scalar::Int(number) => out.put_i64(*number),
        Scalar::Float(number) => out.put_f64(*number),
        Scalar::Text(text) => out.put_slice(text.as_bytes()),
        Scalar::Id(id) => out.put_slice(id.as_bytes()),
        Scalar::Decimal(number) => out.put_slice(&numeric::encode(*number)),
        Scalar::Date(days) => out.put_i32(days.saturating_sub(EPOCH_DAYS)),
        Scalar::DateTime(millis) => out.put_i64(millis.saturating_sub(EPOCH_MILLIS).saturating_mul(1000)),
        Scalar::Bytes(bytes) => out.put_slice(bytes),
    }
}

/// The bytes of a cell, whatever its type: a statement knows what its columns hold.
struct Raw<'r>(Option<&'r [u8]>);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The values of a row.
pub(crate) fn cells(row: &Row, shapes: &[Shape]) -> Result<Vec<Value>, StoreError> {
    let mut cells = Vec::with_capacity(shapes.len());
    for (place, shape) in shapes.iter().enumerate() {
        let Raw(bytes) = row.try_get(place).map_err(|error| StoreError::Damaged(error.to_string()))?;
        cells.push(match bytes {
            None => Value::Null,
            Some(bytes) => {
                value(bytes, *shape).ok_or_else(|| StoreError::Damaged(format!("a cell of {} bytes is no {shape:?}", bytes.len())))?
            }
        });
    }
    Ok(cells)
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
