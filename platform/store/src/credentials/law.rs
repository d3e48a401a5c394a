//! The epoch of a tenant's law: a counter that every change of anybody's rights raises in its own transaction.
//!
//! A node believes the number it read for [`EPOCH_LEASE`]; on PostgreSQL whoever raised it answers only when that has
//! run out everywhere, so what was revoked is gone at the next request on every node, and reads pay nothing. On SQLite
//! this process is the only one: it is told at once. Invariant: the number known never goes back.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tenon_value::{TenantId, Value};
use tracing::Instrument;

use crate::audit::note::{AuditNotes, bulk};
use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::metadata::change::{undo, undo_later};
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError, Tx};

/// How long a node believes an epoch it has read.
pub const EPOCH_LEASE: Duration = Duration::from_millis(250);
/// Waited beyond the lease by who raised it: clocks of machines run alike, but timers are late.
const EPOCH_MARGIN: Duration = Duration::from_millis(20);

/// What this process knows of a tenant's epoch.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    /// The number, and when asking for it began.
    known: Mutex<Option<(i64, Instant)>>,
    /// Held by who asks: the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
}

impl Epoch {
    fn believed(&self, dialect: Dialect) -> Option<i64> {
        let known = *self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (epoch, since) = known?;
        (dialect == Dialect::Sqlite || since.elapsed() < EPOCH_LEASE).then_some(epoch)
    }

    /// Learns a number read or written since `since`; an older one says nothing.
    fn learn(&self, epoch: i64, since: Instant) {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.is_none_or(|(own, begun)| own < epoch || (own == epoch && begun < since)) {
            *known = Some((epoch, since));
        }
    }
}

impl Store {
    /// The epoch of a tenant's law, at most [`EPOCH_LEASE`] old: rights looked up under another number are out of date.
    ///
    /// # Errors
    /// What the database says.
    pub async fn epoch(&self, tenant: TenantId) -> Result<i64, StoreError> {
        let memory = self.memory(tenant);
        if let Some(epoch) = memory.epoch.believed(self.dialect()) {
            return Ok(epoch);
        }
        let _turn = memory.epoch.asking.lock().await;
        if let Some(epoch) = memory.epoch.believed(self.dialect()) {
            return Ok(epoch);
        }
        let since = Instant::now();
        let sql = format!("select l.\"epoch\" from {} as l", self.fixture(tenant, "law"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::Int]).await?;
        let epoch = rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or(StoreError::NoTenant)?;
        memory.epoch.learn(epoch, since);
        Ok(epoch)
    }

    /// Begins a change of who may sign in or what he may do.
    pub(crate) async fn law(&self, tenant: TenantId) -> Result<LawTx, Fault> {
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let begin = if self.dialect() == Dialect::Sqlite { "begin immediate" } else { "begin" };
        conn.script(begin).await?;
        Ok(LawTx { store: self.clone(), tenant, conn: Some(conn), noted: false })
    }

    /// Commits a transaction that changed rights, then waits until no node believes the epoch before it any more. Goes to
    /// its end even where the caller stops waiting: this process must not miss what it has committed.
    pub(crate) async fn commit_raised(&self, tenant: TenantId, mut conn: Conn) -> Result<(), Fault> {
        let (memory, store) = (self.memory(tenant), self.clone());
        let committing = async move {
            let committed = match raise(&mut conn, tenant).await {
                Ok(epoch) => conn.script("commit").await.map(|()| epoch),
                Err(fault) => Err(fault),
            };
            let epoch = match committed {
                Ok(epoch) => epoch,
                Err(fault) => {
                    undo_later(Some(conn));
                    return Err(fault);
                }
            };
            conn.mark(true);
            memory.epoch.learn(epoch, Instant::now());
            // Whatever changes rights has something to be linked into the audit trail.
            store.audit_tell(tenant);
            Ok(())
        };
        let ended = tokio::spawn(committing.in_current_span()).await;
        ended.unwrap_or_else(|error| Err(StoreError::Database(error.to_string()).into()))?;
        if self.dialect() == Dialect::Postgres {
            tokio::time::sleep(EPOCH_LEASE + EPOCH_MARGIN).await;
        }
        Ok(())
    }
}

