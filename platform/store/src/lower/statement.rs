//! A lowered statement: text, arguments, shapes of the columns it gives, and the tables it needs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tenon_model::ColumnType;
use tenon_query::Param;
use tenon_value::Uuid;

use super::bind::Bind;
use super::columns::Physical;
use super::fan::Fan;
use crate::db::{Arg, Shape};
use crate::run::values::Values;
use crate::{Dialect, StoreError};

/// How many rows, and one more: written into the text, for PostgreSQL takes a limit that it does not know for a tenth of all
/// rows, and therefore plans anew for each value.
#[derive(Clone, Debug)]
struct Limit {
    rows: Param,
    /// The text for the size of page that was asked for first: most pages have that.
    first: OnceLock<(i64, Arc<str>)>,
}

/// A statement, ready to be bound many times.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: Arc<str>,
    pub(crate) shapes: Vec<Shape>,
    binds: Vec<Bind>,
    /// Qualified name and columns of every table of an object or link.
    tables: BTreeMap<String, Vec<Physical>>,
    limit: Option<Box<Limit>>,
    /// The same rows by why they may be seen, where that serves.
    fan: Option<Box<Fan>>,
    dialect: Dialect,
}

impl Statement {
    pub(crate) fn new(
        sql: String,
        binds: Vec<Bind>,
        shapes: Vec<Shape>,
        tables: BTreeMap<String, Vec<Physical>>,
        dialect: Dialect,
    ) -> Self {
        Self { sql: sql.into(), shapes, binds, tables, limit: None, fan: None, dialect }
    }

    /// The same, ending after so many rows and one more.
    pub(crate) fn limited(self, rows: Param) -> Self {
        Self { limit: Some(Box::new(Limit { rows, first: OnceLock::new() })), ..self }
    }

    /// The same, by arms where there are some.
    pub(crate) fn fanned(self, fan: Option<Fan>) -> Self {
        Self { fan: fan.map(Box::new), ..self }
    }

    /// The text for these values, with tables that are not there yet replaced by what they would give: nothing.
    pub(crate) fn text(&self, values: Values<'_>, is_missing: &dyn Fn(&str) -> bool) -> Arc<str> {
        let rows = self.limit.as_ref().and_then(|limit| values.get(limit.rows).as_int());
        if let Some(fanned) = self.fan.as_ref().and_then(|fan| fan.text(values, rows)) {
            let sql = self.put_nothing(&fanned.into(), is_missing);
            return match rows {
                Some(rows) => format!("{sql} limit {}", rows.max(0).saturating_add(1)).into(),
                None => sql,
            };
        }
        let sql = self.without(is_missing);
        let (Some(limit), Some(rows)) = (&self.limit, rows) else { return sql };
        let limited = || format!("{sql} limit {}", rows.max(0).saturating_add(1)).into();
        if !Arc::ptr_eq(&sql, &self.sql) {
            return limited();
        }
        let (first, text) = limit.first.get_or_init(|| (rows, limited()));
        if *first == rows { Arc::clone(text) } else { limited() }
    }

    pub(crate) fn args(&self, values: Values<'_>, parents: &[Uuid]) -> Result<Vec<Arg>, StoreError> {
        self.binds.iter().map(|bind| bind.resolve(values, parents, self.dialect)).collect()
    }

    /// Qualified names of the tables that are made at their first write.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// The text with tables that are not there yet replaced by what they would give: nothing.
    pub(crate) fn without(&self, is_missing: &dyn Fn(&str) -> bool) -> Arc<str> {
        self.put_nothing(&self.sql, is_missing)
    }

    fn put_nothing(&self, sql: &Arc<str>, is_missing: &dyn Fn(&str) -> bool) -> Arc<str> {
        let missing: Vec<_> = self.tables.iter().filter(|(name, _)| is_missing(name)).collect();
        if missing.is_empty() {
            return Arc::clone(sql);
        }
        let mut sql = sql.to_string();
        for (name, columns) in missing {
            sql = sql.replace(&format!("{name} as "), &format!("{} as ", self.nothing(columns)));
        }
        sql.into()
    }

    fn nothing(&self, columns: &[Physical]) -> String {
        let columns: Vec<String> = columns
            .iter()
            .map(|column| {
                format!("cast(null as {}) as \"{}\"", type_name(column.kind, self.dialect).replace(" collate \"C\"", ""), column.name)
            })
            .collect();
        let never = if self.dialect == Dialect::Postgres { "false" } else { "0" };
        format!("(select {} where {never})", columns.join(", "))
    }

    pub(crate) fn weight(&self) -> usize {
        self.sql.len()
            + self.fan.as_ref().map_or(0, |fan| fan.weight())
            + self.binds.len() * size_of::<Bind>()
            + self.shapes.len()
            + self.tables.values().map(|columns| 64 + columns.len() * 40).sum::<usize>()
    }
}

/// The type of a column in a database's own words.
pub(crate) fn type_name(kind: ColumnType, dialect: Dialect) -> String {
    let (postgres, sqlite) = match kind {
        ColumnType::Bool => ("boolean", "integer"),
        ColumnType::Int | ColumnType::Duration => ("bigint", "integer"),
        ColumnType::Decimal(scale) => {
            return if dialect == Dialect::Postgres { format!("numeric(18,{scale})") } else { "integer".to_owned() };
        }
        ColumnType::Text | ColumnType::Json => ("text collate \"C\"", "text"),
        ColumnType::Date => ("date", "integer"),
        ColumnType::DateTime => ("timestamptz", "integer"),
        ColumnType::Id => ("uuid", "blob"),
        ColumnType::Float => ("double precision", "real"),
        ColumnType::Codes => ("text[]", "text"),
        ColumnType::Sealed => ("bytea", "blob"),
    };
    (if dialect == Dialect::Postgres { postgres } else { sqlite }).to_owned()
}
