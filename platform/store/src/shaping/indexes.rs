//! Indexes made while others write: CONCURRENTLY on PostgreSQL; on SQLite, which has one writer, in a turn of its own.

use tenon_model::Object;
use tenon_value::TenantId;

use crate::cells::asking;
use crate::db::{Conn, Fault, Shape};
use crate::ddl::object::indexes;
use crate::ddl::{Index, index};
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

impl Store {
    /// Makes the indexes that a table is to have and has not; one that a crash left half made is made anew. The name of a
    /// unique one that its rows do not allow.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_indexes(&self, tenant: TenantId, object: &Object) -> Result<Option<String>, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = match self.maker(tenant).await? {
            Some(conn) => conn,
            None => self.writer(tenant).await?,
        };
        conn.limit(None);
        conn.mark(false);
        if self.dialect() == Dialect::Postgres {
            conn.script("set statement_timeout = 0").await?;
        }
        let mut refused = None;
        for over in indexes(object) {
            if refused.is_none() && !make(&mut conn, &schema, &over).await? {
                refused = Some(over.name.to_string());
            }
        }
        if self.dialect() == Dialect::Postgres {
            // One made while the tenant's writes were stopped may not have gone along: the job comes back to it.
            conn.script(&format!("reset statement_timeout; {}", asking(&schema))).await?;
        }
        conn.mark(true);
        Ok(refused)
    }
}

/// Whether it is there, and whole.
async fn state(conn: &mut Conn, schema: &str, name: &str) -> Result<Option<bool>, Fault> {
    let sql = match conn.dialect() {
        Dialect::Postgres => format!(
            "select case when i.indisvalid then 1 else 0 end from pg_catalog.pg_index as i join pg_catalog.pg_class as c on c.oid = i.indexrelid \
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = '{schema}' and c.relname = '{name}'"
        ),
        Dialect::Sqlite => format!("select 1 from \"main\".sqlite_schema as m where m.type = 'index' and m.name = '{name}'"),
    };
    let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
    Ok(rows.first().and_then(|row| row.first()?.as_int()).map(|valid| valid == 1))
}

/// Makes one; false where its rows do not allow it.
async fn make(conn: &mut Conn, schema: &str, over: &Index<'_>) -> Result<bool, Fault> {
    let (name, dialect) = (over.name.as_ref(), conn.dialect());
    let drop = format!("drop index concurrently if exists \"{schema}\".\"{name}\"");
    match state(conn, schema, name).await? {
        Some(true) => return Ok(true),
        Some(false) => conn.script(&drop).await?,
        None => {}
    }
    let mut sql = index(dialect, schema, over);
    if dialect == Dialect::Postgres {
        sql = sql.replacen("index if not exists", "index concurrently if not exists", 1);
    }
    match conn.script(&sql).await {
        Err(Fault::Unique(_)) => {
            if dialect == Dialect::Postgres {
                conn.script(&drop).await?;
            }
            Ok(false)
        }
        done => done.map(|()| true),
    }
}
