//! Many rows in one statement: arrays opened by `unnest` on PostgreSQL, so that one text serves any number of rows, and
//! a single row, as most saves have, without any; a statement per row on SQLite, where that is free.

use super::{Arg, Conn, Fault, Kind, Scalar};
use crate::Dialect;
use crate::ddl::quoted;

/// A column of rows to write.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// A set of codes: an array within the row, which travels as text.
    pub(crate) codes: bool,
}

impl Target {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, codes: false }
    }
}

/// Rows for a table.
#[derive(Debug)]
pub(crate) struct Bulk {
    pub(crate) table: String,
    pub(crate) columns: Vec<Target>,
    pub(crate) rows: Vec<Vec<Scalar>>,
}

impl Bulk {
    /// Without the columns in which no row has anything, or only what the table puts there by itself (`false`): most
    /// records fill few of their fields, and what is not sent costs nothing.
    pub(crate) fn without_empty(mut self) -> Self {
        let filled: Vec<bool> = (0..self.columns.len())
            .map(|place| self.rows.iter().any(|row| !matches!(row.get(place), None | Some(Scalar::Null | Scalar::Bool(false)))))
            .collect();
        let mut at = filled.iter();
        self.columns.retain(|_| at.next().copied().unwrap_or(true));
        for row in &mut self.rows {
            let mut at = filled.iter();
            row.retain(|_| at.next().copied().unwrap_or(true));
        }
        self
    }
}

pub(crate) fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean[]",
        Kind::Int => "bigint[]",
        Kind::Decimal(_) => "numeric[]",
        Kind::Text => "text[]",
        Kind::Date => "date[]",
        Kind::DateTime => "timestamptz[]",
        Kind::Id => "uuid[]",
        Kind::Float => "float8[]",
        Kind::Bytes => "bytea[]",
    }
}

/// `unnest($1::uuid[], …) as u(c0, …)`, and how each column is taken out of it. Placeholders go on after `known`.
fn opened(columns: &[Target], known: usize) -> (String, Vec<String>) {
    let arrays: Vec<String> =
        columns.iter().enumerate().map(|(place, column)| format!("${}::{}", known + place + 1, array_type(column.kind))).collect();
    let names: Vec<String> = (0..columns.len()).map(|place| format!("c{place}")).collect();
    let taken = columns
        .iter()
        .enumerate()
        .map(|(place, column)| if column.codes { format!("u.c{place}::text[]") } else { format!("u.c{place}") })
        .collect();
    (format!("unnest({}) as u({})", arrays.join(", "), names.join(", ")), taken)
}

/// The placeholders of one row.
fn places(columns: &[Target], known: usize) -> Vec<String> {
    let place = |(place, column): (usize, &Target)| format!("${}{}", known + place + 1, if column.codes { "::text[]" } else { "" });
    columns.iter().enumerate().map(place).collect()
}

fn arrays(columns: &[Target], rows: Vec<Vec<Scalar>>) -> impl Iterator<Item = Arg> {
    let mut turned: Vec<Vec<Scalar>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, scalar) in turned.iter_mut().zip(row) {
            column.push(scalar);
        }
    }
    columns.iter().zip(turned).map(|(column, scalars)| Arg::Many(column.kind, scalars))
}

fn singles(columns: &[Target], row: Vec<Scalar>) -> impl Iterator<Item = Arg> {
    columns.iter().zip(row).map(|(column, scalar)| Arg::One(column.kind, scalar))
}

/// An `insert` of all rows for PostgreSQL; its arguments are added to those that are there.
fn insert(bulk: Bulk, tail: &str, args: &mut Vec<Arg>) -> String {
    let Bulk { table, columns, mut rows } = bulk;
    let names = quoted(columns.iter().map(|column| column.name.as_str()));
    if rows.len() == 1
        && let Some(row) = rows.pop()
    {
        let places = places(&columns, args.len()).join(", ");
        args.extend(singles(&columns, row));
        return format!("insert into {table} ({names}) values ({places}) {tail}");
    }
    let (source, taken) = opened(&columns, args.len());
    args.extend(arrays(&columns, rows));
    // `where true` keeps `on conflict` from being read as a join.
    format!("insert into {table} ({names}) select {} from {source} where true {tail}", taken.join(", "))
}

/// `with b0 as (insert …), … `: what is written in the same round trip.
fn written_beside(beside: Vec<Bulk>, args: &mut Vec<Arg>) -> String {
    let parts: Vec<String> =
        beside.into_iter().enumerate().map(|(place, bulk)| format!("b{place} as ({})", insert(bulk, "", args))).collect();
    if parts.is_empty() { String::new() } else { format!("with {} ", parts.join(", ")) }
}

impl Bulk {
    /// An `insert` for PostgreSQL with rows of other tables beside it.
    pub(crate) fn inserted(self, tail: &str, beside: Vec<Self>) -> (String, Vec<Arg>) {
        let mut args = Vec::new();
        let before = written_beside(beside, &mut args);
        let sql = format!("{before}{}", insert(self, tail, &mut args));
        (sql, args)
    }

