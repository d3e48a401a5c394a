//! One value of a column as a cell: text as it is, everything that has a type as the API spells it.

use jiff::civil;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Int96;
use parquet::schema::types::ColumnDescriptor;
use tenon_value::{Decimal, Uuid};

use crate::error::ReadError;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A value of another type: a number, a day, a moment, the elements of a list between semicolons.
    Exact(String),
}

/// A row has a value that is no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

/// What the values of a column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Plain,
    Unsigned,
    Decimal(u8),
    Date,
    /// Parts of a second in a unit of time; whether UTC is meant.
    Moment(i64, bool),
    Time(i64),
    Uuid,
}

/// A value as the library has it.
pub(crate) enum Raw<'v> {
    Bool(bool),
    Int(i64),
    Int96(&'v Int96),
    Float(f64),
    Bytes(&'v [u8]),
}

/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;

const fn parts(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => NANOS,
    }
}

/// What a column's values mean; refused where they are of no type that is read.
pub(crate) fn meaning(column: &ColumnDescriptor) -> Result<Meaning, ReadError> {
    let unsupported = || ReadError::Unsupported { column: column.path().string(), why: "its type is not read" };
    let places = |scale: i32| u8::try_from(scale).ok().filter(|scale| *scale <= 18).map(Meaning::Decimal).ok_or_else(unsupported);
    let logical = match column.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => places(decimal.scale)?,
        Some(LogicalType::Date) => Meaning::Date,
        Some(LogicalType::Time(time)) => Meaning::Time(parts(time.unit)),
        Some(LogicalType::Timestamp(time)) => Meaning::Moment(parts(time.unit), time.is_adjusted_to_u_t_c),
        Some(LogicalType::Integer(integer)) if !integer.is_signed => Meaning::Unsigned,
        Some(LogicalType::Uuid) => Meaning::Uuid,
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json | LogicalType::Integer(_)) => Meaning::Plain,
        Some(_) => return Err(unsupported()),
        None => match column.converted_type() {
            ConvertedType::DECIMAL => places(column.type_scale())?,
            ConvertedType::DATE => Meaning::Date,
            ConvertedType::TIME_MILLIS => Meaning::Time(1_000),
            ConvertedType::TIME_MICROS => Meaning::Time(1_000_000),
            ConvertedType::TIMESTAMP_MILLIS => Meaning::Moment(1_000, true),
            ConvertedType::TIMESTAMP_MICROS => Meaning::Moment(1_000_000, true),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => Meaning::Unsigned,
            ConvertedType::BSON | ConvertedType::INTERVAL => return Err(unsupported()),
            _ => Meaning::Plain,
        },
    };
    let fits = match (column.physical_type(), logical) {
        (Physical::INT32 | Physical::INT64, meaning) => meaning != Meaning::Uuid,
        (Physical::BYTE_ARRAY, Meaning::Plain | Meaning::Decimal(_)) | (Physical::FIXED_LEN_BYTE_ARRAY, Meaning::Decimal(_)) => true,
        (Physical::FIXED_LEN_BYTE_ARRAY, meaning) => meaning == Meaning::Uuid,
        (_, meaning) => meaning == Meaning::Plain,
    };
    if fits { Ok(logical) } else { Err(unsupported()) }
}

/// A value as a cell.
pub(crate) fn cell(meaning: Meaning, raw: &Raw<'_>) -> Result<Cell, NotText> {
    let text = match raw {
        Raw::Bool(is) => Some(is.to_string()),
        Raw::Float(number) => Some(number.to_string()),
        Raw::Int96(at) => moment(i128::from(at.to_millis()), 1_000, true),
        Raw::Int(number) => of_int(meaning, *number),
        Raw::Bytes(bytes) => match meaning {
            Meaning::Decimal(scale) => units(bytes).map(|units| Decimal::new(units, scale).to_string()),
            Meaning::Uuid => Uuid::from_slice(bytes).ok().map(|id| id.to_string()),
            _ => return std::str::from_utf8(bytes).map(|text| Cell::Text(text.to_owned())).map_err(|_| NotText),
        },
    };
    text.map(Cell::Exact).ok_or(NotText)
}

fn of_int(meaning: Meaning, number: i64) -> Option<String> {
    match meaning {
        Meaning::Decimal(scale) => Some(Decimal::new(i128::from(number), scale).to_string()),
        Meaning::Unsigned => Some((number as u64).to_string()),
        Meaning::Date => Some(civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(number).ok()?).ok()?.to_string()),
        Meaning::Moment(parts, utc) => moment(i128::from(number), parts, utc),
        Meaning::Time(parts) => {
            let nanos = number.checked_mul(NANOS / parts)?;
            civil::Time::midnight().checked_add(jiff::Span::new().try_nanoseconds(nanos).ok()?).ok().map(|time| time.to_string())
        }
        Meaning::Plain | Meaning::Uuid => Some(number.to_string()),
    }
}

/// A moment, or a day with a time where no zone is said.
fn moment(number: i128, parts: i64, utc: bool) -> Option<String> {
    let at = jiff::Timestamp::from_nanosecond(number.checked_mul(i128::from(NANOS / parts))?).ok()?;
    Some(if utc { at.to_string() } else { at.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string() })
}

/// The number that bytes are, the highest first, with its sign; none where it is longer than a number may be.
fn units(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first()? & 0x80 != 0;
    if bytes.len() > 16 {
        return None;
    }
    let begin = if negative { -1_i128 } else { 0 };
    Some(bytes.iter().fold(begin, |number, byte| (number << 8) | i128::from(*byte)))
}
