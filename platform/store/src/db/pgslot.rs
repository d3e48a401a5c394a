//! A connection to PostgreSQL on loan, and what is sent ahead of its next statement.
//!
//! A transaction's first words (`begin`, its locks) and a write whose answer nobody waits for are kept here until the
//! next statement goes out, and travel with it: one round trip for all. Errors come back in the order in which things
//! were sent; after one, PostgreSQL refuses the rest of the transaction, a `commit` too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use smallvec::SmallVec;
use tokio::sync::OwnedSemaphorePermit;

use super::line::{Cells, Line};
use super::own::{Ask, Own, Reply};
use super::pool::{PgPool, STUCK_AFTER, Shelf};
use super::{Arg, Fault, Shape};
use crate::StoreError;

const BEGIN: &str = "begin";
const COMMIT: &str = "commit";

/// The first words of a transaction.
#[derive(Debug)]
pub(crate) struct Lead {
    /// Takes a lock; with its one argument.
    pub(crate) lock: (&'static str, Arg),
    /// Fails where the transaction must not go on; it sees what was committed before the lock was had.
    pub(crate) check: (String, Arg),
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
    /// What its answer means.
    fn judge(self, answer: Result<u64, Fault>) -> Result<(), Fault> {
        match answer {
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
    /// Nobody else uses it; none: thrown away. Unclean while something is under way: dropped then, it is not put back.
    Own { own: Option<Box<Own>>, clean: bool, shelf: Shelf, _permit: OwnedSemaphorePermit },
    /// Others read on it at the same time; if it gets stuck behind them, one of the pool's is taken instead.
    Shared { line: Arc<Line>, pool: Arc<PgPool> },
}

/// A connection on loan.
#[derive(Debug)]
pub(crate) struct PgSlot {
    lent: Lent,
    lead: Option<Lead>,
    later: Option<Later>,
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
    pub(crate) const fn own(own: Box<Own>, shelf: Shelf, permit: OwnedSemaphorePermit) -> Self {
        Self { lent: Lent::Own { own: Some(own), clean: true, shelf, _permit: permit }, lead: None, later: None }
    }

    pub(crate) const fn shared(line: Arc<Line>, pool: Arc<PgPool>) -> Self {
        Self { lent: Lent::Shared { line, pool }, lead: None, later: None }
    }

    /// Whether it may be put back when the loan ends.
    pub(crate) const fn mark(&mut self, is_clean: bool) {
        if let Lent::Own { clean, .. } = &mut self.lent {
            *clean = is_clean;
        }
    }

    /// Throws it away: nothing is sent any more. One that others read on stays.
    pub(crate) fn discard(&mut self) {
        if let Lent::Own { own, .. } = &mut self.lent {
            drop(own.take());
        }
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

    /// Sends a write that waits.
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        if self.later.is_some() { self.together(None).await.map(drop) } else { Ok(()) }
    }

    /// The connection, with what waits to be sent on it.
    fn waiting(&mut self) -> Result<(&mut Own, Option<Lead>, Option<Later>), Fault> {
        let gone = || Fault::Store(StoreError::Unavailable("the connection is gone".to_owned()));
        let Lent::Own { own, .. } = &mut self.lent else {
            return Err(StoreError::Unavailable("a transaction on a connection that is shared".to_owned()).into());
        };
        Ok((own.as_deref_mut().ok_or_else(gone)?, self.lead.take(), self.later.take()))
    }

    /// Sends what waits and then the statement, all in one flight; the first error counts.
    async fn together(&mut self, ask: Option<Ask<'_>>) -> Result<Reply, Fault> {
        let (own, lead, later) = self.waiting()?;
        let mut asks: SmallVec<[Ask<'_>; 5]> = ahead(lead.as_ref(), later.as_ref());
        let first = asks.len();
        asks.extend(ask);
        let done = own.ask(&asks).await;
        drop(asks);
        let begun = first - usize::from(later.is_some());
        match (done, later) {
            (Ok(mut replies), later) => {
                if let Some(later) = later {
                    later.judge(Ok(replies.get(begun).map_or(0, |reply| reply.touched)))?;
                }
                Ok(replies.pop().unwrap_or_default())
            }
            (Err((place, fault)), Some(later)) if place == begun => later.judge(Err(fault)).map(|()| Reply::default()),
            (Err((place, fault)), _) => Err(of_lead(place, begun, fault)),
        }
    }

    async fn shared_script(&mut self, sql: &str) -> Result<Option<String>, Fault> {
        let (own, lead, later) = self.waiting()?;
        let asks: SmallVec<[Ask<'_>; 5]> = ahead(lead.as_ref(), later.as_ref());
        let begun = asks.len() - usize::from(later.is_some());
        let done = own.script(&asks, sql).await;
        drop(asks);
        match (done, later) {
            (Err((place, fault)), Some(later)) if place == begun => later.judge(Err(fault)).map(|()| None),
            (Err((place, fault)), _) => Err(of_lead(place, begun, fault)),
            (Ok(done), _) => done,
        }
    }

    pub(crate) async fn fetch(&mut self, sql: &str, args: &[Arg], shapes: &[Shape], planning: Planning) -> Result<Cells, Fault> {
        if let Lent::Shared { line, pool } = &self.lent {
            if let Some(done) = patiently(line, ask(line, sql, args, shapes, planning)).await {
                return done;
            }
            *self = pool.acquire().await?;
            self.mark(false);
        }
        Ok(self.together(Some(Ask { sql, args, shapes, kept: planning == Planning::Kept })).await?.rows)
    }

    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        Ok(self.together(Some(Ask::telling(sql, args))).await?.touched)
    }

    /// Runs statements without arguments. A commit goes with the write before it.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        if sql == COMMIT {
            return self.together(Some(Ask::telling(COMMIT, &[]))).await.map(drop);
        }
        self.script_text(sql).await.map(drop)
    }

    pub(crate) async fn script_text(&mut self, sql: &str) -> Result<Option<String>, Fault> {
        Box::pin(self.shared_script(sql)).await
    }
}

/// What goes out ahead of a statement.
fn ahead<'w>(lead: Option<&'w Lead>, later: Option<&'w Later>) -> SmallVec<[Ask<'w>; 5]> {
    let mut asks = SmallVec::new();
    if let Some(Lead { lock, check }) = lead {
        asks.push(Ask::telling(BEGIN, &[]));
        asks.push(Ask::telling(lock.0, std::slice::from_ref(&lock.1)));
        asks.push(Ask::telling(&check.0, std::slice::from_ref(&check.1)));
    }
    asks.extend(later.map(|later| Ask::telling(&later.sql, &later.args)));
    asks
}

/// The failure of the statement at `place`: before `begun` stand the first words of the transaction, which fail where the
/// tenant is not there.
fn of_lead(place: usize, begun: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Undefined(_) if place < begun => Fault::Store(StoreError::NoTenant),
        other => other,
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
        let Lent::Own { own, clean, shelf, .. } = &mut self.lent else { return };
        // What has not been sent is not under way.
        if let (Some(own), true, Ok(mut shelf)) = (own.take(), *clean, shelf.lock()) {
            shelf.push(own);
        }
    }
}
