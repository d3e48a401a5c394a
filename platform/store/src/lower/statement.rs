//! A lowered statement: text, arguments, shapes of the columns it gives, and the tables it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenon_model::ColumnType;
use tenon_query::Param;
use tenon_value::Uuid;

use super::bind::Bind;
use super::columns::Physical;
use super::fan::Fan;
use crate::db::{Arg, Shape};
use crate::run::values::Values;
use crate::{Dialect, StoreError};

/// A statement, ready to be bound many times.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: Arc<str>,
    pub(crate) shapes: Vec<Shape>,
    binds: Vec<Bind>,
    /// Qualified name and columns of every table of an object or link.
    tables: BTreeMap<String, Vec<Physical>>,
    /// How many rows, and one more: written into the text, for PostgreSQL takes a limit that it does not know for a tenth of
    /// all rows, and therefore plans anew for each value.
    limit: Option<Param>,
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
        Self { limit: Some(rows), ..self }
    }

    /// The same, by arms where there are some.
    pub(crate) fn fanned(self, fan: Option<Fan>) -> Self {
        Self { fan: fan.map(Box::new), ..self }
    }

    /// The text for these values, with tables that are not there yet replaced by what they would give: nothing.
    pub(crate) fn text(&self, values: Values<'_>, is_missing: &dyn Fn(&str) -> bool) -> Arc<str> {
        let limit = self.limit.and_then(|limit| values.get(limit).as_int());
        let sql = match self.fan.as_ref().and_then(|fan| fan.text(values, limit)) {
            Some(fanned) => self.put_nothing(&fanned.into(), is_missing),
            None => self.without(is_missing),
        };
        match limit {
            Some(rows) => format!("{sql} limit {}", rows.max(0).saturating_add(1)).into(),
            None => sql,
        }
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
