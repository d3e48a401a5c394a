//! One moment of a tenant's data, read as often as wanted: what is written meanwhile is not seen.

use tenon_context::OpContext;
use tenon_query::{Answer, Params};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::prepared::Prepared;
use crate::run::Runner;
use crate::run::values::Values;
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError};

/// Snapshots of one process at once (`snapshots`): each keeps a connection, and the database keeps what it has seen.
pub const SNAPSHOTS_MAX: usize = 4;

static ROOM: Semaphore = Semaphore::const_new(SNAPSHOTS_MAX);

/// One moment of a tenant's data.
#[derive(Debug)]
pub struct Snapshot {
    store: Store,
    conn: Conn,
    _room: SemaphorePermit<'static>,
}

impl Store {
    /// The moment it is, with the model that holds then; waits while there are too many.
    ///
    /// # Errors
    /// `StaleModel` where the tenant's model has moved; what the database says.
    pub async fn snapshot(&self, cx: &OpContext) -> Result<Snapshot, StoreError> {
        let room = ROOM.acquire().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let tenant = cx.model.tenant;
        let mut conn = self.reader_apart(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        conn.script(if self.dialect() == Dialect::Postgres { "begin isolation level repeatable read read only" } else { "begin" }).await?;
        // The first statement is what fixes the moment.
        let sql = format!("select m.\"version\" from \"{}\".\"model\" as m where m.\"version\" = $1", schema_of(tenant, self.dialect()));
        let version = i64::try_from(cx.model.version.0).map_err(|_| StoreError::Value("the version"))?;
        let rows = conn.fetch(&numbered(&sql, &conn), &[Arg::int(version)], &[Shape::Int]).await?;
        let snapshot = Snapshot { store: self.clone(), conn, _room: room };
        if rows.is_empty() {
            snapshot.end().await?;
            return Err(StoreError::StaleModel);
        }
        Ok(snapshot)
    }
}

impl Snapshot {
    /// Runs a prepared read as of the moment.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read(&mut self, cx: &OpContext, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        let memory = self.store.memory(cx.model.tenant);
        let mut runner = Runner { conn: &mut self.conn, tables: &memory.tables, values: Values::of(cx, params) };
        match runner.answer(prepared).await {
            Err(Fault::Undefined(_)) => {
                memory.tables.forget();
                Err(StoreError::StaleModel)
            }
            answer => Ok(answer?),
        }
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// What the database says; the connection is thrown away then.
    pub async fn end(mut self) -> Result<(), StoreError> {
        self.conn.script("rollback").await?;
        self.conn.mark(true);
        Ok(())
    }
}
