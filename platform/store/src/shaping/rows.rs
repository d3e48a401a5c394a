//! Rows read and shadows written, on whatever connection a step has.

use tenon_value::{Uuid, Value};

use super::contract::{ShapeLook, ShapeRow};
use crate::Dialect;
use crate::db::{Arg, Bulk, Conn, Fault, Kind, Scalar, Shape, Target};
use crate::lower::bind::kind_of;
use crate::tenant::numbered;
use crate::tx::image::part;

/// Which rows.
pub(super) enum Which<'a> {
    /// The next by id.
    After(Option<Uuid>, u32),
    /// These.
    Ids(&'a [Uuid]),
}

/// Rows in the order of their ids. Those whose shadow is to be written are locked: whoever writes them is waited for.
pub(super) async fn read(conn: &mut Conn, schema: &str, look: &ShapeLook, which: Which<'_>) -> Result<Vec<ShapeRow>, Fault> {
    let (table, column) = (&look.table, &look.column);
    let (value, shape) = match look.kind {
        Some(kind) => (format!("t.\"{column}\""), Shape::from(kind)),
        None => (format!("case when t.\"{column}\" is null then null else 1 end"), Shape::Int),
    };
    let (condition, arg, limit) = match which {
        Which::After(None, max) => (String::new(), None, format!(" limit {max}")),
        Which::After(Some(id), max) => (" where t.\"id\" > $1".to_owned(), Some(Arg::id(id)), format!(" limit {max}")),
        Which::Ids(ids) => {
            let among = match conn.dialect() {
                Dialect::Postgres => " where t.\"id\" = any($1)",
                Dialect::Sqlite => " where t.\"id\" in (select unhex(e.value) from json_each($1) as e)",
            };
            (among.to_owned(), Some(Arg::ids(ids.iter().copied())), String::new())
        }
    };
    let lock = if conn.dialect() == Dialect::Postgres && !look.shadow.is_empty() { " for update" } else { "" };
    let sql = format!(
        "select t.\"id\", case when t.\"deleted_at\" is null then 1 else 0 end, {value} from \"{schema}\".\"{table}\" as t{condition} order by t.\"id\"{limit}{lock}"
    );
    let args: Vec<Arg> = arg.into_iter().collect();
    let cells = conn.fetch(&numbered(&sql, conn), &args, &[Shape::Id, Shape::Int, shape]).await?;
    let row = |cells: Vec<Value>| {
        let [id, live, value] = <[Value; 3]>::try_from(cells).ok()?;
        Some(ShapeRow { id: id.as_id()?, live: live.as_int() == Some(1), value })
    };
    Ok(cells.into_iter().filter_map(row).collect())
}

/// Writes what the shadow is to hold.
pub(super) async fn write(conn: &mut Conn, schema: &str, look: &ShapeLook, written: &[(Uuid, Value)]) -> Result<(), Fault> {
    if written.is_empty() || look.shadow.is_empty() {
        return Ok(());
    }
    let dialect = conn.dialect();
    let mut columns = vec![Target::new("id", Kind::Id)];
    columns.extend(look.shadow.iter().map(|column| Target::new(&column.name, kind_of(column.kind))));
    let mut rows = Vec::with_capacity(written.len());
    for (id, value) in written {
        let mut row = vec![Scalar::Id(*id)];
        for column in &look.shadow {
            row.push(part(value, column, dialect)?);
        }
        rows.push(row);
    }
    let bulk = Bulk { table: format!("\"{schema}\".\"{}\"", look.table), columns, rows };
    conn.update_with(bulk, &["id"], Vec::new()).await.map(|_| ())
}

/// Notes of records that were written since a job began: their numbers and records.
pub(super) async fn touched(conn: &mut Conn, schema: &str, job: Uuid, max: u32) -> Result<Vec<(i64, Uuid)>, Fault> {
    let sql = format!(
        "select s.\"seq\", s.\"record\" from \"{schema}\".\"shape_touched\" as s where s.\"job\" = $1 order by s.\"seq\" limit {max}"
    );
    let rows = conn.fetch(&numbered(&sql, conn), &[Arg::text(job.to_string())], &[Shape::Int, Shape::Id]).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.first()?.as_int()?, row.get(1)?.as_id()?))).collect())
}

/// Takes notes away, by their numbers: one that was not seen yet may have a smaller one.
pub(super) async fn forget(conn: &mut Conn, schema: &str, notes: &[(i64, Uuid)]) -> Result<(), Fault> {
    let rows = notes.iter().map(|(seq, _)| vec![Scalar::Int(*seq)]).collect();
    conn.delete(&format!("\"{schema}\".\"shape_touched\""), &[Target::new("seq", Kind::Int)], rows).await.map(|_| ())
}

/// The records of notes, each once, in order.
pub(super) fn records(notes: &[(i64, Uuid)]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = notes.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
