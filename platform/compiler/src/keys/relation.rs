//! Keys of a relation.

use super::{ABOUT, ALIAS_UNTIL, LABEL, Shape, Table, WAS, key, needed};

/// The way back from the target.
const INVERSE: Table =
    Table { owner: "an inverse", keys: &[needed("name", Shape::Text, "Name of the list on the target.", "opportunities"), LABEL, ABOUT] };

/// A relation. The attributes under `link` are fields; they are checked as such.
pub(crate) const RELATION: Table = Table {
    owner: "a relation",
    keys: &[
        needed("to", Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]), "The object it points to, or a list of objects.", "account"),
        LABEL,
        ABOUT,
        key("required", Shape::Flag, "A record cannot be saved without it."),
        key("many", Shape::Flag, "Many to many: linked by a table of its own."),
        key("tree", Shape::Flag, "The parent relation of a tree."),
        key("part_of", Shape::Flag, "The record is part of its target: saved, deleted and restored with it."),
        key("on_delete", Shape::Word(&["restrict", "clear", "cascade"]), "What a deletion of the target does here."),
        key("inverse", Shape::Either(&[Shape::Flag, Shape::Table(&INVERSE)]), "The list on the target that leads back; `false` for none."),
        key("link", Shape::Names(&Shape::Any), "Attributes of each link of a many-to-many relation: fields."),
        WAS,
        ALIAS_UNTIL,
    ],
};
