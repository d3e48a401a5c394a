//! Which of a tenant's lazily made tables are there. A table once seen is there for ever: nothing is dropped.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};

use crate::Dialect;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::statement::Statement;
use crate::prepared::Plan;

/// Qualified names of the tables that are known to exist.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    known: RwLock<Arc<HashSet<String>>>,
}

/// What is there, as one request saw it. Another that rolls back makes all be looked for again; what this one has seen
/// stays seen, else half of its answer would be that of an empty tenant.
#[derive(Debug)]
pub(crate) struct There {
    known: Arc<HashSet<String>>,
    found: Vec<String>,
    /// Nothing that was asked for is missing.
    is_whole: bool,
}

impl There {
    pub(crate) fn is_missing(&self, name: &str) -> bool {
        !self.is_whole && !self.known.contains(name) && !self.found.iter().any(|found| found == name)
    }
}

impl Tables {
    /// Looks for the tables of a plan that are not known yet: another process may have made them meanwhile.
    pub(crate) async fn look(&self, conn: &mut Conn, plan: &Plan) -> Result<There, Fault> {
        let known = self.known();
        let mut unknown = HashSet::new();
        plan.each_statement(&mut |statement| unknown.extend(statement.tables().filter(|table| !known.contains(*table)).map(str::to_owned)));
        let count = unknown.len();
        let found = self.look_for(conn, unknown.into_iter().collect()).await?;
        Ok(There { known, is_whole: found.len() == count, found })
    }

    /// The same for one statement.
    pub(crate) async fn look_at(&self, conn: &mut Conn, statement: &Statement) -> Result<There, Fault> {
        let known = self.known();
        let unknown: Vec<String> = statement.tables().filter(|table| !known.contains(*table)).map(str::to_owned).collect();
        let count = unknown.len();
        let found = self.look_for(conn, unknown).await?;
        Ok(There { known, is_whole: found.len() == count, found })
    }

    fn known(&self) -> Arc<HashSet<String>> {
        self.known.read().map(|known| Arc::clone(&known)).unwrap_or_default()
    }

    pub(crate) async fn look_for(&self, conn: &mut Conn, unknown: Vec<String>) -> Result<Vec<String>, Fault> {
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let sql = match conn.dialect() {
            Dialect::Postgres => {
                "select '\"' || n.nspname || '\".\"' || c.relname || '\"' from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.relkind = 'r' and '\"' || n.nspname || '\".\"' || c.relname || '\"' = any($1) and n.nspname = any($2) \
                 union all select '' from unnest($2) as s(name) where not exists (select 1 from pg_catalog.pg_namespace as n where n.nspname = s.name)"
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
        let found: Vec<String> =
            rows.iter().filter_map(|row| row.first().and_then(tenon_value::Value::as_text)).map(str::to_owned).collect();
        // A tenant that has moved away, or was removed: its tables are not empty, they are not here.
        if found.iter().any(String::is_empty) {
            return Err(Fault::Undefined("the tenant's home is not here".to_owned()));
        }
        self.add(found.iter().cloned());
        Ok(found)
    }

    pub(crate) fn add(&self, names: impl IntoIterator<Item = String>) {
        if let Ok(mut known) = self.known.write() {
            Arc::make_mut(&mut known).extend(names);
        }
    }

    /// Forgets some: they go with the transaction that made them.
    pub(crate) fn remove(&self, names: &[String]) {
        if let Ok(mut known) = self.known.write() {
            let known = Arc::make_mut(&mut known);
            for name in names {
                known.remove(name);
            }
        }
    }

    /// Forgets everything: the tenant was removed.
    pub(crate) fn forget(&self) {
        if let Ok(mut known) = self.known.write() {
            *known = Arc::default();
        }
    }

    pub(crate) fn is_missing(&self, name: &str) -> bool {
        self.known.read().is_ok_and(|known| !known.contains(name))
    }
}
