//! The columns that hold a field, named after its stem.

use tenon_model::{Column, ColumnType, FieldKind, Part, SortRule};

/// The columns of a field of this kind; the main one first.
pub(super) fn of(kind: &FieldKind, sort: SortRule, stem: &str) -> Vec<Column> {
    let column = |part: Part, suffix: &str, of: ColumnType| Column { part, name: format!("{stem}{suffix}"), kind: of };
    let whole = |of: ColumnType| vec![column(Part::Whole, "", of)];
    let folded = || vec![column(Part::Whole, "", ColumnType::Text), column(Part::Fold, "_f", ColumnType::Text)];
    match kind {
        FieldKind::Text { .. } if sort == SortRule::Pinyin => {
            let mut columns = folded();
            columns.push(column(Part::SortKey, "_s", ColumnType::Text));
            columns
        }
        FieldKind::Text { .. }
        | FieldKind::LongText
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Url
        | FieldKind::AutoNumber { .. } => folded(),
        FieldKind::Id | FieldKind::File | FieldKind::Image => whole(ColumnType::Id),
        FieldKind::Integer { .. } => whole(ColumnType::Int),
        FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } => whole(ColumnType::Decimal(*scale)),
        FieldKind::Money { scale, .. } => vec![
            column(Part::Amount, "", ColumnType::Decimal(*scale)),
            column(Part::Currency, "_c", ColumnType::Text),
            column(Part::Base, "_b", ColumnType::Decimal(*scale)),
        ],
        FieldKind::Boolean => whole(ColumnType::Bool),
        FieldKind::Date => whole(ColumnType::Date),
        FieldKind::DateTime => whole(ColumnType::DateTime),
        FieldKind::Duration => whole(ColumnType::Duration),
        FieldKind::Choices(_) => whole(ColumnType::Codes),
        FieldKind::Json => whole(ColumnType::Json),
        FieldKind::Geo => vec![column(Part::Lat, "_lat", ColumnType::Float), column(Part::Lng, "_lng", ColumnType::Float)],
        FieldKind::Address => vec![
            column(Part::Country, "_country", ColumnType::Text),
            column(Part::Region, "_region", ColumnType::Text),
            column(Part::City, "_city", ColumnType::Text),
            column(Part::District, "_district", ColumnType::Text),
            column(Part::Street, "_street", ColumnType::Text),
            column(Part::PostalCode, "_postal_code", ColumnType::Text),
            column(Part::Lat, "_lat", ColumnType::Float),
            column(Part::Lng, "_lng", ColumnType::Float),
        ],
        FieldKind::Secret => vec![column(Part::Whole, "", ColumnType::Sealed), column(Part::SetAt, "_at", ColumnType::DateTime)],
        // Rich text and choice codes are plain text; so is whatever type comes later until it says otherwise.
        _ => whole(ColumnType::Text),
    }
}
