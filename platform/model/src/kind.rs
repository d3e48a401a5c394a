//! The types a field can have, with their settings.

use tenon_value::{Decimal, Localized, Name, Wording};

use crate::State;

/// One option of a choice field.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The stored code.
    pub name: Name,
    /// GraphQL enum value: `PROSPECTING`, `_5_STAR`.
    pub graphql: String,
    /// What people see.
    pub label: Localized,
    /// A colour word of the design system.
    pub color: Option<String>,
    /// True for states in which a record is finished.
    pub closed: bool,
    /// Retired options stay while a row holds them.
    pub state: State,
}

/// A field type with its settings. Names as in files: `long_text` is [`FieldKind::LongText`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldKind {
    /// `id` of a record (system).
    Id,
    /// One line of text.
    Text {
        /// Letters at most; 255 if not said.
        max: u32,
        /// Letters at least.
        min: u32,
        /// A pattern the whole text must match (RE2 syntax).
        pattern: Option<String>,
    },
    /// Text of several lines; 100,000 letters at most.
    LongText,
    /// Markdown; served as markdown, html and plain text.
    RichText,
    /// Whole number of 32 bits.
    Integer {
        /// Smallest allowed.
        min: Option<Decimal>,
        /// Largest allowed.
        max: Option<Decimal>,
    },
    /// Exact decimal.
    Decimal {
        /// Places.
        scale: u8,
        /// Smallest allowed.
        min: Option<Decimal>,
        /// Largest allowed.
        max: Option<Decimal>,
    },
    /// Exact decimal where 12.5 means 12.5 %.
    Percent {
        /// Places.
        scale: u8,
        /// Smallest allowed.
        min: Option<Decimal>,
        /// Largest allowed.
        max: Option<Decimal>,
    },
    /// Amount and currency.
    Money {
        /// Places of the amount; 2 if not said.
        scale: u8,
        /// Smallest amount allowed.
        min: Option<Decimal>,
        /// Largest amount allowed.
        max: Option<Decimal>,
    },
    /// Yes or no; never null.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// A length of time.
    Duration,
    /// One of the options.
    Choice(Vec<Choice>),
    /// A set of the options.
    Choices(Vec<Choice>),
    /// Mail address.
    Email,
    /// Phone number; E.164 out.
    Phone,
    /// Web address.
    Url,
    /// Postal address.
    Address,
    /// Point on earth.
    Geo,
    /// Any JSON.
    Json,
    /// A number of a series, `OPP-{yyyy}-{0000}`.
    AutoNumber {
        /// The format.
        format: String,
    },
    /// Sealed; never output.
    Secret,
    /// A file of the tenant's index, by its id.
    File,
    /// The same, and one that browsers draw: PNG, JPEG, GIF or WebP.
    Image,
}

impl FieldKind {
    /// The word in files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text { .. } => "text",
            Self::LongText => "long_text",
            Self::RichText => "rich_text",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Percent { .. } => "percent",
            Self::Money { .. } => "money",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Duration => "duration",
            Self::Choice(_) => "choice",
            Self::Choices(_) => "choices",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Address => "address",
            Self::Geo => "geo",
            Self::Json => "json",
            Self::AutoNumber { .. } => "auto_number",
            Self::Secret => "secret",
            Self::File => "file",
            Self::Image => "image",
        }
    }

    /// The options of a choice or choices field.
    #[must_use]
    pub fn options(&self) -> &[Choice] {
        match self {
            Self::Choice(options) | Self::Choices(options) => options,
            _ => &[],
        }
    }

    /// True where a list can be ordered by it.
    #[must_use]
    pub const fn is_sortable(&self) -> bool {
        !matches!(
            self,
            Self::LongText
                | Self::RichText
                | Self::Choices(_)
                | Self::Address
                | Self::Geo
                | Self::Json
                | Self::Secret
                | Self::File
                | Self::Image
        )
    }

    /// True where an aggregate can be grouped by it.
    #[must_use]
    pub const fn is_groupable(&self) -> bool {
        !matches!(
            self,
            Self::Id
                | Self::LongText
                | Self::RichText
                | Self::Address
                | Self::Geo
                | Self::Json
                | Self::Secret
                | Self::AutoNumber { .. }
                | Self::Duration
                | Self::File
                | Self::Image
        )
    }

    /// True where the value is a file of the tenant's index.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self, Self::File | Self::Image)
    }

    /// True where sums and averages make sense.
    #[must_use]
    pub const fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal { .. } | Self::Percent { .. } | Self::Money { .. })
    }

    /// True for the types that are text in GraphQL and in the store.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text { .. } | Self::LongText | Self::RichText | Self::Email | Self::Phone | Self::Url | Self::AutoNumber { .. }
        )
    }

    /// Whether values of this type can become values of another, by what they are written as: the table of changes of type.
    /// Both are a single value; whether each stored value fits is seen value by value.
    #[must_use]
    pub const fn becomes(&self, other: &Self) -> bool {
        const fn is_line(kind: &FieldKind) -> bool {
            matches!(kind, FieldKind::Text { .. } | FieldKind::LongText | FieldKind::Email | FieldKind::Phone | FieldKind::Url)
        }
        const fn is_number(kind: &FieldKind) -> bool {
            matches!(kind, FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percent { .. })
        }
        match self {
            _ if is_line(self) => {
                is_line(other)
                    || is_number(other)
                    || matches!(other, Self::RichText | Self::Boolean | Self::Date | Self::DateTime | Self::Choice(_))
            }
            _ if is_number(self) => is_number(other) || is_line(other),
            Self::RichText => matches!(other, Self::RichText | Self::LongText),
            Self::Boolean => is_line(other),
            Self::Date => matches!(other, Self::DateTime) || is_line(other),
            Self::DateTime => matches!(other, Self::Date) || is_line(other),
            Self::Choice(_) => is_line(other),
            _ => false,
        }
    }

    /// How the search takes its values apart; none: they are not searched.
    #[must_use]
    pub const fn wording(&self) -> Option<Wording> {
        match self {
            Self::Phone => Some(Wording::Digits),
            Self::AutoNumber { .. } => Some(Wording::Number),
            Self::Text { .. } | Self::LongText | Self::RichText | Self::Email | Self::Url | Self::Address => Some(Wording::Text),
            _ => None,
        }
    }
}
