//! Indexes made while others write: CONCURRENTLY on PostgreSQL; on SQLite, which has one writer, in a turn of its own that is
//! cut off after a while (`index_hold`).
//!
//! Invariant: one that a crash left half made is known as such, and made anew.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tenon_model::Object;
use tenon_value::{TenantId, Value};

use super::contract::INDEX_HOLD_MAX;
use crate::cells::asking;
use crate::db::{Conn, Fault, Shape};
use crate::ddl::object::indexes;
use crate::ddl::{Index, index};
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

impl Store {
    /// The indexes that a table is to have and has not, or not whole; none where there is no table.
    ///
    /// # Errors
    /// What the database says.
    pub async fn indexes_missing(&self, tenant: TenantId, object: &Object) -> Result<Vec<String>, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let sql = match self.dialect() {
            Dialect::Postgres => format!(
                "select c.relname::text, case when i.indisvalid then 1 else 0 end from pg_catalog.pg_class as c \
                 join pg_catalog.pg_namespace as n on n.oid = c.relnamespace left join pg_catalog.pg_index as i on i.indexrelid = c.oid \
                 where n.nspname = '{schema}' and (c.relname = '{table}' or i.indrelid = to_regclass('\"{schema}\".\"{table}\"'))",
                table = object.table
            ),
            Dialect::Sqlite => {
                format!("select m.name, 1 from \"main\".sqlite_schema as m where m.tbl_name = '{}'", object.table)
            }
        };
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text, Shape::Int]).await?;
        let named = |row: &Vec<Value>| Some((row.first()?.as_text()?.to_owned(), row.get(1).and_then(Value::as_int) == Some(1)));
        let there: BTreeMap<String, bool> = rows.iter().filter_map(named).collect();
        if !there.contains_key(&object.table) {
            return Ok(Vec::new());
        }
        let is_missing = |name: &String| there.get(name) != Some(&true);
        Ok(indexes(object).into_iter().map(|over| over.name.into_owned()).filter(is_missing).collect())
    }

    /// Makes one of a table's indexes; one that a crash left half made is made anew. False where it is a unique one that the
    /// rows do not allow.
    ///
    /// # Errors
    /// `Limit` (`index_hold`) where SQLite's writer would be kept for too long; what the database says.
    pub async fn index_make(&self, tenant: TenantId, object: &Object, name: &str) -> Result<bool, StoreError> {
        let all = indexes(object);
        let Some(over) = all.iter().find(|over| over.name == name) else { return Ok(true) };
        let schema = schema_of(tenant, self.dialect());
        let mut conn = match self.maker(tenant).await? {
            Some(conn) => conn,
            None => self.writer(tenant).await?,
        };
        conn.mark(false);
        let made = match self.dialect() {
            Dialect::Postgres => {
                conn.limit(None);
                conn.script("set statement_timeout = 0").await?;
                let made = beside_others(&mut conn, &schema, over).await?;
                // One made while the tenant's writes were stopped may not have gone along: the job comes back to it.
                conn.script(&format!("reset statement_timeout; {}", asking(&schema))).await?;
                made
            }
            Dialect::Sqlite => {
                conn.limit(Some(Instant::now() + Duration::from_secs(INDEX_HOLD_MAX)));
                let made = in_one_turn(&mut conn, &schema, over).await;
                conn.limit(None);
                conn.mark(true);
                made?
            }
        };
        conn.mark(true);
        Ok(made)
    }
}

async fn in_one_turn(conn: &mut Conn, schema: &str, over: &Index<'_>) -> Result<bool, Fault> {
    match conn.script(&index(Dialect::Sqlite, schema, over)).await {
        Err(Fault::Unique(_)) => Ok(false),
        Err(Fault::Store(StoreError::Timeout)) => Err(StoreError::Limit { limit: "index_hold", max: INDEX_HOLD_MAX }.into()),
        done => done.map(|()| true),
    }
}

async fn beside_others(conn: &mut Conn, schema: &str, over: &Index<'_>) -> Result<bool, Fault> {
    let name = over.name.as_ref();
    let drop = format!("drop index concurrently if exists \"{schema}\".\"{name}\"");
    match is_valid(conn, schema, name).await? {
        Some(true) => return Ok(true),
        Some(false) => conn.script(&drop).await?,
        None => {}
    }
    let sql = index(Dialect::Postgres, schema, over).replacen("index if not exists", "index concurrently if not exists", 1);
    match conn.script(&sql).await {
        Err(Fault::Unique(_)) => {
            conn.script(&drop).await?;
            Ok(false)
        }
        done => done.map(|()| true),
    }
}

/// Whether an index of PostgreSQL is whole; none where it is not there.
async fn is_valid(conn: &mut Conn, schema: &str, name: &str) -> Result<Option<bool>, Fault> {
    let sql = format!(
        "select case when i.indisvalid then 1 else 0 end from pg_catalog.pg_index as i join pg_catalog.pg_class as c on c.oid = i.indexrelid \
         join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = '{schema}' and c.relname = '{name}'"
    );
    let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
    Ok(rows.first().and_then(|row| row.first()?.as_int()).map(|valid| valid == 1))
}
