//! Keys of an import's mapping file. The import reads it; the table here is for editors.

use super::{Shape, Table, key, needed};

const READ: Table = Table {
    owner: "a way of reading",
    keys: &[
        key("encoding", Shape::Word(&["utf-8", "utf8", "gbk"]), "Encoding; guessed if not said."),
        key("delimiter", Shape::Text, "What stands between columns: `,` `;` or a tab."),
        key("date", Shape::Text, "How dates are written, as in `%d-%m-%y`."),
        key("decimal", Shape::Word(&[".", ","]), "The decimal point."),
        key("zone", Shape::Text, "Zone of moments without offset."),
    ],
};

const COLUMN: Table = Table {
    owner: "a column",
    keys: &[
        needed("to", Shape::Text, "Field, relation or part of a field.", "amount.amount"),
        key("by", Shape::Text, "Unique key by which the related record is found."),
        key("with", Shape::Names(&Shape::Any), "Fixed values of other parts."),
        key("replace", Shape::Names(&Shape::Any), "What is written for what is read."),
        key("missing", Shape::Word(&["error", "empty", "create"]), "What to do where the related record is not there."),
        key("empty", Shape::Word(&["keep", "clear"]), "What an empty cell does to a record that is there already."),
    ],
};

const COMPUTED: Table = Table {
    owner: "a computed field",
    keys: &[needed(
        "days_between",
        Shape::List(&Shape::Text),
        "Whole days from the first date to the second.",
        "[engage_date, close_date]",
    )],
};

const ONE: Shape = Shape::Either(&[Shape::Text, Shape::Table(&COLUMN)]);

/// `mapping.yaml`.
pub(crate) const MAPPING: Table = Table {
    owner: "a mapping",
    keys: &[
        needed("format", Shape::Word(&[crate::checks::format::VERSION]), "The version of the format.", "tenon/v1"),
        needed("mapping", Shape::Text, "The object whose records come in.", "opportunity"),
        key("read", Shape::Table(&READ), "How the file is read."),
        key("match", Shape::Text, "A unique field or key, or `external_id.<system>`."),
        key("on_match", Shape::Word(&["update", "skip"]), "What to do with a record that is there already."),
        key(
            "columns",
            Shape::Names(&Shape::Either(&[Shape::Text, Shape::Table(&COLUMN), Shape::List(&ONE)])),
            "Column of the file to field, or to several; `skip` to leave it.",
        ),
        key("compute", Shape::Names(&Shape::Table(&COMPUTED)), "Fields computed from columns."),
    ],
};
