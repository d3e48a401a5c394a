//! One transaction of one mutation document.
//!
//! PostgreSQL: READ COMMITTED with explicit locks; it holds the tenant's model lock shared, so the model it was
//! planned on stays. SQLite: the file's one writer. Dropped without `commit`, nothing happened.

pub(crate) mod find;
pub(crate) mod held;
pub(crate) mod image;
pub(crate) mod kv;
pub(crate) mod link;
pub(crate) mod load;
pub(crate) mod merge;
pub(crate) mod named;
mod numbers;
pub(crate) mod outbox;
pub(crate) mod past;
pub(crate) mod savepoint;
pub(crate) mod search;
pub(crate) mod share;
pub(crate) mod versions;
pub(crate) mod write;

use std::collections::HashSet;
use std::sync::Arc;

use tenon_context::{ActorKind, OpContext, Standing};
use tenon_model::{Link, LinkIx, Model, Object, ObjectIx};
use tenon_query::{Answer, AuthorizedTable, Params};
use tenon_value::{DateTime, RequestId, TenantId, Uuid, Value};

use crate::audit::{AuditBy, AuditNote};
use crate::cells::asking;
use crate::db::pgslot::Lead;
use crate::db::{Arg, Conn, Fault, Scalar, Shape, Target};
use crate::ddl::object;
use crate::lower::schema_of;
use crate::metadata::change::{lock_key, undo, undo_later};
use crate::prepared::Prepared;
use crate::run::Runner;
use crate::run::values::Values;
use crate::seal::Seal;
use crate::store::Memory;
use crate::tenant::numbered;
use crate::tx::held::Held;
use crate::{Dialect, OutboxEntry, Store, StoreError};

/// Who writes, through which door: on every row of history and of the outbox.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) now: DateTime,
    /// Machine time, which is never moved.
    pub(crate) clock: DateTime,
    pub(crate) request: RequestId,
    pub(crate) kind: &'static str,
    pub(crate) id: Uuid,
    pub(crate) display: String,
    pub(crate) via: &'static str,
    pub(crate) reason: Option<String>,
}

impl Author {
    fn of(cx: &OpContext, clock: DateTime) -> Self {
        let principal = &cx.principal;
        Self {
            now: cx.now,
            clock,
            request: cx.request.clone(),
            kind: principal.kind.word(),
            id: principal.id,
            display: principal.display.clone(),
            via: cx.via.word(),
            reason: cx.reason.clone(),
        }
    }

    /// The same, as the audit trail takes it.
    pub(crate) fn audit_by(&self) -> AuditBy {
        AuditBy {
            kind: ActorKind::from_word(self.kind).unwrap_or(ActorKind::System),
            id: self.id,
            display: self.display.clone(),
            via: self.via,
            request: Some(self.request.clone()),
            now: self.now,
            reason: self.reason.clone(),
        }
    }
}

/// What has been noted and not written yet.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A save.
    Save(OutboxEntry),
    /// Something else for the audit trail.
    Note(AuditNote),
}

/// A transaction.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that the end of the transaction must know")]
pub struct Tx {
    store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) model: Arc<Model>,
    pub(crate) schema: String,
    pub(crate) memory: Arc<Memory>,
    pub(crate) author: Author,
    /// What row policies are bound with.
    standing: Arc<Standing>,
    conn: Option<Conn>,
    /// The connection is of a change of metadata: tables are made in it, not beside it, so that they go with it.
    is_lent: bool,
    /// Tables made in it, not beside it: they go with it.
    made: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    /// Something of it is for the audit trail.
    pub(crate) has_noted: bool,
    /// Something of it is a job.
    pub(crate) has_jobs: bool,
    pub(crate) savepoints: u32,
    pub(crate) held: Held,
    /// The author's display name is stored.
    pub(crate) known_author: bool,
    /// Somebody's rights change with it.
    pub(crate) raises_epoch: bool,
    /// References of records that it destroyed, by their ids: who may be told decides the law, by these.
    pub(crate) was: serde_json::Map<String, tenon_value::Json>,
}

