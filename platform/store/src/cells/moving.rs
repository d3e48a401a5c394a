//! A tenant moves to another cell: its writes stop, its home is copied and compared, its place is switched, and the old home
//! is removed when every node has noticed. Reads go on all the while.
//!
//! Interrupted before the switch, the tenant is where it was, and its writes may stand still; interrupted after it, it is
//! where it is going. The same command again goes on, naming its own cell takes it back, and a start does so by itself.
//! One process moves a tenant at a time: a lock in `main`, and a token that whoever comes later takes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tenon_value::{TenantId, Uuid, Value};
use tokio::time::{sleep, timeout};

use super::copy::{self, Copied};
use super::{Cells, Reached, fence};
use crate::db::line::Line;
use crate::db::{Arg, Fault, Shape};
use crate::lower::schema_of;
use crate::metadata::change::lock_key;
use crate::store::Home;
use crate::system::places::Placement;
use crate::{Dialect, EPOCH_LEASE, Store, StoreError};

/// Waited beyond the lease: timers are late.
const MARGIN: Duration = Duration::from_millis(20);
/// What is added to a tenant's lock for who moves it: those before it are others' (making tables, sealing, files).
const LOCK: i64 = 7;
/// How often the stop of writes, and the removal of an old home, is tried.
const TRIES: usize = 3;

/// Steps at which a test may end the process, see [`crate::StoreConfig::crash_at`].
const CRASH_POINTS: &[&str] = &["move-begun", "move-stopped", "move-copied", "move-switched", "move-removed"];

/// What a move has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Tables.
    pub tables: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// For how long writes stood still.
    pub stopped: Duration,
    /// Whether the old home could not be removed, as somebody still reads in it: the same command again does so.
    pub old_home_left: bool,
}

/// Who moves a tenant: the lock, and the two cells.
struct Mover<'s> {
    store: &'s Store,
    cells: &'s Cells,
    tenant: TenantId,
    schema: String,
    _lock: Arc<Line>,
}

impl Store {
    /// Moves a tenant to another cell, or goes on with a move that was interrupted. Naming the cell it lies in takes back a
    /// move that was not ended.
    ///
    /// # Errors
    /// `Cell` where there is no such cell, or its database is another's; `Moving` where somebody else moves it; `Limit`
    /// (`move_stop`) where it takes too long, `Busy` where writers do not end: then it stays where it was.
    pub async fn tenant_move(&self, tenant: TenantId, to: &str) -> Result<Moved, StoreError> {
        let Home::Postgres(cells) = &self.inner.home else {
            return Err(StoreError::Cell("tenants move between cells, which are PostgreSQL databases".to_owned()));
        };
        let target = Arc::clone(cells.named(to)?);
        let Some(mover) = Mover::begin(self, cells, tenant).await? else { return Err(StoreError::Moving) };
        let found = self.inner.system.placement(tenant).await?;
        if let Some(on_its_way) = found.moving.as_ref().filter(|moving| *moving != to && found.cell != to) {
            let (moving, cell) = (on_its_way, &found.cell);
            let said = format!("the tenant is on its way to `{moving}`: move it there, or to `{cell}`, which takes it back");
            return Err(StoreError::Cell(said));
        }
        if found.cell == to {
            mover.take_back(&found).await?;
            return Ok(Moved { old_home_left: !mover.remove_old(&found).await?, ..Moved::default() });
        }
        if !mover.remove_old(&found).await? {
            return Err(StoreError::Busy);
        }
        self.settle(tenant).await?;
        self.audit_seal(tenant).await?;
        mover.go(&found, &target).await
    }

