//! What was retired long ago: found, and let go together with what is stored of it.
//!
//! Since when an element is retired is business time, written when it is retired; what an older build retired counts from the
//! first look, and by machine time where that was the habit then. Invariant: columns are dropped in the transaction that takes their element out of the metadata, under the
//! model lock held alone; physical names are never given again.

use tenon_model::{ElementPath, Field, FieldIx, Link, Object, Relation};
use tenon_value::{DateTime, Name, TenantId, Value};

use super::change::MetadataTx;
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape};
use crate::{Dialect, Store, StoreError};

const YES: Arg = Arg::One(Kind::Bool, Scalar::Bool(true));

impl Store {
    /// Elements that have been retired since before a moment, with their layers; `now` is business time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn retired_before(
        &self,
        tenant: TenantId,
        (before, now): (DateTime, DateTime),
    ) -> Result<Vec<(Name, ElementPath)>, StoreError> {
        let table = self.fixture(tenant, "element");
        let sql = format!("select count(*) from {table} as e where e.\"retired\" = $1 and e.\"retired_at\" is null");
        let rows = self.ask(tenant, &sql, &[YES], &[Shape::Int]).await?;
        if rows.first().and_then(|row| row.first()).and_then(Value::as_int) != Some(0) {
            let mut tx = self.law(tenant).await?;
            let sql = format!("update {} set \"retired_at\" = $2 where \"retired\" = $1 and \"retired_at\" is null", tx.table("element"));
            tx.tell(&sql, &[YES, Arg::moment(now)]).await?;
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
                self.drop_column(&object.table, &column.name).await?;
            }
        }
        self.reached("statement");
        Ok(())
    }

    /// Drops what a relation is kept in: its columns, or the table of its links.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drop_relation(&mut self, object: &Object, relation: &Relation, link: Option<&Link>) -> Result<(), StoreError> {
        if let Some(link) = link {
            let table = self.table(&link.table);
            self.conn()?.execute(&format!("drop table if exists {table}"), &[]).await?;
            // Other nodes find out as they meet it.
            self.store.memory(self.tenant()).tables.forget();
        } else if self.is_there(&object.table).await? {
            for column in [Some(&relation.column), relation.kind_column.as_ref()].into_iter().flatten() {
                self.drop_column(&object.table, column).await?;
            }
        }
        self.reached("statement");
        Ok(())
    }

    async fn drop_column(&mut self, table: &str, column: &str) -> Result<(), Fault> {
        let table = self.table(table);
        let conn = self.conn()?;
        if conn.dialect() == Dialect::Sqlite {
            drop_dependents(conn, column).await?;
        }
        // On PostgreSQL indexes and triggers that name it go with it; those that are still wanted are made anew.
        let rest = if conn.dialect() == Dialect::Postgres { " cascade" } else { "" };
        conn.execute(&format!("alter table {table} drop column \"{column}\"{rest}"), &[]).await.map(|_| ())
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
