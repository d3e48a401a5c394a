//! Keys of an object.

use super::{ABOUT, ALIAS_UNTIL, Shape, Table, WAS, key, needed};

/// `object.yaml`, without `format`, `object`, `fields`, `relations`.
pub(crate) const OBJECT: Table = Table {
    owner: "an object",
    keys: &[
        needed("label", Shape::Localized, "What people call one record, per language.", "{ en: Opportunity, zh: 商机 }"),
        key("plural", Shape::Text, "API name of many; derived from the name if not said."),
        key("plural_label", Shape::Localized, "What people call many records, per language."),
        ABOUT,
        key("icon", Shape::Text, "A word of the icon set."),
        key("display", Shape::Text, "The field that names a record."),
        key("unique", Shape::Names(&Shape::List(&Shape::Text)), "Composite unique keys: name to fields and to-one relations."),
        key("kind", Shape::Word(&["record", "event", "ledger"]), "What kind of records; `record` if not said."),
        key("effective", Shape::Any, "Validity in time."),
        key("record_types", Shape::Any, "Kinds of records with layouts and choices of their own."),
        WAS,
        ALIAS_UNTIL,
    ],
};

/// Keys of an object that this version does not act on.
pub(crate) const NOT_YET_OBJECT_KEYS: &[&str] = &["effective", "record_types"];