    /// The cell a tenant lies in, as `system` says now; none where there are no cells.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant_cell(&self, tenant: TenantId) -> Result<Option<String>, StoreError> {
        match &self.inner.home {
            Home::Postgres(_) => self.inner.system.placement(tenant).await.map(|placed| Some(placed.cell)),
            Home::Sqlite(_) => Ok(None),
        }
    }

    /// Ends moves that nobody is at any more: those not switched are taken back, old homes are removed. What cannot be done
    /// now is left for the next time.
    pub async fn moves_end(&self) {
        let Home::Postgres(cells) = &self.inner.home else { return };
        let found = self.inner.system.moves().await.unwrap_or_default();
        for found in found {
            let ended = async {
                let Some(mover) = Mover::begin(self, cells, found.tenant).await? else { return Ok(()) };
                // Looked at again, under the lock.
                let found = self.inner.system.placement(found.tenant).await?;
                mover.take_back(&found).await?;
                mover.remove_old(&found).await.map(drop)
            };
            if let Err(error) = ended.await {
                tracing::warn!(tenant = %found.tenant, %error, "a move that was interrupted is still to be ended");
            }
        }
    }

    fn reached(&self, point: &str) {
        if self.inner.config.crash_at.as_deref() == Some(point) {
            std::process::abort();
        }
    }

    /// The steps of a move at which the process can be made to end, in their order.
    #[must_use]
    pub const fn move_crash_points() -> &'static [&'static str] {
        CRASH_POINTS
    }
}

impl<'s> Mover<'s> {
    /// None where somebody else is at it.
    async fn begin(store: &'s Store, cells: &'s Cells, tenant: TenantId) -> Result<Option<Self>, StoreError> {
        let lock = cells.main().pools.alone().await?;
        let key = lock_key(tenant).wrapping_add(LOCK);
        let rows = lock.fetch("select pg_try_advisory_lock($1)", &[Arg::int(key)], &[Shape::Bool]).await?;
        let taken = matches!(rows.first().and_then(|row| row.first()), Some(Value::Bool(true)));
        Ok(taken.then(|| Self { store, cells, tenant, schema: schema_of(tenant, Dialect::Postgres), _lock: lock }))
    }

    async fn go(&self, found: &Placement, target: &Reached) -> Result<Moved, StoreError> {
        let source = self.cells.named(&found.cell)?;
        let installation = hex::encode(self.store.inner.system.secret("installation").await?);
        for cell in [source.as_ref(), target] {
            introduce(cell, &installation).await?;
        }
        let token = format!("{} {}", Uuid::new_v4().simple(), found.token);
        self.store.inner.system.move_begin(found, &target.name, &token).await?;
        self.store.reached("move-begun");
        let (began, most) = (Instant::now(), self.store.inner.config.limits.move_stop);
        let copied = match timeout(most, self.stop_and_copy((source, target), &token)).await {
            Ok(copied) => copied,
            Err(_) => Err(StoreError::Limit { limit: "move_stop", max: most.as_secs() }.into()),
        };
        let copied = match copied {
            Ok(copied) => copied,
            Err(fault) => {
                let moving = Placement { moving: Some(target.name.clone()), token, ..found.clone() };
                self.take_back(&moving).await?;
                return Err(fault.into());
            }
        };
        self.store.reached("move-copied");
        // Where this fails nobody knows whether it was done: writes stay stopped until the command is given again.
        if !self.store.inner.system.move_switch(found, &target.name, &token).await? {
            return Err(StoreError::Moving);
        }
        self.store.memory(self.tenant).place.forget();
        let stopped = began.elapsed();
        self.store.reached("move-switched");
        sleep(EPOCH_LEASE + MARGIN).await;
        let switched = Placement { cell: target.name.clone(), leaving: Some(found.cell.clone()), ..found.clone() };
        self.learn_sizes(target).await;
        let removed = self.remove_old(&switched).await?;
        Ok(Moved { tables: copied.tables, rows: copied.rows, stopped, old_home_left: !removed })
    }

    async fn stop_and_copy(&self, (source, target): (&Reached, &Reached), token: &str) -> Result<Copied, Fault> {
        let (from, to) = (source.pools.alone().await?, target.pools.alone().await?);
        let wait = self.store.inner.config.limits.lock_wait;
        // Something of an earlier try.
        copy::remove(&to, &self.schema, wait).await?;
        let (own, _) = token.split_once(' ').unwrap_or((token, ""));
        let mut tries = 1;
        while let Err(fault) = fence::put(&from, (self.tenant, &self.schema), own, wait).await {
            if !matches!(fault, Fault::Store(StoreError::Serialization)) || tries == TRIES {
                return Err(fault);
            }
            tries += 1;
        }
        self.store.reached("move-stopped");
        copy::copy(&from, &to, &self.schema).await
    }

