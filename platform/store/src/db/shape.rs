//! What a column of an answer holds, so that it can be decoded without asking the database.

use tenon_model::ColumnType;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Bool,
    Int,
    /// At this scale; on SQLite a whole number.
    Decimal(u8),
    Text,
    Date,
    DateTime,
    Duration,
    Id,
    Float,
    Json,
    Codes,
}

impl From<ColumnType> for Shape {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Bool => Self::Bool,
            ColumnType::Int => Self::Int,
            ColumnType::Decimal(scale) => Self::Decimal(scale),
            ColumnType::Text => Self::Text,
            ColumnType::Date => Self::Date,
            ColumnType::DateTime => Self::DateTime,
            ColumnType::Duration => Self::Duration,
            ColumnType::Id => Self::Id,
            ColumnType::Float => Self::Float,
            ColumnType::Json => Self::Json,
            ColumnType::Codes => Self::Codes,
            // Sealed bytes are never selected: the statement asks whether they are there.
            ColumnType::Sealed => Self::Bool,
        }
    }
}