    /// An `update` for PostgreSQL: the first `keys` columns name the rows, the others are set.
    pub(crate) fn updated(self, keys: &[&str], beside: Vec<Self>) -> (String, Vec<Arg>) {
        let Self { table, columns, mut rows } = self;
        let mut args = Vec::new();
        let before = written_beside(beside, &mut args);
        if rows.len() == 1
            && let Some(row) = rows.pop()
        {
            let places = places(&columns, args.len());
            args.extend(singles(&columns, row));
            let sql = format!("{before}update {table} as t set {} where {}", set(&columns, keys, &places), met(keys, &places));
            return (sql, args);
        }
        let (source, taken) = opened(&columns, args.len());
        args.extend(arrays(&columns, rows));
        let sql = format!("{before}update {table} as t set {} from {source} where {}", set(&columns, keys, &taken), met(keys, &taken));
        (sql, args)
    }
}

/// `"f_1" = $3, …` of the columns after the keys.
fn set(columns: &[Target], keys: &[&str], taken: &[String]) -> String {
    let set = columns.iter().zip(taken).skip(keys.len()).map(|(column, taken)| format!("\"{}\" = {taken}", column.name));
    set.collect::<Vec<_>>().join(", ")
}

/// `t."id" = $1 and …` of the keys.
fn met(keys: &[&str], taken: &[String]) -> String {
    let met: Vec<String> = keys.iter().zip(taken).map(|(key, taken)| format!("t.\"{key}\" = {taken}")).collect();
    met.join(" and ")
}

impl Conn {
    fn is_postgres(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    async fn tell(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let sql = crate::tenant::numbered(sql, self);
        self.execute(&sql, args).await
    }

    /// Inserts rows; `tail` is what follows, as `on conflict …`.
    pub(crate) async fn insert(&mut self, table: &str, columns: &[Target], rows: Vec<Vec<Scalar>>, tail: &str) -> Result<u64, Fault> {
        let bulk = Bulk { table: table.to_owned(), columns: columns.to_vec(), rows };
        self.insert_with(bulk, tail, Vec::new()).await
    }

    /// Inserts rows, and rows of other tables beside them; how many of the first.
    pub(crate) async fn insert_with(&mut self, bulk: Bulk, tail: &str, beside: Vec<Bulk>) -> Result<u64, Fault> {
        if bulk.rows.is_empty() {
            return Ok(0);
        }
        if self.is_postgres() {
            let (sql, args) = bulk.inserted(tail, beside);
            return self.execute(&sql, &args).await;
        }
        let names = quoted(bulk.columns.iter().map(|column| column.name.as_str()));
        let places = places(&bulk.columns, 0).join(", ");
        let sql = format!("insert into {} ({names}) values ({places}) {tail}", bulk.table);
        let mut touched = 0;
        for row in bulk.rows {
            touched += self.tell(&sql, &singles(&bulk.columns, row).collect::<Vec<_>>()).await?;
        }
        for bulk in beside {
            Box::pin(self.insert_with(bulk, "", Vec::new())).await?;
        }
        Ok(touched)
    }

    /// Updates rows: the first `keys` columns name them, the others are set. Rows of other tables are inserted beside.
    pub(crate) async fn update_with(&mut self, bulk: Bulk, keys: &[&str], beside: Vec<Bulk>) -> Result<u64, Fault> {
        if self.is_postgres() {
            let (sql, args) = bulk.updated(keys, beside);
            return self.execute(&sql, &args).await;
        }
        let Bulk { table, columns, rows } = bulk;
        let places = places(&columns, 0);
        let sql = format!("update {table} as t set {} where {}", set(&columns, keys, &places), met(keys, &places));
        let mut touched = 0;
        for row in rows {
            touched += self.tell(&sql, &singles(&columns, row).collect::<Vec<_>>()).await?;
        }
        for bulk in beside {
            self.insert_with(bulk, "", Vec::new()).await?;
        }
        Ok(touched)
    }

    /// Deletes rows by columns that name them.
    pub(crate) async fn delete(&mut self, table: &str, columns: &[Target], rows: Vec<Vec<Scalar>>) -> Result<u64, Fault> {
        if rows.is_empty() {
            return Ok(0);
        }
        if self.is_postgres() {
            let (source, taken) = opened(columns, 0);
            let met: Vec<String> = columns.iter().zip(&taken).map(|(column, taken)| format!("t.\"{}\" = {taken}", column.name)).collect();
            let sql = format!("delete from {table} as t using {source} where {}", met.join(" and "));
            return self.tell(&sql, &arrays(columns, rows).collect::<Vec<_>>()).await;
        }
        let met: Vec<String> = columns.iter().enumerate().map(|(place, column)| format!("\"{}\" = ${}", column.name, place + 1)).collect();
        let sql = format!("delete from {table} where {}", met.join(" and "));
        let mut touched = 0;
        for row in rows {
            touched += self.tell(&sql, &singles(columns, row).collect::<Vec<_>>()).await?;
        }
        Ok(touched)
    }
}