    /// Lets writes go on where the tenant is, if it was being moved away and this is still who moves it.
    async fn take_back(&self, found: &Placement) -> Result<(), StoreError> {
        let Some(moving) = &found.moving else { return Ok(()) };
        let system = &self.store.inner.system;
        let (source, target) = (self.cells.named(&found.cell)?, self.cells.named(moving)?);
        // First nobody else can switch any more.
        let token = format!("{} {}", Uuid::new_v4().simple(), found.token);
        if !system.move_take_over(found, &token).await? {
            return Err(StoreError::Moving);
        }
        let wait = self.store.inner.config.limits.lock_wait;
        let source = source.pools.alone().await?;
        fence::lift(&source, (self.tenant, &self.schema), &token, wait).await?;
        let target = target.pools.alone().await?;
        copy::remove(&target, &self.schema, wait).await?;
        system.move_end(self.tenant, &token).await.map(drop)
    }

    /// Removes the home the tenant has left; whether there is none any more.
    async fn remove_old(&self, found: &Placement) -> Result<bool, StoreError> {
        let Some(leaving) = &found.leaving else { return Ok(true) };
        let line = self.cells.named(leaving)?.pools.alone().await?;
        let mut tries = 1;
        while let Err(fault) = copy::remove(&line, &self.schema, self.store.inner.config.limits.lock_wait).await {
            // Who reads there began before the switch, and ends in his time.
            let is_busy = matches!(fault, Fault::Store(StoreError::Busy | StoreError::Serialization));
            match (is_busy, tries == TRIES) {
                (false, _) => return Err(fault.into()),
                (true, true) => return Ok(false),
                (true, false) => tries += 1,
            }
        }
        self.store.reached("move-removed");
        self.store.inner.system.move_left(self.tenant).await.map(|()| true)
    }

    /// The planner of the new server knows nothing of the tables yet. It would learn by itself in a minute.
    async fn learn_sizes(&self, target: &Reached) {
        let learned = async {
            let line = target.pools.alone().await?;
            let sql = "select format('%I.%I', schemaname, tablename) from pg_catalog.pg_tables where schemaname = $1";
            for row in line.fetch(sql, &[Arg::text(self.schema.as_str())], &[Shape::Text]).await? {
                if let Some(table) = row.first().and_then(Value::as_text) {
                    line.script(&format!("analyze {table}")).await?;
                }
            }
            Ok::<(), Fault>(())
        };
        if let Err(fault) = learned.await {
            tracing::debug!(tenant = %self.tenant, ?fault, "the tables of a moved tenant were not analyzed");
        }
    }
}

/// A database keeps which cell of which installation it is: two names for one database, or another installation's, would
/// have a move remove the very home it is to make.
async fn introduce(cell: &Reached, installation: &str) -> Result<(), StoreError> {
    let line = cell.pools.alone().await?;
    line.script(
        "create schema if not exists tenon_cell; \
         create table if not exists tenon_cell.cell (id int primary key, name text not null, installation text not null)",
    )
    .await?;
    let args = [Arg::text(cell.name.as_str()), Arg::text(installation)];
    line.execute("insert into tenon_cell.cell (id, name, installation) values (1, $1, $2) on conflict (id) do nothing", &args).await?;
    let rows = line.fetch("select c.name, c.installation from tenon_cell.cell as c", &[], &[Shape::Text; 2]).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Text(name), Value::Text(owner)]) if *name == cell.name && owner == installation => Ok(()),
        Some([Value::Text(name), _]) => {
            Err(StoreError::Cell(format!("the database of cell `{}` is cell `{name}` already, of this installation or another", cell.name)))
        }
        _ => Err(StoreError::Damaged("which cell a database is".to_owned())),
    }
}
