//! What a tenant takes: bytes of its database and its files, who is in it, what waits.

use tenon_value::{TenantId, Value};

use crate::db::Shape;
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

/// What a tenant takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of its tables and indexes; on SQLite of its file.
    pub database_bytes: u64,
    /// Files, those that wait for their removal included.
    pub files: u64,
    /// Bytes of all files, as `files_bytes` counts them.
    pub file_bytes: u64,
    /// People who may sign in, or are invited.
    pub members: u64,
    /// Keys that have not been revoked.
    pub keys: u64,
    /// Jobs that wait, rest or run.
    pub jobs: u64,
}

impl Store {
    /// Bytes of a tenant's tables and indexes, as an expression.
    pub(crate) fn bytes_expression(&self, tenant: TenantId) -> String {
        match self.dialect() {
            Dialect::Sqlite => "(select p.page_count * s.page_size from pragma_page_count as p, pragma_page_size as s)".to_owned(),
            Dialect::Postgres => format!(
                "(select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_catalog.pg_class as c \
                 join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = '{}' and c.relkind = 'r')",
                schema_of(tenant, self.dialect())
            ),
        }
    }

    /// What a tenant takes, now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn usage(&self, tenant: TenantId) -> Result<Usage, StoreError> {
        let table = |name: &str| self.fixture(tenant, name);
        let bytes = self.bytes_expression(tenant);
        let sql = format!(
            "select {bytes}, (select count(*) from {files} as f), (select cast(coalesce(sum(f.\"size\"), 0) as bigint) from {files} as f), \
             (select count(*) from {members} as m where m.\"state\" <> 'disabled'), (select count(*) from {keys} as k where k.\"revoked_at\" is null), \
             (select count(*) from {jobs} as j where j.\"state\" in ('receiving', 'queued', 'running', 'paused'))",
            files = table("file"),
            members = table("member"),
            keys = table("api_key"),
            jobs = table("job"),
        );
        let rows = self.ask(tenant, &sql, &[], &[Shape::Int; 6]).await?;
        let number = |place: usize| {
            let number = rows.first().and_then(|row| row.get(place)).and_then(Value::as_int);
            number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
        };
        Ok(Usage {
            database_bytes: number(0),
            files: number(1),
            file_bytes: number(2),
            members: number(3),
            keys: number(4),
            jobs: number(5),
        })
    }
}
