//! What a job reads and leaves, in pieces: they are the tenant's own, and any node that goes on with the job has them.

use tenon_value::{TenantId, Uuid, Value};

use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

impl Store {
    /// Keeps a piece; one that is there already stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_part_put(&self, tenant: TenantId, job: Uuid, (kind, number): (&str, i64), data: String) -> Result<(), StoreError> {
        let sql = format!(
            "insert into {} (\"job\", \"kind\", \"number\", \"data\") values ($1, $2, $3, $4) on conflict (\"job\", \"kind\", \"number\") do nothing",
            self.fixture(tenant, "job_part")
        );
        let args = [Arg::id(job), Arg::text(kind), Arg::int(number), Arg::text(data)];
        self.tell(tenant, &sql, &args).await.map(|_| ()).map_err(StoreError::from)
    }

    /// Pieces of a kind from a number on, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_parts(
        &self,
        tenant: TenantId,
        job: Uuid,
        (kind, from): (&str, i64),
        max: u32,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = format!(
            "select \"number\", \"data\" from {} where \"job\" = $1 and \"kind\" = $2 and \"number\" >= $3 order by \"number\" limit {max}",
            self.fixture(tenant, "job_part")
        );
        let rows = self.ask(tenant, &sql, &[Arg::id(job), Arg::text(kind), Arg::int(from)], &[Shape::Int, Shape::Text]).await?;
        let part = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
            Ok([Value::Int(number), Value::Text(data)]) => Some((number, data)),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(part).collect())
    }

    /// Forgets the pieces of a kind.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_parts_forget(&self, tenant: TenantId, job: Uuid, kind: &str) -> Result<(), StoreError> {
        let sql = format!("delete from {} where \"job\" = $1 and \"kind\" = $2", self.fixture(tenant, "job_part"));
        self.tell(tenant, &sql, &[Arg::id(job), Arg::text(kind)]).await.map(|_| ()).map_err(StoreError::from)
    }
}
