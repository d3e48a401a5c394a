//! Which versions of records came of one request: what is to be taken back must be their last ones.

use std::collections::HashMap;

use tenon_query::AuthorizedTable;
use tenon_value::{RecordId, Value};

use super::Tx;
use crate::db::{Arg, Shape};
use crate::{Dialect, StoreError};

impl Tx {
    /// The first version of each record that came of a request, and how many there are. Records without are left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn versions_of(
        &mut self,
        table: &AuthorizedTable,
        ids: &[RecordId],
        request: &str,
    ) -> Result<HashMap<RecordId, (i64, i64)>, StoreError> {
        let among = match self.dialect() {
            Dialect::Postgres => "h.\"record\" = any($2)",
            Dialect::Sqlite => "h.\"record\" in (select unhex(e.value) from json_each($2) as e)",
        };
        let sql = format!(
            "select h.\"record\", min(h.\"version\"), count(*) from {} as h where h.\"object\" = $1 and {among} and h.\"request\" = $3 group by h.\"record\"",
            self.table("history")
        );
        let args = [Arg::text(self.object(table.object())?.table.clone()), Arg::ids(ids.iter().map(|id| id.0)), Arg::text(request)];
        let rows = self.ask(&sql, &args, &[Shape::Id, Shape::Int, Shape::Int]).await?;
        let row = |row: Vec<Value>| match row.as_slice() {
            [Value::Id(id), Value::Int(first), Value::Int(count)] => Some((RecordId(*id), (*first, *count))),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}
