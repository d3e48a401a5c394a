//! Many rows in one statement: arrays opened by `unnest` on PostgreSQL, so that one text serves any number of rows;
//! a statement per row on SQLite, where that is free.

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

/// `unnest($1::uuid[], …) as u(c0, …)`, and how each column is taken out of it.
fn opened(columns: &[Target]) -> (String, Vec<String>) {
    let arrays: Vec<String> =
        columns.iter().enumerate().map(|(place, column)| format!("${}::{}", place + 1, array_type(column.kind))).collect();
    let names: Vec<String> = (0..columns.len()).map(|place| format!("c{place}")).collect();
    let taken = columns
        .iter()
        .enumerate()
        .map(|(place, column)| if column.codes { format!("u.c{place}::text[]") } else { format!("u.c{place}") })
        .collect();
    (format!("unnest({}) as u({})", arrays.join(", "), names.join(", ")), taken)
}

fn arrays(columns: &[Target], rows: Vec<Vec<Scalar>>) -> Vec<Arg> {
    let mut turned: Vec<Vec<Scalar>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, scalar) in turned.iter_mut().zip(row) {
            column.push(scalar);
        }
    }
    columns.iter().zip(turned).map(|(column, scalars)| Arg::Many(column.kind, scalars)).collect()
}

fn singles(columns: &[Target], row: Vec<Scalar>) -> Vec<Arg> {
    columns.iter().zip(row).map(|(column, scalar)| Arg::One(column.kind, scalar)).collect()
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
        if rows.is_empty() {
            return Ok(0);
        }
        let names = quoted(columns.iter().map(|column| column.name.as_str()));
        if self.is_postgres() {
            let (source, taken) = opened(columns);
            // `where true` keeps `on conflict` from being read as a join.
            let sql = format!("insert into {table} ({names}) select {} from {source} where true {tail}", taken.join(", "));
            return self.tell(&sql, &arrays(columns, rows)).await;
        }
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
        let sql = format!("insert into {table} ({names}) values ({}) {tail}", places.join(", "));
        let mut touched = 0;
        for row in rows {
            touched += self.tell(&sql, &singles(columns, row)).await?;
        }
        Ok(touched)
    }

    /// Updates rows: the first `keys` columns name them, the others are set.
    pub(crate) async fn update(&mut self, table: &str, columns: &[Target], keys: &[&str], rows: Vec<Vec<Scalar>>) -> Result<u64, Fault> {
        if self.is_postgres() {
            let (source, taken) = opened(columns);
            let set: Vec<String> =
                columns.iter().zip(&taken).skip(keys.len()).map(|(column, taken)| format!("\"{}\" = {taken}", column.name)).collect();
            let met: Vec<String> = keys.iter().zip(&taken).map(|(key, taken)| format!("t.\"{key}\" = {taken}")).collect();
            let sql = format!("update {table} as t set {} from {source} where {}", set.join(", "), met.join(" and "));
            return self.tell(&sql, &arrays(columns, rows)).await;
        }
        let set: Vec<String> =
            columns.iter().enumerate().skip(keys.len()).map(|(place, column)| format!("\"{}\" = ${}", column.name, place + 1)).collect();
        let met: Vec<String> = keys.iter().enumerate().map(|(place, key)| format!("\"{key}\" = ${}", place + 1)).collect();
        let sql = format!("update {table} set {} where {}", set.join(", "), met.join(" and "));
        let mut touched = 0;
        for row in rows {
            touched += self.tell(&sql, &singles(columns, row)).await?;
        }
        Ok(touched)
    }

    /// Deletes rows by columns that name them.
    pub(crate) async fn delete(&mut self, table: &str, columns: &[Target], rows: Vec<Vec<Scalar>>) -> Result<u64, Fault> {
        if rows.is_empty() {
            return Ok(0);
        }
        if self.is_postgres() {
            let (source, taken) = opened(columns);
            let met: Vec<String> = columns.iter().zip(&taken).map(|(column, taken)| format!("t.\"{}\" = {taken}", column.name)).collect();
            let sql = format!("delete from {table} as t using {source} where {}", met.join(" and "));
            return self.tell(&sql, &arrays(columns, rows)).await;
        }
        let met: Vec<String> = columns.iter().enumerate().map(|(place, column)| format!("\"{}\" = ${}", column.name, place + 1)).collect();
        let sql = format!("delete from {table} where {}", met.join(" and "));
        let mut touched = 0;
        for row in rows {
            touched += self.tell(&sql, &singles(columns, row)).await?;
        }
        Ok(touched)
    }
}
