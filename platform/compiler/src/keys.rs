//! Which keys a file's mappings have and what each takes: the one table behind `unknown-key`, `wrong-type`,
//! `missing-key` and the editors' JSON Schemas, so that these can never say different things.

mod access;
mod field;
mod mapping;
mod object;
mod package;
mod relation;
mod view;

pub(crate) use access::{ACCESS, ROLE, SHARING};
pub(crate) use field::{COMMON, Default, FIELD_TYPES, FieldType, NOT_YET_TYPES, Unique, field_type};
pub(crate) use mapping::MAPPING;
pub(crate) use object::{NOT_YET_OBJECT_KEYS, OBJECT};
pub(crate) use package::PACKAGE;
pub(crate) use relation::RELATION;
pub(crate) use view::{LAYOUT, LAYOUT_NAMES, VIEW};

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number, not negative.
    Whole,
    /// An exact number, or text that is one.
    Decimal,
    /// Anything.
    Any,
    /// `{ en: …, zh: … }`.
    Localized,
    /// One of these words; the check has the key's name.
    Word(&'static [&'static str]),
    /// A list of such.
    List(&'static Shape),
    /// A mapping from names to such.
    Names(&'static Shape),
    /// A mapping with known keys.
    Table(&'static Table),
    /// Any one of these, told apart by their outer form.
    Either(&'static [Shape]),
}

/// One known key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// One sentence for the author; editors show it.
    pub(crate) about: &'static str,
    /// An example of the value, for keys that cannot be left out.
    pub(crate) required: Option<&'static str>,
}

/// The known keys of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// What has these keys: `an object`.
    pub(crate) owner: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Table {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key that may be left out.
pub(crate) const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about, required: None }
}

/// A key that must be there, with an example.
pub(crate) const fn needed(name: &'static str, shape: Shape, about: &'static str, example: &'static str) -> Key {
    Key { name, shape, about, required: Some(example) }
}

/// Keys that several elements have alike.
pub(crate) const LABEL: Key = key("label", Shape::Localized, "What people call it, per language.");
pub(crate) const ABOUT: Key = key("about", Shape::Localized, "Help: what it means, in one sentence per language.");
pub(crate) const WAS: Key = key("was", Shape::Text, "The name it had before; keeps its data and serves the old name for a while.");
pub(crate) const ALIAS_UNTIL: Key = key("alias_until", Shape::Text, "The day on which the old name ends; written by the server.");
