//! Keys of views and layouts.

use super::{ABOUT, LABEL, Shape, Table, key, needed};

const COLUMN: Table = Table {
    owner: "a column",
    keys: &[
        needed("field", Shape::Text, "The field or relation shown.", "amount"),
        key("total", Shape::Word(&["sum", "avg", "min", "max", "count"]), "What stands below the column."),
        key("width", Shape::Whole, "Width in pixels."),
        LABEL,
    ],
};

const FIELDS: Shape = Shape::List(&Shape::Text);

/// A view of `views.yaml`.
pub(crate) const VIEW: Table = Table {
    owner: "a view",
    keys: &[
        needed(
            "type",
            Shape::Word(&["table", "board", "calendar", "list", "gallery", "map", "tree", "chart"]),
            "How records are shown.",
            "table",
        ),
        LABEL,
        ABOUT,
        key("columns", Shape::List(&Shape::Either(&[Shape::Text, Shape::Table(&COLUMN)])), "What a table shows, in order."),
        key("filter", Shape::Any, "Which records: the GraphQL filter, in snake_case."),
        key("order", Shape::List(&Shape::Any), "In which order: `{ close_date: asc }`, in snake_case."),
        key("by", Shape::Text, "What a board, chart or calendar groups by: a choice, a date, a to-one relation."),
        key("card", FIELDS, "What a card of a board, gallery, calendar or map shows."),
        key("total", Shape::Text, "The number summed per group."),
        key("date", Shape::Text, "Calendar: the field where an entry stands, or begins."),
        key("end", Shape::Text, "Calendar: the field where an entry ends."),
        key("location", Shape::Text, "Map: the field that says where."),
        key("image", Shape::Text, "Gallery: the field of the picture."),
        key("color", Shape::Text, "The choice field that colours an entry."),
        key("group", FIELDS, "Groups of a table or chart."),
        key("chart", Shape::Word(&["bar", "line", "pie", "funnel", "number"]), "Form of a chart."),
        key("default", Shape::Flag, "Opens first."),
    ],
};

/// The layouts an object can have.
pub(crate) const LAYOUT_NAMES: &[&str] = &["record", "create", "peek", "mobile"];

const HEADER: Table = Table {
    owner: "a header",
    keys: &[
        key("highlights", FIELDS, "Fields that stand out."),
        key("path", Shape::Text, "The choice field drawn as a path."),
        key("actions", Shape::List(&Shape::Text), "Actions offered as buttons."),
    ],
};

const SECTION: Table = Table {
    owner: "a section",
    keys: &[
        LABEL,
        key("columns", Shape::Whole, "1 to 4 columns; 2 if not said."),
        key("fields", FIELDS, "Fields in order."),
        key("visible_if", Shape::Text, "An expression."),
        key("collapsed", Shape::Flag, "Closed at first."),
    ],
};

const WIDGET: Table = Table {
    owner: "a widget",
    keys: &[
        LABEL,
        key("list", Shape::Text, "The list of related records shown."),
        key("timeline", Shape::Word(&["all", "activities", "history"]), "What happened, newest first."),
    ],
};

const TAB: Table = Table {
    owner: "a tab",
    keys: &[
        LABEL,
        key("sections", Shape::Names(&Shape::Table(&SECTION)), "Groups of fields."),
        key("widgets", Shape::Names(&Shape::Table(&WIDGET)), "Lists of related records, timelines and what packages bring."),
    ],
};

/// A layout of `layout.yaml`.
pub(crate) const LAYOUT: Table = Table {
    owner: "a layout",
    keys: &[
        key("header", Shape::Table(&HEADER), "What stands above."),
        key("tabs", Shape::Names(&Shape::Table(&TAB)), "Tabs in order."),
        key("sections", Shape::Names(&Shape::Table(&SECTION)), "Groups of fields, where there are no tabs."),
        key("fields", FIELDS, "Fields in order, where there are no sections."),
        key("slots", Shape::Names(&Shape::Any), "Places that packages may fill."),
    ],
};
