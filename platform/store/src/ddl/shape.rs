//! The difference between the tables that are and the tables a model wants, for what can be done at once.
//!
//! Tables are made at their first write, so a table that is not there needs nothing. Columns are only ever added. Indexes that
//! only make things faster can be left for later, where a table has many rows (`shape_at_once`).

use std::collections::BTreeMap;

use tenon_model::{ColumnType, Link, Model, Object};
use tenon_value::{ElementId, Value};

use super::catalog::Catalog;
use super::object::{indexes, unique_columns};
use super::{Index, column, index, quoted, reach};
use crate::StoreError;
use crate::db::{Conn, Fault, Shape};
use crate::lower::columns::{self, Physical};
use crate::shaping::AT_ONCE_MAX;

/// Objects whose indexes are still to be made: element, name and table of each.
#[derive(Debug, Default)]
pub(crate) struct Later(pub(crate) Vec<(ElementId, String, String)>);

impl Later {
    fn put(&mut self, object: &Object) {
        if self.0.last().is_none_or(|(id, ..)| *id != object.id) {
            self.0.push((object.id, object.name.to_string(), object.table.clone()));
        }
    }
}

/// Whether a table has more rows than are looked through at once, while nobody writes.
async fn has_many(conn: &mut Conn, schema: &str, table: &str) -> Result<bool, Fault> {
    let sql = format!("select count(*) from (select 1 from \"{schema}\".\"{table}\" as t limit {}) as m", AT_ONCE_MAX + 1);
    let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
    let count = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
    Ok(u64::try_from(count).is_ok_and(|count| count > AT_ONCE_MAX))
}

/// Runs the statements that bring the tables from `before` to `after`.
pub(crate) async fn change(
    conn: &mut Conn,
    schema: &str,
    before: Option<&Model>,
    after: &Model,
    mut later: Option<&mut Later>,
    each: &mut (dyn FnMut() + Send),
) -> Result<(), Fault> {
    let catalog = Catalog::read(conn, schema).await?;
    let old = before.map(kinds).unwrap_or_default();
    for object in &after.objects {
        let Some(there) = catalog.tables.get(&object.table) else { continue };
        let wanted = columns::of_object(object);
        refuse_other_types(conn, schema, object.name.as_str(), &object.table, &wanted, &old).await?;
        add_columns(conn, schema, &object.table, &wanted, there, each).await?;
        drop_indexes(conn, schema, before, object).await?;
        for over in indexes(object) {
            let known = catalog.indexes.contains(over.name.as_ref()) && !moved(before, object, &over);
            if known {
                continue;
            }
            match &mut later {
                Some(later) if !over.unique && has_many(conn, schema, &object.table).await? => later.put(object),
                _ => {
                    add_index(conn, schema, object, &over).await?;
                    each();
                }
            }
        }
    }
    let is_there = |table: &str| catalog.tables.contains_key(table);
    let is_new = |object: &Object| {
        let there = catalog.tables.get(&object.table);
        object.reaches.iter().any(|reach| there.is_some_and(|there| !there.contains_key(&reach.column)))
    };
    reach::change(conn, schema, (before, after), &is_there, &is_new).await?;
    for link in &after.links {
        let Some(there) = catalog.tables.get(&link.table) else { continue };
        let wanted = columns::of_link(link);
        refuse_other_types(conn, schema, &path(after, link), &link.table, &wanted, &old).await?;
        add_columns(conn, schema, &link.table, &wanted, there, each).await?;
    }
    Ok(())
}

fn path(model: &Model, link: &Link) -> String {
    let object = model.object(link.source);
    let relation = object.and_then(|object| object.relation(link.relation));
    object.zip(relation).map_or_else(String::new, |(object, relation)| format!("{}.relations.{}", object.name, relation.name))
}

type Kinds = BTreeMap<(String, String), ColumnType>;

