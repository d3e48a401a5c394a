//! What a field can be compared with.

use tenon_model::Choice;
use tenon_value::{Date, DateTime, Duration, Json, Uuid};

use super::range;
use crate::shape;

/// A sort of value at the right of an operator.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'a> {
    Any,
    Text,
    Flag,
    Whole,
    Decimal,
    Date,
    DateTime,
    Duration,
    /// A span of days by words: `thisMonth`.
    Range,
    Code(&'a [Choice]),
    Id,
    /// An id, or `me` for the user who looks.
    Reference,
}

impl Operand<'_> {
    pub(super) fn accepts(&self, value: &Json) -> bool {
        let text = || value.as_str().unwrap_or_default();
        match self {
            Self::Any => !value.is_null(),
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Whole => shape::decimal(value).is_some_and(|number| number.rescale(0).is_ok()),
            Self::Decimal => shape::decimal(value).is_some(),
            Self::Date => text().parse::<Date>().is_ok(),
            Self::DateTime => text().parse::<DateTime>().is_ok(),
            Self::Duration => text().parse::<Duration>().is_ok(),
            // `2026` is a number to YAML and a year to everybody else.
            Self::Range => range::is_range(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            Self::Code(options) => options.iter().any(|option| option.name.as_str() == text()),
            Self::Id => Uuid::try_parse(text()).is_ok(),
            Self::Reference => text() == "me" || Uuid::try_parse(text()).is_ok(),
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Any => "a value",
            Self::Text => "text",
            Self::Flag => "true or false",
            Self::Whole => "a whole number",
            Self::Decimal => "a number",
            Self::Date => "a date such as `2026-02-28`",
            Self::DateTime => "a moment such as `2026-02-28T08:00:00Z`",
            Self::Duration => "a length of time such as `PT1H30M`",
            Self::Range => "a range such as `thisMonth`, `lastNDays(7)` or `2026-Q3`",
            Self::Code(options) => return format!("one of its options ({})", codes(options)),
            Self::Id => "an id",
            Self::Reference => "an id or `me`",
        }
        .to_owned()
    }
}

/// The first few codes.
fn codes(options: &[Choice]) -> String {
    const SHOWN: usize = 8;
    let shown = options.iter().take(SHOWN).map(|option| format!("`{}`", option.name)).collect::<Vec<_>>().join(", ");
    if options.len() > SHOWN { format!("{shown}, …") } else { shown }
}
