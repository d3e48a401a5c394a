//! Whether a copied table is the table: how many rows, and a sum over the digests of all of them, whatever their order.

use tenon_value::Value;

use crate::StoreError;
use crate::db::line::Line;
use crate::db::{Fault, Shape};

/// Compares what both sides have of a table; how many rows.
pub(super) async fn same(from: &Line, to: &Line, table: &str, columns: &str) -> Result<u64, Fault> {
    let (there, here) = futures::try_join!(sum(from, table, columns), sum(to, table, columns))?;
    if there != here {
        return Err(StoreError::Damaged(format!("the copy of {table}: {} rows instead of {}", here.0, there.0)).into());
    }
    Ok(there.0)
}

async fn sum(line: &Line, table: &str, columns: &str) -> Result<(u64, String), Fault> {
    let sql = format!(
        "select count(*), coalesce(sum(('x' || encode(substring(sha256(convert_to(t::text, 'UTF8')) from 1 for 7), 'hex'))::bit(56)::bigint), 0)::text \
         from (select {columns} from {table}) as t"
    );
    let rows = line.fetch(&sql, &[], &[Shape::Int, Shape::Text]).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(count), Value::Text(sum)]) => Ok((u64::try_from(*count).unwrap_or_default(), sum.clone())),
        _ => Err(StoreError::Damaged("the digest of a table".to_owned()).into()),
    }
}