fn kinds(model: &Model) -> Kinds {
    let objects = model.objects.iter().map(|object| (&object.table, columns::of_object(object)));
    let links = model.links.iter().map(|link| (&link.table, columns::of_link(link)));
    objects
        .chain(links)
        .flat_map(|(table, columns)| columns.into_iter().map(move |column| ((table.clone(), column.name), column.kind)))
        .collect()
}

/// A column of another type is a job that is not written yet, unless there is nothing in the table to convert.
async fn refuse_other_types(conn: &mut Conn, schema: &str, path: &str, table: &str, wanted: &[Physical], old: &Kinds) -> Result<(), Fault> {
    let differs =
        wanted.iter().filter(|column| old.get(&(table.to_owned(), column.name.clone())).is_some_and(|kind| *kind != column.kind)).count();
    if differs == 0 {
        return Ok(());
    }
    let rows = conn.fetch(&format!("select count(*) from \"{schema}\".\"{table}\" as t"), &[], &[Shape::Int]).await?;
    let rows = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
    let message = format!("the type of a field of `{path}` cannot change while its table exists");
    Err(StoreError::Blocked { path: path.to_owned(), message, rows: u64::try_from(rows).unwrap_or_default() }.into())
}

async fn add_columns(
    conn: &mut Conn,
    schema: &str,
    table: &str,
    wanted: &[Physical],
    there: &BTreeMap<String, String>,
    each: &mut (dyn FnMut() + Send),
) -> Result<(), Fault> {
    for physical in wanted.iter().filter(|column| !there.contains_key(&column.name)) {
        let text = column(physical, conn.dialect());
        conn.execute(&format!("alter table \"{schema}\".\"{table}\" add column {text}"), &[]).await?;
        each();
    }
    Ok(())
}

/// Whether the index of this name is over other columns than it was.
fn moved(before: Option<&Model>, object: &Object, over: &Index<'_>) -> bool {
    let was = before.and_then(|model| model.objects.iter().find(|old| old.table == object.table));
    was.is_some_and(|old| {
        old.unique
            .iter()
            .any(|key| over.name.strip_suffix("_d").unwrap_or(&over.name) == key.index && unique_columns(old, key) != over.columns)
    })
}

/// An index of a key that is no more, or is over other columns now, would refuse what is allowed.
async fn drop_indexes(conn: &mut Conn, schema: &str, before: Option<&Model>, object: &Object) -> Result<(), Fault> {
    let Some(old) = before.and_then(|model| model.objects.iter().find(|old| old.table == object.table)) else { return Ok(()) };
    for key in &old.unique {
        let kept = object.unique.iter().any(|new| new.index == key.index && unique_columns(object, new) == unique_columns(old, key));
        if !kept {
            for name in [key.index.clone(), format!("{}_d", key.index)] {
                conn.execute(&format!("drop index if exists \"{schema}\".\"{name}\""), &[]).await?;
            }
        }
    }
    Ok(())
}

async fn add_index(conn: &mut Conn, schema: &str, object: &Object, over: &Index<'_>) -> Result<(), Fault> {
    if over.unique {
        let columns = quoted(over.columns.iter().map(String::as_str));
        let present: String = over.columns.iter().map(|column| format!(" and t.\"{column}\" is not null")).collect();
        let table = over.table;
        let sql = format!(
            "select count(*) from (select 1 from \"{schema}\".\"{table}\" as t where t.\"deleted_at\" is null{present} group by {columns} having count(*) > 1) as d"
        );
        let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
        let twice = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
        if twice > 0 {
            let key = object.unique.iter().find(|key| key.index == over.name).map_or("", |key| key.name.as_str());
            let message = format!("`{}` cannot be unique by `{key}`: {twice} values occur more than once", object.name);
            return Err(
                StoreError::Blocked { path: object.name.to_string(), message, rows: u64::try_from(twice).unwrap_or_default() }.into()
            );
        }
    }
    conn.execute(&index(conn.dialect(), schema, over), &[]).await.map(|_| ())
}
