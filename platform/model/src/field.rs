//! A field of an object, and the columns that hold it.

use tenon_value::{ElementId, Localized, Name, Value};

use crate::FieldKind;

/// The place of a field in its object (or link): stable within one model version only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIx(pub u16);

/// Whether an element is in use. Retired ones are hidden and kept for 30 days; names and columns stay theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// In use.
    #[default]
    Active,
    /// Dropped by its author; restore is one call.
    Retired,
}

/// Which part of a field a column holds, or a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The value itself, of every field that is one column.
    Whole,
    /// The folded text (case and width ignored): `i…` filters, uniqueness, order.
    Fold,
    /// The pinyin sort key of a text with `sort: zh`.
    SortKey,
    /// Money: the number in its own currency.
    Amount,
    /// Money: ISO code.
    Currency,
    /// Money: the number in the tenant's base currency.
    Base,
    /// Geo, and an address's location: latitude.
    Lat,
    /// Geo, and an address's location: longitude.
    Lng,
    /// Address: ISO country.
    Country,
    /// Address: region.
    Region,
    /// Address: city.
    City,
    /// Address: district.
    District,
    /// Address: street.
    Street,
    /// Address: postal code.
    PostalCode,
    /// Secret: when it was last set.
    SetAt,
    /// File: what it is called. Stands in the index of files, not in a column of the record; so do the next three.
    FileName,
    /// File: the same, folded.
    FileNameFold,
    /// File: its type.
    FileType,
    /// File: its bytes.
    FileSize,
}

/// What a column holds, in words that mean the same on both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Boolean; `NOT NULL DEFAULT false`.
    Bool,
    /// Whole number of 32 bits, and versions.
    Int,
    /// Exact decimal of this scale.
    Decimal(u8),
    /// Text under binary collation.
    Text,
    /// Days.
    Date,
    /// Moment to the millisecond.
    DateTime,
    /// Milliseconds.
    Duration,
    /// UUID.
    Id,
    /// Double, for coordinates.
    Float,
    /// JSON text.
    Json,
    /// A set of choice codes.
    Codes,
    /// Sealed bytes of a secret.
    Sealed,
}

/// One physical column of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub part: Part,
    /// Its opaque name, `f_12` or `f_12_a`; never reused.
    pub name: String,
    /// Its type.
    pub kind: ColumnType,
}

/// How text is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortRule {
    /// By case-folded code points.
    #[default]
    Fold,
    /// By pinyin (`sort: zh`).
    Pinyin,
}

/// A checked field.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own in the file")]
pub struct Field {
    /// Where it stands in its object.
    pub ix: FieldIx,
    /// Its deterministic id.
    pub id: ElementId,
    /// API name: `close_date`.
    pub name: Name,
    /// GraphQL name: `closeDate`.
    pub graphql: String,
    /// What people call it.
    pub label: Localized,
    /// Help: what it means.
    pub about: Localized,
    /// Type with its settings.
    pub kind: FieldKind,
    /// A record cannot be saved without it.
    pub required: bool,
    /// No two live records have the same value (text: folded).
    pub unique: bool,
    /// Kept by the system; never an input.
    pub read_only: bool,
    /// It tells of a person: exported and erased with that person.
    pub personal: bool,
    /// One of the fields every record has.
    pub system: bool,
    /// The value of a new record that says nothing; `Null` if none.
    pub default: Value,
    /// How text sorts.
    pub sort: SortRule,
    /// Its columns, the main one first. Empty for fields computed at reading.
    pub columns: Vec<Column>,
    /// The first column that held it before its type was changed: history goes on naming it by that.
    pub past: Option<String>,
    /// Package that brought it; `tenant` for the tenant's own.
    pub package: Name,
    /// In use or retired.
    pub state: State,
    /// Former API names still served as deprecated aliases: name and the day they end.
    pub aliases: Vec<(Name, tenon_value::Date)>,
}

impl Field {
    /// What history names it by: its first column, or the one it had at first.
    #[must_use]
    pub fn stem(&self) -> Option<&str> {
        self.past.as_deref().or_else(|| self.columns.first().map(|column| column.name.as_str()))
    }

    /// The column that holds `part`.
    #[must_use]
    pub fn column(&self, part: Part) -> Option<&Column> {
        self.columns.iter().find(|column| column.part == part)
    }

    /// True for an active field that clients may read.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.state == State::Active
    }

    /// The part by which the field is ordered: choices have no column for it, they are ordered by declaration.
    #[must_use]
    pub fn order_part(&self) -> Part {
        match self.kind {
            FieldKind::Money { .. } => Part::Base,
            _ if self.sort == SortRule::Pinyin && self.column(Part::SortKey).is_some() => Part::SortKey,
            _ if self.column(Part::Fold).is_some() => Part::Fold,
            _ => Part::Whole,
        }
    }
}
