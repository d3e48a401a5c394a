//! Tables of objects and links, with the few indexes they begin with: primary key, references, days, unique keys.

use tenon_model::{Field, FieldKind, Link, Object, Part, RelationShape, UniqueKey, UniquePart};

use super::{Index, Rows, column, index, quoted, reach};
use crate::Dialect;
use crate::lower::columns::{self, Physical};

/// The statements that make an object's table, kept in step with others; `there` knows which of those are made already.
pub(crate) fn create_kept(dialect: Dialect, schema: &str, object: &Object, there: &(dyn Fn(&str) -> bool + Sync)) -> Vec<String> {
    let mut statements = create(dialect, schema, object);
    statements.extend(reach::triggers(dialect, schema, object, there));
    statements
}

/// The same, not kept in step: [`super::shape::change`] sees to that when all rows are in.
pub(crate) fn create(dialect: Dialect, schema: &str, object: &Object) -> Vec<String> {
    let mut statements = vec![table(dialect, schema, &object.table, &columns::of_object(object), &["id"])];
    statements.extend(indexes(object).iter().map(|over| index(dialect, schema, over)));
    statements
}

/// The statements that make a link's table.
pub(crate) fn create_link(dialect: Dialect, schema: &str, link: &Link) -> Vec<String> {
    let name = format!("{}_target", link.table);
    let reverse = Index {
        name: name.into(),
        table: &link.table,
        columns: vec!["target".to_owned(), "source".to_owned()],
        unique: false,
        carried: Vec::new(),
        rows: Rows::All,
        newest: None,
    };
    vec![table(dialect, schema, &link.table, &columns::of_link(link), &["source", "target"]), index(dialect, schema, &reverse)]
}

fn table(dialect: Dialect, schema: &str, name: &str, columns: &[Physical], key: &[&str]) -> String {
    let mut parts: Vec<String> = columns.iter().map(|physical| column(physical, dialect)).collect();
    parts.push(format!("primary key ({})", quoted(key.iter().copied())));
    format!("create table if not exists \"{schema}\".\"{name}\" ({})", parts.join(", "))
}

/// All indexes an object's table has beside its primary key.
pub(crate) fn indexes(object: &Object) -> Vec<Index<'_>> {
    let references = object.relations.iter().filter(|relation| !relation.system && !matches!(relation.shape, RelationShape::Many(_)));
    let mut indexes: Vec<Index<'_>> =
        references.map(|relation| reference(object, &relation.column, relation.kind_column.as_deref())).collect();
    indexes.extend(object.fields.iter().filter_map(|field| by_day(object, field)));
    indexes.extend(lists(object).into_iter().map(|column| list(object, column)));
    indexes.extend(object.unique.iter().flat_map(|key| [unique(object, key), in_the_bin(object, key)]));
    indexes
}

/// By a day: lists and reports of deals, targets and contracts go by it, the newest first or a span of them. It carries what such
/// reports group by and sum: the object's first choice and first money, which are its stage and its amount as a rule.
fn by_day<'a>(object: &'a Object, field: &'a Field) -> Option<Index<'a>> {
    let column = field.columns.first().filter(|_| !field.system && matches!(field.kind, FieldKind::Date))?;
    let columns = vec![column.name.clone(), "id".to_owned()];
    let name = column.name.as_str().into();
    Some(Index { name, table: &object.table, columns, unique: false, carried: summed(object), rows: Rows::Live, newest: Some(0) })
}

