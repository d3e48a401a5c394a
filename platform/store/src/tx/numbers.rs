//! Numbers of series.

use tenon_value::{ElementId, Value};

use super::Tx;
use crate::StoreError;
use crate::db::{Arg, Shape};

impl Tx {
    /// Takes the next numbers of a series; the first of them. Held until the transaction ends, so there are no gaps.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_numbers(&mut self, field: ElementId, period: &str, count: u32) -> Result<i64, StoreError> {
        let table = self.table("counter");
        let sql = format!(
            "insert into {table} as c (\"field\", \"period\", \"next\") values ($1, $2, $3 + 1) \
             on conflict (\"field\", \"period\") do update set \"next\" = c.\"next\" + $3 returning \"next\" - $3"
        );
        let rows = self.ask(&sql, &[Arg::id(field.0), Arg::text(period), Arg::int(i64::from(count))], &[Shape::Int]).await?;
        rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or(StoreError::Damaged("a counter".to_owned()))
    }
}
