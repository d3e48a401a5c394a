//! What the database says is there.

use std::collections::{BTreeMap, BTreeSet};

use tenon_value::Value;

use crate::Dialect;
use crate::db::{Arg, Conn, Fault, Shape};

/// Columns by table, and names of indexes.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) tables: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) indexes: BTreeSet<String>,
}

impl Catalog {
    /// Reads a tenant's schema.
    pub(crate) async fn read(conn: &mut Conn, schema: &str) -> Result<Self, Fault> {
        let (columns, indexes) = match conn.dialect() {
            Dialect::Postgres => (
                "select c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) from pg_catalog.pg_attribute as a \
                 join pg_catalog.pg_class as c on c.oid = a.attrelid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
                 where n.nspname = $1 and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped",
                "select c.relname::text from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'i'",
            ),
            Dialect::Sqlite => (
                "select m.name, p.name, lower(p.type) from \"main\".sqlite_schema as m join pragma_table_info(m.name) as p where m.type = 'table' and m.name not like 'sqlite_%' and ?1 = 'main'",
                "select m.name from \"main\".sqlite_schema as m where m.type = 'index' and ?1 = 'main'",
            ),
        };
        let args = [Arg::text(schema)];
        let mut catalog = Self::default();
        for row in conn.fetch(columns, &args, &[Shape::Text; 3]).await? {
            if let [Value::Text(table), Value::Text(column), Value::Text(kind)] = row.as_slice() {
                catalog.tables.entry(table.clone()).or_default().insert(column.clone(), kind.clone());
            }
        }
        for row in conn.fetch(indexes, &args, &[Shape::Text]).await? {
            catalog.indexes.extend(row.first().and_then(Value::as_text).map(str::to_owned));
        }
        Ok(catalog)
    }
}
