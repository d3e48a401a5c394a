//! One argument of a statement: a value as a database takes it, or an array of them.

use tenon_value::{Decimal, Uuid};

/// What an argument or column is, to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    /// Exact; SQLite holds it as a whole number of this scale.
    Decimal(u8),
    Text,
    Date,
    DateTime,
    Id,
    Float,
    Bytes,
}

/// A value in the form a driver takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    /// Whole numbers, durations, and on SQLite decimals, days and moments.
    Int(i64),
    Float(f64),
    Text(String),
    Id(Uuid),
    /// PostgreSQL only.
    Decimal(Decimal),
    /// Days since 1970.
    Date(i32),
    /// Milliseconds since 1970.
    DateTime(i64),
    Bytes(Vec<u8>),
}

/// An argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    One(Kind, Scalar),
    /// An array on PostgreSQL, a JSON array on SQLite.
    Many(Kind, Vec<Scalar>),
}

impl Arg {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::One(Kind::Text, Scalar::Text(text.into()))
    }

    pub(crate) const fn int(number: i64) -> Self {
        Self::One(Kind::Int, Scalar::Int(number))
    }

    pub(crate) const fn id(id: Uuid) -> Self {
        Self::One(Kind::Id, Scalar::Id(id))
    }

    pub(crate) const fn moment(at: tenon_value::DateTime) -> Self {
        Self::One(Kind::DateTime, Scalar::DateTime(at.millis()))
    }

    pub(crate) fn ids(ids: impl IntoIterator<Item = Uuid>) -> Self {
        Self::Many(Kind::Id, ids.into_iter().map(Scalar::Id).collect())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Many(Kind::Text, texts.into_iter().map(|text| Scalar::Text(text.into())).collect())
    }

    /// The same, or null.
    pub(crate) fn maybe(kind: Kind, scalar: Option<Scalar>) -> Self {
        Self::One(kind, scalar.unwrap_or(Scalar::Null))
    }
}
