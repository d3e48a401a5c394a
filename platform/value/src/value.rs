//! One value of one field, as it travels between doors, pipeline, plugins and store.

use crate::{Address, Date, DateTime, Decimal, Duration, Geo, Json, Money, Uuid};

/// A value. Fields of composite type (money, geo, address) travel whole; the store splits them into columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing: cleared or never set.
    #[default]
    Null,
    /// `boolean`.
    Bool(bool),
    /// `integer`, `version`, counts.
    Int(i64),
    /// A coordinate or a score; never money.
    Float(f64),
    /// `decimal`, `percent`, and parts of money.
    Decimal(Decimal),
    /// Every kind of text, and the code of a `choice`.
    Text(String),
    /// `date`.
    Date(Date),
    /// `datetime`.
    DateTime(DateTime),
    /// `duration`.
    Duration(Duration),
    /// `id` and to-one relations.
    Id(Uuid),
    /// A polymorphic reference, or an actor: the object's (or actor kind's) name and the id.
    Ref(String, Uuid),
    /// `money`.
    Money(Money),
    /// `geo`.
    Geo(Geo),
    /// `address`.
    Address(Box<Address>),
    /// `json`.
    Json(Json),
    /// `choices` (codes in declared order), and operands of `in`.
    List(Vec<Value>),
}

impl Value {
    /// Text of anything that can be one.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// True for `Null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id of an `Id` or a `Ref`.
    #[must_use]
    pub const fn as_id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) | Self::Ref(_, id) => Some(*id),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The decimal, also of an `Int`.
    #[must_use]
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(number) => Some(*number),
            Self::Int(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    /// The elements of a `List`; empty for anything else.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }
}
