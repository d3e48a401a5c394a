//! The types that columns are written with, each by its proper logical type.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};
use tenon_value::DIGITS_MAX;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text: `STRING`.
    Text,
    /// Several texts: `LIST` of `STRING`.
    Texts,
    /// A JSON document as its text: `JSON`.
    Json,
    /// A whole number: `INT64`.
    Integer,
    /// An exact decimal of that many places: `DECIMAL`, never a float.
    Decimal {
        /// Places.
        scale: u8,
    },
    /// A coordinate: `DOUBLE`.
    Float,
    /// Yes or no: `BOOLEAN`.
    Boolean,
    /// A day: `DATE`.
    Date,
    /// A moment: `TIMESTAMP`, milliseconds of UTC.
    Moment,
}

impl Kind {
    /// Every column may be empty: what somebody may not see comes empty too.
    pub(crate) fn column(self, name: &str) -> Result<TypePtr> {
        let plain = |physical, logical| {
            Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL).with_logical_type(logical)
        };
        let built = match self {
            Self::Texts => return list(name),
            Self::Text => plain(Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Json => plain(Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Self::Integer => plain(Physical::INT64, None),
            Self::Decimal { scale } => {
                let (precision, scale) = (i32::try_from(DIGITS_MAX).unwrap_or_default(), i32::from(scale));
                plain(Physical::INT64, Some(LogicalType::decimal(scale, precision))).with_precision(precision).with_scale(scale)
            }
            Self::Float => plain(Physical::DOUBLE, None),
            Self::Boolean => plain(Physical::BOOLEAN, None),
            Self::Date => plain(Physical::INT32, Some(LogicalType::Date)),
            Self::Moment => plain(Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        };
        built.build().map(Arc::new)
    }
}

/// The three levels that the format asks of a list.
fn list(name: &str) -> Result<TypePtr> {
    let element = Type::primitive_type_builder("element", Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::String))
        .build()?;
    let repeated = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![Arc::new(element)]).build()?;
    let list = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(repeated)])
        .build()?;
    Ok(Arc::new(list))
}
