//! Indexes that a change of metadata leaves to jobs: their tables have too many rows for somebody to wait.
//!
//! Invariant: only indexes that nothing but speed hangs on are left for later; until they are there everything answers the same.

use std::collections::BTreeSet;

use serde_json::json;
use tenon_value::{ElementId, Json, Uuid, Value};

use super::contract::INDEX;
use crate::db::{Conn, Fault, Shape};
use crate::ddl::shape::Later;
use crate::jobs::put_with;
use crate::lower::schema_of;
use crate::{JobBy, MetadataTx, NewJob, StoreError};

/// The tables for which such a job is there and has not ended.
pub(crate) async fn indexing(conn: &mut Conn, schema: &str) -> Result<BTreeSet<String>, Fault> {
    let sql = format!(
        "select cast(j.\"payload\" as text) from \"{schema}\".\"job\" as j where j.\"kind\" = '{INDEX}' and j.\"state\" in ('queued', 'running', 'paused')"
    );
    let rows = conn.fetch(&sql, &[], &[Shape::Text]).await?;
    let table = |row: &Vec<Value>| {
        let payload: Json = serde_json::from_str(row.first()?.as_text()?).ok()?;
        Some(payload.get("table")?.as_str()?.to_owned())
    };
    Ok(rows.iter().filter_map(table).collect())
}

impl MetadataTx {
    /// Leaves a job for each object whose indexes are to be made, unless one is there already.
    pub(crate) async fn leave_indexes(&mut self, later: Later) -> Result<(), StoreError> {
        if later.0.is_empty() {
            return Ok(());
        }
        let (schema, table) = (schema_of(self.tenant(), self.store.dialect()), self.table("job"));
        let known = indexing(self.conn()?, &schema).await?;
        for (object, path, of) in later.0.into_iter().filter(|(.., of)| !known.contains(of)) {
            let payload = json!({ "path": path, "object": object.0.to_string(), "table": of });
            let (id, by) = (Uuid::now_v7(), JobBy::system());
            let job = NewJob { id, kind: INDEX, payload, total: None, due: None, key: None, receiving: false, by };
            match put_with(self.conn()?, &table, &job).await {
                Ok(()) => {
                    self.has_jobs = true;
                    self.indexing.push((object, id));
                }
                // The tenant goes on without for now: the next change, or the next start, comes back to it.
                Err(StoreError::Limit { limit, .. }) => tracing::warn!(path, limit, "no job was left for indexes"),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The jobs left by this change that make indexes, by the objects they are for.
    #[must_use]
    pub fn indexing(&self) -> &[(ElementId, Uuid)] {
        &self.indexing
    }
}
