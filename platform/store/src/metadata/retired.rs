//! What was retired long ago: found, and let go together with what is stored of it.
//!
//! Since when an element is retired is machine time, written when it is retired; what an older build retired counts from the
//! first look. Invariant: columns are dropped in the transaction that takes their element out of the metadata, under the
//! model lock held alone; physical names are never given again.

use tenon_model::{ElementPath, Field, FieldIx, Object};
use tenon_value::{DateTime, Name, TenantId, Value};

use super::change::MetadataTx;
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape};
use crate::{Dialect, Store, StoreError};

const YES: Arg = Arg::One(Kind::Bool, Scalar::Bool(true));

impl Store {
    /// Elements that have been retired since before a moment, with their layers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn retired_before(&self, tenant: TenantId, before: DateTime) -> Result<Vec<(Name, ElementPath)>, StoreError> {
        let table = self.fixture(tenant, "element");
        let sql = format!("select count(*) from {table} as e where e.\"retired\" = $1 and e.\"retired_at\" is null");
        let rows = self.ask(tenant, &sql, &[YES], &[Shape::Int]).await?;
        if rows.first().and_then(|row| row.first()).and_then(Value::as_int) != Some(0) {
            let mut tx = self.law(tenant).await?;
            let sql = format!("update {} set \"retired_at\" = $2 where \"retired\" = $1 and \"retired_at\" is null", tx.table("element"));
            tx.tell(&sql, &[YES, Arg::moment(self.machine_time())]).await?;
            tx.commit().await?;
        }
        let sql = format!(
            "select e.\"package\", e.\"path\" from {table} as e where e.\"retired\" = $1 and e.\"retired_at\" < $2 order by e.\"path\""
        );
        let rows = self.ask(tenant, &sql, &[YES, Arg::moment(before)], &[Shape::Text, Shape::Text]).await?;
        let element = |row: &Vec<Value>| Some((Name::known(row.first()?.as_text()?), ElementPath(row.get(1)?.as_text()?.to_owned())));
        Ok(rows.iter().filter_map(element).collect())
    }
}

impl MetadataTx {
    /// Drops the columns of fields, and with them what is stored in them. Files that stood there are let go.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drop_fields(&mut self, object: &Object, fields: &[FieldIx]) -> Result<(), StoreError> {
        if !self.is_there(&object.table).await? {
            return Ok(());
        }
        for field in fields.iter().filter_map(|ix| object.field(*ix)) {
            self.let_files_go(object, field).await?;
            for column in &field.columns {
                let table = self.table(&object.table);
                let conn = self.conn()?;
                if conn.dialect() == Dialect::Sqlite {
                    drop_dependents(conn, &column.name).await?;
                }
                // On PostgreSQL indexes and triggers that name it go with it; those that are still wanted are made anew.
                let rest = if conn.dialect() == Dialect::Postgres { " cascade" } else { "" };
                conn.execute(&format!("alter table {table} drop column \"{}\"{rest}", column.name), &[]).await?;
            }
        }
        self.reached("statement");
        Ok(())
    }

    /// Files that records held in this field are held by them no longer.
    async fn let_files_go(&mut self, object: &Object, field: &Field) -> Result<(), Fault> {
        let Some(column) = field.columns.first().filter(|_| field.kind.is_file()) else { return Ok(()) };
        let (files, holders) = (self.table("file"), self.table("file_holder"));
        let of = [Arg::text(object.table.clone()), Arg::text(column.name.clone())];
        let [table, name] = of.clone();
        let since = Arg::moment(self.store.machine_time());
        let held = format!("select h.\"file\" from {holders} as h where h.\"object\" = $1 and h.\"field\" = $2");
        self.run(&format!("update {files} set \"since\" = $3 where \"id\" in ({held})"), &[table, name, since]).await?;
        self.run(&format!("delete from {holders} where \"object\" = $1 and \"field\" = $2"), &of).await.map(|_| ())
    }
}

/// SQLite drops no column that an index or a trigger names.
pub(crate) async fn drop_dependents(conn: &mut Conn, column: &str) -> Result<(), Fault> {
    let sql = "select m.type, m.name from \"main\".sqlite_schema as m where m.type in ('index', 'trigger') and instr(m.sql, ?1) > 0";
    for row in conn.fetch(sql, &[Arg::text(format!("\"{column}\""))], &[Shape::Text, Shape::Text]).await? {
        if let [Value::Text(kind), Value::Text(name)] = row.as_slice() {
            conn.execute(&format!("drop {kind} \"main\".\"{name}\""), &[]).await?;
        }
    }
    Ok(())
}
