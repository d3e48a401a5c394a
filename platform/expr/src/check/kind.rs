//! What can be compared with what.

use tenon_model::{Choice, FieldKind, ObjectIx, Part};

/// The kind of a value in a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Bool,
    /// Whole numbers, decimals, percents, parts of money: all exact.
    Number,
    Text,
    Choice(&'a [Choice]),
    /// A set of choices.
    Codes(&'a [Choice]),
    Date,
    DateTime,
    Duration,
    /// A record of one of these objects.
    Id(Vec<ObjectIx>),
    /// Records of this object, many.
    Ids(ObjectIx),
    /// Can be empty, and nothing else: money, an address, JSON. What to compare instead.
    Whole(&'static str),
}

impl<'a> Kind<'a> {
    /// The kind of a field's part; none: not for rules.
    pub(crate) fn of(kind: &'a FieldKind, part: Part, object: ObjectIx) -> Option<Self> {
        Some(match (kind, part) {
            (FieldKind::Money { .. }, Part::Amount | Part::Base) => Self::Number,
            (FieldKind::Money { .. }, Part::Currency) => Self::Text,
            (FieldKind::Address, Part::Country | Part::Region | Part::City | Part::District | Part::Street | Part::PostalCode) => {
                Self::Text
            }
            (FieldKind::Money { .. }, _) => Self::Whole("`.amount`, `.currency` or `.base` of it can be compared"),
            (FieldKind::Address, _) => Self::Whole("`.country`, `.region`, `.city` and the like can be compared"),
            (FieldKind::Geo | FieldKind::Json | FieldKind::File | FieldKind::Image, _) => {
                Self::Whole("it can only be compared with `null`")
            }
            (FieldKind::Boolean, _) => Self::Bool,
            (FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percent { .. }, _) => Self::Number,
            (FieldKind::Date, _) => Self::Date,
            (FieldKind::DateTime, _) => Self::DateTime,
            (FieldKind::Duration, _) => Self::Duration,
            (FieldKind::Choice(options), _) => Self::Choice(options),
            (FieldKind::Choices(options), _) => Self::Codes(options),
            (FieldKind::Id, _) => Self::Id(vec![object]),
            (kind, _) if kind.is_text() => Self::Text,
            _ => return None,
        })
    }

    /// How it is called.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Choice(_) => "a choice",
            Self::Codes(_) => "a set of choices",
            Self::Date => "a day",
            Self::DateTime => "a moment",
            Self::Duration => "a length of time",
            Self::Id(_) => "a record",
            Self::Ids(_) => "a list of records",
            Self::Whole(_) => "more than one value",
        }
    }

    /// Whether one can be less than another.
    pub(crate) const fn is_ordered(&self) -> bool {
        matches!(self, Self::Number | Self::Text | Self::Date | Self::DateTime | Self::Duration)
    }

    /// Whether values of both can be equal.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(here), Self::Id(there)) => here.iter().any(|object| there.contains(object)),
            (Self::Choice(_) | Self::Text, Self::Choice(_) | Self::Text)
            | (Self::Bool, Self::Bool)
            | (Self::Number, Self::Number)
            | (Self::Date, Self::Date)
            | (Self::DateTime, Self::DateTime)
            | (Self::Duration, Self::Duration) => true,
            _ => false,
        }
    }
}
