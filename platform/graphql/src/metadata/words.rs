//! Closed vocabularies, lower-case as in the files.

use async_graphql::Enum;
use async_graphql::resolver_utils::EnumType;
use tenon_packages as packages;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        #[graphql(rename_items = "snake_case")]
        pub(super) enum $name { $($variant),* }
    };
}

/// The word in files.
pub(super) fn word<E: EnumType>(value: E) -> &'static str {
    E::items().iter().find(|item| item.value == value).map_or("", |item| item.name)
}

/// The value of a word.
pub(super) fn of_word<E: EnumType>(word: &str) -> Option<E> {
    E::items().iter().find(|item| item.name == word).map(|item| item.value)
}

words! {
    /// Types of fields.
    FieldType {
        Text, LongText, RichText, Integer, Decimal, Percent, Money, Boolean, Date, Datetime, Duration, Choice, Choices, Email, Phone, Url,
        Address, Geo, File, Image, Json, AutoNumber, Secret, Formula, Rollup, Lookup, Id,
    }
}
words! {
    /// What a deletion of the target does.
    OnDelete { Restrict, Clear, Cascade }
}
words! {
    /// Whether an element is in use; `building` while a job brings it to what is wished.
    State { Active, Building, Retired }
}
words! {
    /// What lists show beside what is in use and the object's own.
    Include { System, Retired, Deprecated }
}
words! {
    /// The first day of a week.
    WeekStart { Monday, Sunday }
}
words! {
    /// What a step takes.
    Risk { Instant, Job, Destructive, Blocked }
}
words! {
    /// What callers notice.
    ApiEffect { None, Additive, Deprecating, Breaking }
}

impl From<tenon_model::State> for State {
    fn from(state: tenon_model::State) -> Self {
        match state {
            tenon_model::State::Active => Self::Active,
            tenon_model::State::Retired => Self::Retired,
        }
    }
}

impl State {
    /// Of an element of a model.
    pub(super) fn of(model: &tenon_model::Model, id: tenon_value::ElementId, state: tenon_model::State) -> Self {
        match state {
            tenon_model::State::Active if model.building.contains_key(&id) => Self::Building,
            other => other.into(),
        }
    }
}

impl From<packages::Risk> for Risk {
    fn from(risk: packages::Risk) -> Self {
        match risk {
            packages::Risk::Instant => Self::Instant,
            packages::Risk::Job => Self::Job,
            packages::Risk::Destructive => Self::Destructive,
            packages::Risk::Blocked => Self::Blocked,
        }
    }
}

impl From<packages::ApiEffect> for ApiEffect {
    fn from(effect: packages::ApiEffect) -> Self {
        match effect {
            packages::ApiEffect::None => Self::None,
            packages::ApiEffect::Additive => Self::Additive,
            packages::ApiEffect::Deprecating => Self::Deprecating,
            packages::ApiEffect::Breaking => Self::Breaking,
        }
    }
}
