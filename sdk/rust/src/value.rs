//! What a field holds.

use crate::{Address, Date, DateTime, Decimal, Geo, Money, Reference};

/// One value of one field or relation. Which case a field has follows from its type and never varies.
///
/// ```
/// use tenon_sdk::Value;
/// assert_eq!(Value::from("won"), Value::Text("won".to_owned()));
/// assert!(Value::from("  ").is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// `boolean`.
    Boolean(bool),
    /// `integer`.
    Integer(i64),
    /// `decimal` and `percent`.
    Decimal(Decimal),
    /// Every kind of text, and the code of a `choice`.
    Text(String),
    /// `date`.
    Date(Date),
    /// `datetime`.
    DateTime(DateTime),
    /// `duration`, in milliseconds.
    Duration(i64),
    /// The codes of a `choices` field.
    Choices(Vec<String>),
    /// `money`.
    Money(Money),
    /// `geo`.
    Geo(Geo),
    /// `address`.
    Address(Box<Address>),
    /// `json`, as JSON text.
    Json(String),
    /// A to-one relation.
    Reference(Reference),
}

impl Value {
    /// True for nothing, blank text and no choices.
    ///
    /// ```
    /// use tenon_sdk::Value;
    /// assert!(Value::Choices(vec![]).is_empty());
    /// assert!(!Value::Integer(0).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Choices(codes) => codes.is_empty(),
            _ => false,
        }
    }

    /// The text, or the code of a choice.
    ///
    /// ```
    /// use tenon_sdk::Value;
    /// assert_eq!(Value::from("won").as_text(), Some("won"));
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($source:ty => $case:ident),+ $(,)?) => {
        $(impl From<$source> for Value {
            fn from(source: $source) -> Self {
                Self::$case(source.into())
            }
        })+
    };
}

from! {
    bool => Boolean,
    i32 => Integer,
    i64 => Integer,
    Decimal => Decimal,
    &str => Text,
    String => Text,
    Date => Date,
    DateTime => DateTime,
    Vec<String> => Choices,
    Money => Money,
    Geo => Geo,
    Address => Address,
    Reference => Reference,
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(source: Option<T>) -> Self {
        source.map_or(Self::Null, Into::into)
    }
}
