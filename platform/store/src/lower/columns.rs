//! The physical columns of a table, as the model says.

use tenon_model::{ColumnType, Field, Link, Object, RelationShape};

/// A column: its name, type and whether it may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Physical {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) required: bool,
}

impl Physical {
    pub(crate) fn new(name: &str, kind: ColumnType, required: bool) -> Self {
        Self { name: name.to_owned(), kind, required }
    }
}

fn of_field(field: &Field) -> impl Iterator<Item = Physical> + '_ {
    let always = field.system && field.name.as_str() != "deleted_at";
    field.columns.iter().map(move |column| Physical::new(&column.name, column.kind, always || column.kind == ColumnType::Bool))
}

/// The columns of an object's table: what it declares, then what is kept of the ends of its references.
pub(crate) fn of_object(object: &Object) -> Vec<Physical> {
    let mut columns = declared(object);
    columns.extend(object.reaches.iter().map(|reach| Physical::new(&reach.column, reach.kind, false)));
    columns
}

/// What an object declares: fields, then relations; retired ones included.
pub(crate) fn declared(object: &Object) -> Vec<Physical> {
    let mut columns: Vec<Physical> = object.fields.iter().flat_map(of_field).collect();
    for relation in &object.relations {
        if matches!(relation.shape, RelationShape::Many(_)) {
            continue;
        }
        columns.push(Physical::new(&relation.column, ColumnType::Id, false));
        columns.extend(relation.kind_column.iter().map(|name| Physical::new(name, ColumnType::Text, false)));
    }
    columns
}

/// The columns of a link's table.
pub(crate) fn of_link(link: &Link) -> Vec<Physical> {
    let ends = [("source", ColumnType::Id), ("target", ColumnType::Id), ("created_at", ColumnType::DateTime)];
    let mut columns: Vec<Physical> = ends.into_iter().map(|(name, kind)| Physical::new(name, kind, true)).collect();
    columns.extend(link.fields.iter().flat_map(of_field));
    columns
}
