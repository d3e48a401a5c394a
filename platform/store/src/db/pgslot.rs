//! A connection to PostgreSQL on loan, and what is sent ahead of its next statement.
//!
//! A transaction's first words (`begin`, its locks) and a write whose answer nobody waits for are kept here until the
//! next statement goes out, and travel with it: one round trip for all. Errors come back in the order in which things
//! were sent; after one, PostgreSQL refuses the rest of the transaction, a `commit` too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::Statement;

use super::line::{Cells, Line};
use super::pool::{PgPool, STUCK_AFTER, Shelf};
use super::{Arg, Fault, Shape};
use crate::StoreError;

/// The first words of a transaction.
#[derive(Debug)]
pub(crate) struct Lead {
    /// Takes a lock; with its one argument.
    pub(crate) lock: (&'static str, Arg),
    /// Fails where the transaction must not go on; it sees what was committed before the lock was had.
    pub(crate) check: (String, Arg),
}

impl Lead {
    async fn send(&self, line: &Line, lock: &Statement, check: &Statement) -> Result<(), Fault> {
        let lock = line.execute_prepared(lock, std::slice::from_ref(&self.lock.1));
        let check = line.execute_prepared(check, std::slice::from_ref(&self.check.1));
        let (begun, locked, checked) = futures::join!(line.script("begin"), lock, check);
        begun?;
        locked?;
        checked.map(|_| ())
    }
}

/// A write that has not been sent yet.
pub(crate) struct Later {
    pub(crate) sql: String,
    pub(crate) args: Vec<Arg>,
    /// How many rows it must touch.
    pub(crate) rows: u64,
    /// What its failure means.
    pub(crate) told: Box<dyn FnOnce(Fault) -> Fault + Send + Sync>,
}

impl Later {
    async fn send(self, line: &Line, statement: &Statement) -> Result<(), Fault> {
        match line.execute_prepared(statement, &self.args).await {
            Ok(touched) if touched == self.rows => Ok(()),
            Ok(_) => Err((self.told)(StoreError::Serialization.into())),
            Err(fault) => Err((self.told)(fault)),
        }
    }
}

impl std::fmt::Debug for Later {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Later").field("sql", &self.sql).finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Lent {
    /// Nobody else uses it. False while something is under way: dropped then, it is not put back.
    Own { clean: bool, shelf: Shelf, _permit: OwnedSemaphorePermit },
    /// Others read on it at the same time; if it gets stuck behind them, one of the pool's is taken instead.
    Shared(Arc<PgPool>),
}

/// A connection on loan.
#[derive(Debug)]
pub(crate) struct PgSlot {
    line: Arc<Line>,
    lent: Lent,
    lead: Option<Lead>,
    later: Option<Later>,
    /// Thrown away: nothing is sent any more.
    gone: bool,
}

/// Which way a statement is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planning {
    /// Once, for many values.
    Kept,
    /// With its values, each time.
    WithValues,
}

impl PgSlot {
    pub(crate) const fn own(line: Arc<Line>, shelf: Shelf, permit: OwnedSemaphorePermit) -> Self {
        Self { line, lent: Lent::Own { clean: true, shelf, _permit: permit }, lead: None, later: None, gone: false }
    }

    pub(crate) const fn shared(line: Arc<Line>, pool: Arc<PgPool>) -> Self {
        Self { line, lent: Lent::Shared(pool), lead: None, later: None, gone: false }
    }

    /// Whether it may be put back when the loan ends.
    pub(crate) const fn mark(&mut self, is_clean: bool) {
        if let Lent::Own { clean, .. } = &mut self.lent {
            *clean = is_clean;
        }
    }

    /// Throws it away when the loan ends; one that others read on stays.
    pub(crate) fn discard(&mut self) {
        self.mark(false);
        self.gone = matches!(self.lent, Lent::Own { .. });
    }

    /// What the next statement brings along.
    pub(crate) fn lead(&mut self, lead: Lead) {
        self.lead = Some(lead);
    }

    /// Keeps a write until the next statement; the one before it is sent now.
    pub(crate) async fn later(&mut self, later: Later) -> Result<(), Fault> {
        self.flush().await?;
        self.later = Some(later);
        Ok(())
    }

    /// Forgets what has not been sent; whether a transaction has begun on the server.
    pub(crate) fn forget_waiting(&mut self) -> bool {
        self.later = None;
        self.lead.take().is_none()
    }

    fn line(&self) -> Result<Arc<Line>, Fault> {
        if self.gone { Err(StoreError::Unavailable("the connection is gone".to_owned()).into()) } else { Ok(Arc::clone(&self.line)) }
    }

