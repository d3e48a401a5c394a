//! One connection to PostgreSQL: statements prepared once by their text, many requests under way at once.
//!
//! The driver sends a request when its future is first polled, and answers come in the order of the requests: futures
//! joined in an order are one round trip in that order. Preparing is a round trip of its own, so a caller that joins
//! makes sure first that everything is prepared.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tenon_value::Value;
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, CopyInSink, CopyOutStream, NoTls, RowStream, SimpleQueryMessage, Statement};

use super::statements::Statements;
use super::{Arg, Fault, Shape, postgres};
use crate::StoreError;

/// How long a server may take to accept a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

pub(crate) type Cells = Vec<Vec<Value>>;

/// A connection.
#[derive(Debug)]
pub(crate) struct Line {
    client: Client,
    statements: Mutex<Statements>,
    /// Raised when a change of shape has broken statements; shared by all connections.
    broken: Arc<AtomicU64>,
    /// Drives the connection; ends by itself when the client is gone.
    task: AbortHandle,
    born: Instant,
    under_way: AtomicUsize,
    answered: AtomicU64,
    /// Milliseconds after `born` at which something was last answered, or first asked.
    moved: AtomicU64,
}

/// Something under way on a connection.
struct UnderWay<'l>(&'l Line);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        self.0.answered.fetch_add(1, Ordering::Relaxed);
        self.0.has_moved();
    }
}

impl Line {
    pub(crate) async fn open(config: &Config, kept: usize, broken: Arc<AtomicU64>) -> Result<Self, Fault> {
        let connected = tokio::time::timeout(CONNECT_WAIT, config.connect(NoTls)).await;
        let away = || Fault::Store(StoreError::Unavailable("the server did not answer in time".to_owned()));
        let (client, connection) = connected.map_err(|_| away())??;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection has ended");
            }
        });
        Ok(Self {
            client,
            statements: Mutex::new(Statements::new(kept)),
            broken,
            task: task.abort_handle(),
            born: Instant::now(),
            under_way: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
            moved: AtomicU64::new(0),
        })
    }

    /// How long it has been there.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// The server has ended it, or the network has.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Closes it at once, whatever is under way.
    pub(crate) fn abort(&self) {
        self.task.abort();
    }

    /// How many requests wait for their answers.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many have been answered, or given up.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many must have been answered before a request that is sent now has its turn.
    pub(crate) fn turn(&self) -> u64 {
        self.answered() + u64::try_from(self.under_way()).unwrap_or_default()
    }

    /// For how long nothing has been answered although something was asked.
    pub(crate) fn stuck_for(&self) -> Duration {
        if self.under_way() == 0 {
            return Duration::ZERO;
        }
        self.age().saturating_sub(Duration::from_millis(self.moved.load(Ordering::Relaxed)))
    }

    fn has_moved(&self) {
        self.moved.store(u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn asks(&self) -> UnderWay<'_> {
        if self.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            self.has_moved();
        }
        UnderWay(self)
    }

    /// The statement if it is prepared already.
    pub(crate) fn known(&self, sql: &str, args: &[Arg]) -> Option<Statement> {
        let broken = self.broken.load(Ordering::Relaxed);
        let statement = self.statements.lock().ok()?.get(sql, broken)?;
        let fits = statement.params().len() == args.len()
            && statement.params().iter().zip(args).all(|(there, arg)| there.oid() == postgres::type_of(arg).oid());
        fits.then_some(statement)
    }

    /// The statement, prepared now if it is not yet.
    pub(crate) async fn statement(&self, sql: &str, args: &[Arg]) -> Result<Statement, Fault> {
        if let Some(statement) = self.known(sql, args) {
            return Ok(statement);
        }
        let types: Vec<_> = args.iter().map(postgres::type_of).collect();
        let broken = self.broken.load(Ordering::Relaxed);
        let prepared = self.client.prepare_typed(sql, &types).await;
        let statement = self.noticed(prepared)?;
        if let Ok(mut statements) = self.statements.lock() {
            statements.put(sql, statement.clone(), broken);
        }
        Ok(statement)
    }

    /// Rows of a statement that stays prepared.
    pub(crate) async fn fetch(&self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        let _asks = self.asks();
        let statement = self.statement(sql, args).await?;
        self.fetch_prepared(&statement, args, shapes).await
    }

    pub(crate) async fn fetch_prepared(&self, statement: &Statement, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        let rows = self.client.query_raw(statement, args).await;
        self.cells(rows, shapes).await
    }

    /// Rows of a statement that PostgreSQL plans with its values, and forgets: parsed, planned and run in one round trip.
    pub(crate) async fn fetch_planned(&self, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Cells, Fault> {
        let _asks = self.asks();
        let rows = self.client.query_typed_raw(sql, args.iter().map(|arg| (arg, postgres::type_of(arg)))).await;
        self.cells(rows, shapes).await
    }

    async fn cells(&self, rows: Result<RowStream, tokio_postgres::Error>, shapes: &[Shape]) -> Result<Cells, Fault> {
        let mut rows = pin!(self.noticed(rows)?);
        let mut cells = Vec::new();
        while let Some(row) = rows.next().await {
            let row = self.noticed(row)?;
            cells.push(postgres::cells(&row, shapes)?);
        }
        Ok(cells)
    }

    /// Runs a statement that stays prepared; how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let _asks = self.asks();
        let statement = self.statement(sql, args).await?;
        self.execute_prepared(&statement, args).await
    }

    pub(crate) async fn execute_prepared(&self, statement: &Statement, args: &[Arg]) -> Result<u64, Fault> {
        let done = self.client.execute_raw(statement, args).await;
        self.noticed(done)
    }

    /// Runs statements without arguments.
    pub(crate) async fn script(&self, sql: &str) -> Result<(), Fault> {
        let _asks = self.asks();
        let done = self.client.batch_execute(sql).await;
        self.noticed(done)
    }

    /// Runs statements without arguments, of which the last gives one text.
    pub(crate) async fn script_text(&self, sql: &str) -> Result<Option<String>, Fault> {
        let _asks = self.asks();
        let answered = match self.client.simple_query_raw(sql).await {
            Ok(messages) => messages.try_collect::<Vec<_>>().await,
            Err(error) => Err(error),
        };
        let last = self.noticed(answered)?.into_iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.try_get(0).ok().flatten().map(str::to_owned)),
            _ => None,
        });
        Ok(last.flatten())
    }

    /// Rows of a `copy … to stdout`, as PostgreSQL packs them.
    pub(crate) async fn copy_out(&self, sql: &str) -> Result<CopyOutStream, Fault> {
        let out = self.client.copy_out(sql).await;
        self.noticed(out)
    }

    /// Takes rows for a `copy … from stdin`.
    pub(crate) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>, Fault> {
        let into = self.client.copy_in(sql).await;
        self.noticed(into)
    }

    /// An answer in our words. One that tells of a changed shape makes every connection prepare anew.
    fn noticed<T>(&self, answer: Result<T, tokio_postgres::Error>) -> Result<T, Fault> {
        answer.map_err(|error| {
            let fault = Fault::from(error);
            if matches!(fault, Fault::Undefined(_)) {
                self.broken.fetch_add(1, Ordering::Relaxed);
            }
            fault
        })
    }
}
