//! Which of a tenant's lazily made tables are there. A table once seen is there for ever: nothing is dropped.

use std::collections::HashSet;
use std::sync::RwLock;

use crate::Dialect;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::prepared::Plan;

/// Qualified names of the tables that are known to exist.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    known: RwLock<HashSet<String>>,
}

impl Tables {
    /// Looks for the tables of a plan that are not known yet: another process may have made them meanwhile.
    pub(crate) async fn look(&self, conn: &mut Conn, plan: &Plan) -> Result<(), Fault> {
        let mut unknown = HashSet::new();
        plan.each_statement(&mut |statement| unknown.extend(statement.tables().filter(|table| self.is_missing(table)).map(str::to_owned)));
        self.look_for(conn, unknown.into_iter().collect()).await
    }

    pub(crate) async fn look_for(&self, conn: &mut Conn, unknown: Vec<String>) -> Result<(), Fault> {
        if unknown.is_empty() {
            return Ok(());
        }
        let sql = match conn.dialect() {
            Dialect::Postgres => {
                "select '\"' || n.nspname || '\".\"' || c.relname || '\"' from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.relkind = 'r' and '\"' || n.nspname || '\".\"' || c.relname || '\"' = any($1) and n.nspname = any($2)"
            }
            Dialect::Sqlite => {
                "select '\"main\".\"' || m.name || '\"' from \"main\".sqlite_schema as m where m.type = 'table' and '\"main\".\"' || m.name || '\"' in (select e.value from json_each(?1) as e)"
            }
        };
        let schemas: HashSet<String> = unknown.iter().filter_map(|name| Some(name.split('"').nth(1)?.to_owned())).collect();
        let args = match conn.dialect() {
            Dialect::Postgres => vec![Arg::texts(unknown), Arg::texts(schemas)],
            Dialect::Sqlite => vec![Arg::texts(unknown)],
        };
        let rows = conn.fetch(sql, &args, &[Shape::Text]).await?;
        self.add(rows.iter().filter_map(|row| row.first().and_then(tenon_value::Value::as_text)).map(str::to_owned));
        Ok(())
    }

    pub(crate) fn add(&self, names: impl IntoIterator<Item = String>) {
        if let Ok(mut known) = self.known.write() {
            known.extend(names);
        }
    }

    /// Forgets everything: the tenant was removed.
    pub(crate) fn forget(&self) {
        if let Ok(mut known) = self.known.write() {
            known.clear();
        }
    }

    pub(crate) fn is_missing(&self, name: &str) -> bool {
        self.known.read().is_ok_and(|known| !known.contains(name))
    }
}