impl Store {
    /// Begins the transaction of a mutation that was planned on `cx.model`.
    ///
    /// # Errors
    /// `StaleModel` where the tenant's model has another version by now, on PostgreSQL from the first statement of the
    /// transaction, with which its beginning travels; `Busy`, `Limit`, `Unavailable`.
    #[tracing::instrument(name = "store.begin", skip_all)]
    pub async fn begin(&self, cx: &OpContext) -> Result<Tx, StoreError> {
        let tenant = cx.model.tenant;
        let schema = schema_of(tenant, self.dialect());
        let until = self.until(cx);
        // On SQLite there is one, and it may be somebody else's for long.
        let writer = tokio::time::timeout_at(until.into(), self.writer(tenant)).await;
        let mut conn = writer.map_err(|_| StoreError::Timeout)??;
        conn.limit(Some(until));
        conn.mark(false);
        let planned = i64::try_from(cx.model.version.0).map_err(|_| StoreError::Value("the version"))?;
        let version = match self.dialect() {
            Dialect::Sqlite => {
                let begin = format!("begin immediate; select cast(m.\"version\" as text) from \"{schema}\".\"model\" as m");
                conn.script_text(&begin).await
            }
            // Sent with the first statement. Each statement sees what was committed before it began, so the version is
            // read under the lock; another version divides by zero, and PostgreSQL refuses everything after that.
            Dialect::Postgres => {
                conn.lead(Lead {
                    lock: ("select pg_advisory_xact_lock_shared($1)", Arg::int(lock_key(tenant))),
                    check: (format!("select 1 / count(*) from \"{schema}\".\"model\" as m where m.\"version\" = $1"), Arg::int(planned)),
                });
                Ok(Some(planned.to_string()))
            }
        };
        let mut tx = Tx::over(self, cx, conn, self.memory(tenant));
        tx.is_lent = false;
        match version {
            Ok(Some(version)) if version == cx.model.version.0.to_string() => Ok(tx),
            Ok(Some(_)) => {
                tx.rollback().await?;
                Err(StoreError::StaleModel)
            }
            Ok(None) => Err(StoreError::NoTenant),
            Err(Fault::Undefined(_)) => Err(StoreError::NoTenant),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl Tx {
    /// Over a connection that is in a transaction already, of somebody who wants it back.
    pub(crate) fn over(store: &Store, cx: &OpContext, conn: Conn, memory: Arc<Memory>) -> Self {
        let tenant = cx.model.tenant;
        Self {
            store: store.clone(),
            tenant,
            schema: schema_of(tenant, store.dialect()),
            model: Arc::clone(&cx.model),
            memory,
            author: Author::of(cx, store.clock()),
            standing: Arc::clone(&cx.principal.standing),
            conn: Some(conn),
            is_lent: true,
            made: Vec::new(),
            entries: Vec::new(),
            has_noted: false,
            has_jobs: false,
            savepoints: 0,
            held: Held::new(cx.dry_run),
            known_author: false,
            raises_epoch: false,
            was: serde_json::Map::new(),
        }
    }

    /// The connection, for whoever lent it.
    pub(crate) const fn give_back(&mut self) -> Option<Conn> {
        self.conn.take()
    }

    pub(crate) fn conn(&mut self) -> Result<&mut Conn, Fault> {
        self.conn.as_mut().ok_or_else(|| StoreError::Unavailable("the transaction has ended".to_owned()).into())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.store.dialect() == Dialect::Postgres
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.store.dialect()
    }

    pub(crate) fn object(&self, ix: ObjectIx) -> Result<&Object, StoreError> {
        self.model.object(ix).ok_or(StoreError::Plan("no such object"))
    }

    pub(crate) fn link(&self, ix: LinkIx) -> Result<&Link, StoreError> {
        self.model.link(ix).ok_or(StoreError::Plan("no such link"))
    }

    pub(crate) fn table(&self, name: &str) -> String {
        format!("\"{}\".\"{name}\"", self.schema)
    }

    pub(crate) async fn seal(&self) -> Result<Seal, StoreError> {
        Seal::new(&self.store.inner.system.secret("seal").await?, self.tenant)
    }

    /// Rows of a statement of our own; placeholders are `$1`.
    pub(crate) async fn ask(&mut self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Vec<Vec<Value>>, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        conn.fetch(&sql, args, shapes).await
    }

    /// Runs a statement of our own; placeholders are `$1`.
    pub(crate) async fn tell(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        conn.execute(&sql, args).await
    }

    pub(crate) async fn insert(&mut self, table: &str, columns: &[Target], rows: Vec<Vec<Scalar>>, tail: &str) -> Result<u64, Fault> {
        self.conn()?.insert(table, columns, rows, tail).await
    }

    pub(crate) async fn delete(&mut self, table: &str, columns: &[Target], rows: Vec<Vec<Scalar>>) -> Result<u64, Fault> {
        self.conn()?.delete(table, columns, rows).await
    }

    /// What a fault means to a mutation: a statement that no longer fits means that the plan is stale.
    pub(crate) fn told(&self, fault: Fault) -> StoreError {
        match fault {
            Fault::Undefined(_) => {
                self.memory.tables.forget();
                StoreError::StaleModel
            }
            other => other.into(),
        }
    }

    /// Runs a prepared read inside the transaction: it sees the writes before it.
    ///
    /// # Errors
    /// As [`Store::read`].
    #[tracing::instrument(name = "store.read", skip_all)]
    pub async fn read(&mut self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        if let Some(answer) = prepared.unread(params, &|object, id| self.held.version(object, id)) {
            return Ok(answer);
        }
        let (memory, standing) = (Arc::clone(&self.memory), Arc::clone(&self.standing));
        let values = Values::new(params, &standing, self.author.now);
        let conn = self.conn()?;
        let answer = Runner { conn, tables: &memory.tables, values }.answer(prepared).await;
        answer.map_err(|fault| self.told(fault))
    }

    /// Whether a table is there.
    pub(crate) async fn is_there(&mut self, table: &str) -> Result<bool, Fault> {
        let name = self.table(table);
        if self.memory.tables.is_missing(&name) {
            let memory = Arc::clone(&self.memory);
            memory.tables.look_for(self.conn()?, vec![name.clone()]).await?;
        }
        Ok(!self.memory.tables.is_missing(&name))
    }

    /// Makes an object's table before its first write: on PostgreSQL in a short transaction of its own.
    pub(crate) async fn make_table(&mut self, table: &AuthorizedTable) -> Result<(), Fault> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if !self.memory.tables.is_missing(&self.table(&object.table)) {
            return Ok(());
        }
        let mut there = HashSet::new();
        if !self.is_postgres() {
            // Triggers there name tables that must be.
            for peer in object.peers() {
                if self.is_there(peer).await? {
                    there.insert(peer);
                }
            }
        }
        let statements = object::create_kept(self.dialect(), &self.schema, object, &|peer| there.contains(peer));
        self.make(&object.table, statements).await
    }

    /// The same for a link's table.
    pub(crate) async fn make_link_table(&mut self, link: LinkIx) -> Result<(), Fault> {
        let link = self.link(link)?;
        if !self.memory.tables.is_missing(&self.table(&link.table)) {
            return Ok(());
        }
        let (name, statements) = (link.table.clone(), object::create_link(self.dialect(), &self.schema, link));
        self.make(&name, statements).await
    }

    async fn make(&mut self, name: &str, statements: Vec<String>) -> Result<(), Fault> {
        if self.is_there(name).await? {
            return Ok(());
        }
        let table = self.table(name);
        let beside = if self.is_lent { None } else { self.store.maker(self.tenant).await? };
        match beside {
            Some(mut conn) => {
                conn.mark(false);
                // Two first writers at once: the second waits, and finds the table made.
                let lock = lock_key(self.tenant).wrapping_add(1);
                let asking = asking(&self.schema);
                conn.script(&format!("begin; select pg_advisory_xact_lock({lock}); {asking}; {}; commit", statements.join("; "))).await?;
                conn.mark(true);
            }
            None => {
                self.conn()?.script(&statements.join("; ")).await?;
                self.made.push(table.clone());
            }
        }
        self.memory.tables.add([table]);
        Ok(())
    }

    /// Ends the transaction; what it wrote is on disk. Where rights changed ([`Tx::raise_epoch`]), every node knows, too.
    ///
    /// # Errors
    /// What the database says; then nothing is written (or, where the connection broke, nobody knows).
    #[tracing::instrument(name = "store.commit", skip_all)]
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.write_outbox().await?;
        if self.raises_epoch {
            if let Some(conn) = self.conn.take() {
                let ended = self.store.commit_raised(self.tenant, conn).await;
                ended.map_err(|fault| self.told(fault))?;
                self.remember_author();
                self.tell_sealer();
                self.tell_runner().await;
            }
            return Ok(());
        }
        let ended = self.conn()?.script("commit").await;
        ended.map_err(|fault| self.told(fault))?;
        self.remember_author();
        if let Some(mut conn) = self.conn.take() {
            conn.mark(true);
        }
        self.tell_sealer();
        self.tell_runner().await;
        Ok(())
    }

    /// A job was committed: somebody may take it.
    async fn tell_runner(&self) {
        if self.has_jobs {
            self.store.job_tell(self.tenant).await;
        }
    }

    /// What was committed is to be linked into the audit trail, and told to those who follow.
    fn tell_sealer(&self) {
        if self.has_noted {
            self.store.audit_tell(self.tenant);
            self.store.commit_tell(self.tenant);
        }
    }

    /// Ends the transaction without a trace.
    ///
    /// # Errors
    /// What the database says; then the connection is thrown away, and nothing is written either.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        self.forget_made();
        if let Some(mut conn) = self.conn.take() {
            undo(&mut conn).await?;
        }
        Ok(())
    }

    /// What it made is not there any more. It is kept in mind: before a savepoint it is, and what finds it there again
    /// must not make it stay known beyond the transaction.
    pub(crate) fn forget_made(&self) {
        if !self.made.is_empty() {
            self.memory.tables.remove(&self.made);
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.conn.is_some() {
            self.forget_made();
        }
        undo_later(self.conn.take());
    }
}
