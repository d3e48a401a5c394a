//! Field types and the keys each of them has.

use super::{ABOUT, ALIAS_UNTIL, Key, LABEL, Shape, Table, WAS, key};

/// A field type as files name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldType {
    pub(crate) word: &'static str,
    /// What such a field has beside [`COMMON`].
    pub(crate) keys: &'static [Key],
    pub(crate) unique: Unique,
    pub(crate) default: Default,
}

/// Whether fields of a type can tell records apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unique {
    Can,
    Cannot,
}

/// Whether fields of a type can have a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    Can,
    Cannot,
}

const OPTION: Table = Table {
    owner: "an option",
    keys: &[
        super::needed("name", Shape::Text, "The stored code.", "won"),
        LABEL,
        key("color", Shape::Text, "A colour word of the design system."),
        key("closed", Shape::Flag, "True for states in which a record is finished."),
        key("retired", Shape::Flag, "No longer offered; kept while a record holds it."),
    ],
};

const MIN: Key = key("min", Shape::Decimal, "Smallest value allowed.");
const MAX: Key = key("max", Shape::Decimal, "Largest value allowed.");
const SCALE: Key = key("scale", Shape::Whole, "Places after the point, 0 to 6; 2 if not said.");
const OPTIONS: Key = super::needed(
    "options",
    Shape::List(&Shape::Either(&[Shape::Text, Shape::Table(&OPTION)])),
    "What can be chosen, in order.",
    "[new, won, lost]",
);

/// Keys of every field.
pub(crate) const COMMON: &[Key] = &[
    super::needed("type", Shape::Text, "The field's type.", "text"),
    LABEL,
    ABOUT,
    key("required", Shape::Flag, "A record cannot be saved without it."),
    key("unique", Shape::Flag, "No two live records have the same value."),
    key("personal", Shape::Flag, "It tells of a person: exported and erased with that person."),
    key("default", Shape::Any, "The value of a new record that says nothing."),
    WAS,
    ALIAS_UNTIL,
];

const fn plain(word: &'static str, unique: Unique, default: Default) -> FieldType {
    FieldType { word, keys: &[], unique, default }
}

/// Every field type of this version.
pub(crate) const FIELD_TYPES: &[FieldType] = &[
    FieldType {
        word: "text",
        keys: &[
            key("min", Shape::Whole, "Letters at least."),
            key("max", Shape::Whole, "Letters at most; 255 if not said."),
            key("pattern", Shape::Text, "Regular expression (RE2) that the whole text matches."),
            key("sort", Shape::Word(&["fold", "zh"]), "Order: by letters, or by pinyin (`zh`)."),
        ],
        unique: Unique::Can,
        default: Default::Can,
    },
    plain("long_text", Unique::Cannot, Default::Can),
    plain("rich_text", Unique::Cannot, Default::Can),
    FieldType { word: "integer", keys: &[MIN, MAX], unique: Unique::Can, default: Default::Can },
    FieldType { word: "decimal", keys: &[SCALE, MIN, MAX], unique: Unique::Can, default: Default::Can },
    FieldType { word: "percent", keys: &[SCALE, MIN, MAX], unique: Unique::Can, default: Default::Can },
    FieldType { word: "money", keys: &[SCALE, MIN, MAX], unique: Unique::Cannot, default: Default::Can },
    plain("boolean", Unique::Cannot, Default::Can),
    plain("date", Unique::Can, Default::Can),
    plain("datetime", Unique::Can, Default::Can),
    plain("duration", Unique::Can, Default::Can),
    FieldType { word: "choice", keys: &[OPTIONS], unique: Unique::Can, default: Default::Can },
    FieldType { word: "choices", keys: &[OPTIONS], unique: Unique::Cannot, default: Default::Can },
    plain("email", Unique::Can, Default::Can),
    plain("phone", Unique::Can, Default::Can),
    plain("url", Unique::Can, Default::Can),
    plain("address", Unique::Cannot, Default::Cannot),
    plain("geo", Unique::Cannot, Default::Cannot),
    plain("json", Unique::Cannot, Default::Can),
    FieldType {
        word: "auto_number",
        keys: &[super::needed("format", Shape::Text, "The number's form.", "\"OPP-{yyyy}-{0000}\"")],
        unique: Unique::Can,
        default: Default::Cannot,
    },
    plain("secret", Unique::Cannot, Default::Cannot),
    plain("file", Unique::Cannot, Default::Cannot),
    plain("image", Unique::Cannot, Default::Cannot),
];

/// Types of the format that this version does not act on.
pub(crate) const NOT_YET_TYPES: &[&str] = &["formula", "rollup", "lookup"];

/// The type of this name.
pub(crate) fn field_type(word: &str) -> Option<&'static FieldType> {
    FIELD_TYPES.iter().find(|kind| kind.word == word)
}

impl FieldType {
    /// Every key such a field has.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &'static Key> {
        COMMON.iter().chain(self.keys)
    }
}