impl Tx {
    /// Somebody's rights change with this transaction: its commit raises the tenant's epoch and, on PostgreSQL, returns
    /// only when every node has noticed.
    pub const fn raise_epoch(&mut self) {
        self.raises_epoch = true;
    }
}

/// Raises the number; the statement is the last before the commit, since everybody else's waits for it.
async fn raise(conn: &mut Conn, tenant: TenantId) -> Result<i64, Fault> {
    let schema = schema_of(tenant, conn.dialect());
    let sql = format!("update \"{schema}\".\"law\" set \"epoch\" = \"epoch\" + 1 returning \"epoch\"");
    let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
    rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or_else(|| StoreError::NoTenant.into())
}

/// A short transaction over the tables of this folder.
pub(crate) struct LawTx {
    store: Store,
    tenant: TenantId,
    conn: Option<Conn>,
    /// Something of it is for the audit trail.
    noted: bool,
}

impl LawTx {
    pub(crate) fn conn(&mut self) -> Result<&mut Conn, Fault> {
        self.conn.as_mut().ok_or_else(|| StoreError::Unavailable("the transaction has ended".to_owned()).into())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.store.dialect() == Dialect::Postgres
    }

    pub(crate) fn table(&self, name: &str) -> String {
        self.store.fixture(self.tenant, name)
    }

    pub(crate) async fn ask(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Vec<Vec<Value>>, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        conn.fetch(&sql, args, shapes).await
    }

    pub(crate) async fn tell(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        conn.execute(&sql, args).await
    }

    /// Tells the audit trail, within this transaction.
    pub(crate) async fn note(&mut self, told: &AuditNotes) -> Result<(), Fault> {
        let rows = told.rows(self.store.clock());
        if rows.is_empty() {
            return Ok(());
        }
        let rows = bulk(self.table("outbox"), rows);
        self.conn()?.insert_with(rows, "", Vec::new()).await?;
        self.noted = true;
        Ok(())
    }

    /// Ends it with nobody's rights changed.
    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        self.conn()?.script("commit").await?;
        if let Some(mut conn) = self.conn.take() {
            conn.mark(true);
        }
        if self.noted {
            self.store.audit_tell(self.tenant);
        }
        Ok(())
    }

    /// Ends it with a new epoch, and returns when every node has noticed.
    pub(crate) async fn commit_raised(mut self) -> Result<(), Fault> {
        match self.conn.take() {
            Some(conn) => self.store.commit_raised(self.tenant, conn).await,
            None => Ok(()),
        }
    }

    /// Ends it without a trace.
    pub(crate) async fn rollback(mut self) -> Result<(), Fault> {
        match self.conn.take() {
            Some(mut conn) => undo(&mut conn).await,
            None => Ok(()),
        }
    }
}

impl Drop for LawTx {
    fn drop(&mut self) {
        undo_later(self.conn.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_never_goes_back_and_is_believed_for_its_lease() {
        let (epoch, begun) = (Epoch::default(), Instant::now());
        assert_eq!(epoch.believed(Dialect::Sqlite), None);
        epoch.learn(7, begun);
        epoch.learn(6, Instant::now());
        assert_eq!(epoch.believed(Dialect::Postgres), Some(7));
        let past = begun.checked_sub(EPOCH_LEASE).unwrap();
        epoch.learn(8, past);
        assert_eq!((epoch.believed(Dialect::Postgres), epoch.believed(Dialect::Sqlite)), (None, Some(8)), "read too long ago");
        epoch.learn(8, Instant::now());
        assert_eq!(epoch.believed(Dialect::Postgres), Some(8));
    }
}
