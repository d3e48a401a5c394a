//! Where the clock of a sandbox stands, once somebody has moved it. Other tenants' clocks are the wall's.

use tenon_value::{DateTime, TenantId, Value};

use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

impl Store {
    /// Where a tenant's clock was moved to; none: nobody has moved it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn moved_clock(&self, tenant: TenantId) -> Result<Option<DateTime>, StoreError> {
        let sql = format!("select c.\"at\" from {} as c where c.\"id\" = 1", self.fixture(tenant, "clock"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::DateTime]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(|at| if let Value::DateTime(at) = at { Some(*at) } else { None }))
    }

    /// Moves a tenant's clock forward; it never goes back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn move_clock(&self, tenant: TenantId, to: DateTime) -> Result<(), StoreError> {
        let table = self.fixture(tenant, "clock");
        let sql = format!(
            "insert into {table} as c (\"id\", \"at\") values (1, $1) on conflict (\"id\") do update set \"at\" = $1 where c.\"at\" < $1"
        );
        self.tell(tenant, &sql, &[Arg::moment(to)]).await.map(|_| ()).map_err(StoreError::from)
    }
}