/// The columns by which lists are found, newest first: what rules on rows ask for, so that whoever sees few of all rows finds
/// them however many others there are; and of what has a day the first choice, for a board's columns and "open deals".
fn lists(object: &Object) -> Vec<&str> {
    let mut columns = object.guides();
    let stage = day(object).and_then(|_| choice(object)?.columns.first()).map(|column| column.name.as_str());
    for column in object.reaches.iter().map(|reach| reach.by.as_str()).filter(|by| is_followed(object, by)).chain(stage) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// Whether a record referred to here tells by this column what moves, to rows in the bin as well, and no other index has those.
fn is_followed(object: &Object, column: &str) -> bool {
    let is_system = |relation: &tenon_model::Relation| relation.system && relation.column == column;
    object.relations.iter().any(is_system) && object.reaches.iter().any(|reach| reach.by == column)
}

/// By one of [`lists`].
fn list<'a>(object: &'a Object, column: &str) -> Index<'a> {
    let day = day(object).and_then(|field| field.columns.first());
    let columns = [Some(column), day.map(|day| day.name.as_str()), Some("id")].into_iter().flatten().map(str::to_owned).collect();
    let mut carried: Vec<String> = summed(object).into_iter().filter(|carried| day.is_some() && carried != column).collect();
    let mut rows = Rows::Guided;
    if is_followed(object, column) {
        carried.push("deleted_at".to_owned());
        rows = Rows::Filled;
    }
    let name = list_name(object, column).into();
    Index { name, table: &object.table, columns, unique: false, carried, rows, newest: day.map(|_| 1) }
}

/// The names of the indexes by [`lists`].
pub(crate) fn list_names(object: &Object) -> Vec<String> {
    lists(object).into_iter().map(|column| list_name(object, column)).collect()
}

/// Of its own kind where it holds what is in the bin, so that what an older build made is not taken for it.
fn list_name(object: &Object, column: &str) -> String {
    let kind = if is_followed(object, column) { 'f' } else { 'g' };
    format!("{}_{column}_{kind}", object.table)
}

/// The day by which an object's records are listed: its first.
pub(crate) fn day(object: &Object) -> Option<&Field> {
    object.active_fields().find(|field| !field.system && matches!(field.kind, FieldKind::Date))
}

/// The choice by which an object's records are told apart: its first, a deal's stage.
pub(crate) fn choice(object: &Object) -> Option<&Field> {
    object.active_fields().find(|field| !field.system && matches!(field.kind, FieldKind::Choice(_)))
}

fn summed(object: &Object) -> Vec<String> {
    let money = object.active_fields().find(|field| !field.system && matches!(field.kind, FieldKind::Money { .. }));
    let columns = [(choice(object), Part::Whole), (money, Part::Amount), (money, Part::Base)];
    columns.into_iter().filter_map(|(field, part)| field?.column(part)).map(|column| column.name.clone()).collect()
}

fn reference<'a>(object: &'a Object, column: &'a str, kind: Option<&'a str>) -> Index<'a> {
    let columns = [Some(column), kind].into_iter().flatten().map(str::to_owned).collect();
    // The column's name is opaque and never used twice in a tenant, so the index can carry it.
    // Most references of most records are empty, and nobody looks for those by them.
    Index { name: column.into(), table: &object.table, columns, unique: false, carried: Vec::new(), rows: Rows::Filled, newest: None }
}

fn unique<'a>(object: &'a Object, key: &'a UniqueKey) -> Index<'a> {
    Index {
        name: key.index.as_str().into(),
        table: &object.table,
        columns: unique_columns(object, key),
        unique: true,
        carried: Vec::new(),
        rows: Rows::Live,
        newest: None,
    }
}

/// By the same key among deleted records: an upsert finds what is in the bin.
fn in_the_bin<'a>(object: &'a Object, key: &'a UniqueKey) -> Index<'a> {
    let name = format!("{}_d", key.index).into();
    Index {
        name,
        table: &object.table,
        columns: unique_columns(object, key),
        unique: false,
        carried: Vec::new(),
        rows: Rows::Deleted,
        newest: None,
    }
}

/// The columns of a unique key: text as it folds, money as amount and currency.
pub(crate) fn unique_columns(object: &Object, key: &UniqueKey) -> Vec<String> {
    let mut columns = Vec::new();
    for part in &key.parts {
        match part {
            UniquePart::Field(field) => {
                let Some(field) = object.field(*field) else { continue };
                if let (Some(amount), Some(currency)) = (field.column(Part::Amount), field.column(Part::Currency)) {
                    columns.extend([amount.name.clone(), currency.name.clone()]);
                } else {
                    let column = field.column(Part::Fold).or_else(|| field.columns.first());
                    columns.extend(column.map(|column| column.name.clone()));
                }
            }
            UniquePart::Relation(relation) => {
                let Some(relation) = object.relation(*relation) else { continue };
                columns.extend(relation.kind_column.clone());
                columns.push(relation.column.clone());
            }
        }
    }
    columns
}
