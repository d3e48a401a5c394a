//! Jobs that move a package's data: one of a package at most is not done, and none outlives its version.

use tenon_value::{Uuid, Value};

use crate::db::{Arg, Shape};
use crate::{MetadataTx, StoreError};

/// The key of a job that moves a package's data.
#[must_use]
pub fn move_key(package: &str, job: Uuid) -> String {
    format!("{}{job}", prefix(package))
}

fn prefix(package: &str) -> String {
    format!("move/{package}/")
}

/// Those that have not ended well, and that nobody has called off.
const LEFT: &str = "substr(\"key\", 1, length($1)) = $1 and \"state\" in ('queued', 'running', 'paused', 'failed', 'dead')";

impl MetadataTx {
    /// The job that has not moved all of a package's data yet, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn move_left(&mut self, package: &str) -> Result<Option<Uuid>, StoreError> {
        let sql = format!("select \"id\" from {} where {LEFT} limit 1", self.table("job"));
        let args = [Arg::text(prefix(package))];
        let conn = self.conn()?;
        let sql = crate::tenant::numbered(&sql, conn);
        let rows = conn.fetch(&sql, &args, &[Shape::Id]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_id))
    }

    /// Calls them off: what they were to move stays as it is. One that runs finds its version gone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn call_off_moves(&mut self, package: &str) -> Result<(), StoreError> {
        let sql = format!("update {} set \"state\" = 'cancelled' where {LEFT} and \"state\" <> 'running'", self.table("job"));
        self.run(&sql, &[Arg::text(prefix(package))]).await?;
        Ok(())
    }
}