    /// Sends a write that waits.
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        if self.later.is_none() {
            return Ok(());
        }
        let line = self.line()?;
        self.before(&line, async { Ok(()) }).await
    }

    /// Sends what waits and then the statement, all at once; the first error counts.
    async fn before<T>(&mut self, line: &Line, statement: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        if self.lead.is_none() && self.later.is_none() {
            return statement.await;
        }
        // Boxed: a save's futures nest deep, and this one is seldom needed.
        Box::pin(self.together(line, statement)).await
    }

    async fn together<T>(&mut self, line: &Line, statement: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let lead = self.begun(line).await?;
        let later = self.written(line).await?;
        let first = async {
            match lead {
                Some((lead, [lock, check])) => lead.send(line, &lock, &check).await,
                None => Ok(()),
            }
        };
        let second = async {
            match later {
                Some((later, statement)) => later.send(line, &statement).await,
                None => Ok(()),
            }
        };
        let (first, second, third) = futures::join!(first, second, statement);
        first?;
        second?;
        third
    }

    /// The first words, their statements prepared. Preparing waits for an answer, so it comes before anything is sent;
    /// and where the write behind them must be prepared too, they are sent alone, for a failure there must end the
    /// transaction they begin.
    async fn begun(&mut self, line: &Line) -> Result<Option<(Lead, [Statement; 2])>, Fault> {
        let Some(lead) = self.lead.take() else { return Ok(None) };
        let lock = line.statement(lead.lock.0, std::slice::from_ref(&lead.lock.1)).await?;
        let check = line.statement(&lead.check.0, std::slice::from_ref(&lead.check.1)).await;
        let check = check.map_err(|fault| match fault {
            Fault::Undefined(_) => Fault::Store(StoreError::NoTenant),
            other => other,
        })?;
        if self.later.as_ref().is_some_and(|later| line.known(&later.sql, &later.args).is_none()) {
            lead.send(line, &lock, &check).await?;
            return Ok(None);
        }
        Ok(Some((lead, [lock, check])))
    }

    /// The write that waits, prepared.
    async fn written(&mut self, line: &Line) -> Result<Option<(Later, Statement)>, Fault> {
        let Some(later) = self.later.take() else { return Ok(None) };
        match line.statement(&later.sql, &later.args).await {
            Ok(statement) => Ok(Some((later, statement))),
            Err(fault) => Err((later.told)(fault)),
        }
    }

    pub(crate) async fn fetch(&mut self, sql: &str, args: &[Arg], shapes: &[Shape], planning: Planning) -> Result<Cells, Fault> {
        if let Lent::Shared(pool) = &self.lent {
            let (line, pool) = (self.line()?, Arc::clone(pool));
            if let Some(done) = patiently(&line, ask(&line, sql, args, shapes, planning)).await {
                return done;
            }
            *self = pool.acquire().await?;
            self.mark(false);
        }
        let line = self.line()?;
        self.before(&line, ask(&line, sql, args, shapes, planning)).await
    }

    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let line = self.line()?;
        self.before(&line, Box::pin(line.execute(sql, args))).await
    }

    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        let line = self.line()?;
        self.before(&line, line.script(sql)).await
    }

    pub(crate) async fn script_text(&mut self, sql: &str) -> Result<Option<String>, Fault> {
        let line = self.line()?;
        self.before(&line, line.script_text(sql)).await
    }
}

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Cells, Fault>> + Send + 'a>>;

/// Boxed, so that those who wait for it stay small.
fn ask<'a>(line: &'a Line, sql: &'a str, args: &'a [Arg], shapes: &'a [Shape], planning: Planning) -> Asked<'a> {
    match planning {
        Planning::Kept => Box::pin(line.fetch(sql, args, shapes)),
        Planning::WithValues => Box::pin(line.fetch_planned(sql, args, shapes)),
    }
}

/// The answer; none where it waits behind others' statements and nothing moves.
async fn patiently<T>(line: &Line, answer: impl Future<Output = T>) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    let turn = line.turn();
    loop {
        match tokio::time::timeout(STUCK_AFTER, &mut answer).await {
            Ok(done) => return Some(done),
            // Once it is its turn, it is this very statement that takes long.
            Err(_) if line.answered() < turn && line.stuck_for() > STUCK_AFTER => return None,
            Err(_) => {}
        }
    }
}

impl Drop for PgSlot {
    fn drop(&mut self) {
        let Lent::Own { clean, shelf, .. } = &self.lent else { return };
        // What has not been sent is not under way.
        match (*clean && !self.gone, shelf.lock()) {
            (true, Ok(mut shelf)) => shelf.push(Arc::clone(&self.line)),
            _ => self.line.abort(),
        }
    }
}
