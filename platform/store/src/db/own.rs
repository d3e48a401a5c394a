//! A connection to PostgreSQL that one transaction has for itself: what does not depend on an answer goes out in one
//! flight, and whoever waits for the answer reads it himself, without another task between.
//!
//! Invariant: `owed` counts the flights that are not answered to the end. Somebody may stop waiting at any moment; the next
//! request first takes in what is still to come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tenon_value::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::Config;

use super::line::Cells;
use super::pgmessage::{self, Said};
use super::pgsocket::{self, Socket};
use super::statements::Statements;
use super::{Arg, Fault, Shape, postgres};
use crate::StoreError;

/// How long a server may take to accept a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Room made for what comes in at once.
const READ_BYTES: usize = 8 * 1024;
/// A buffer that has grown beyond this is given back.
const KEPT_BYTES: usize = 256 * 1024;

/// One statement of a flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) sql: &'a str,
    pub(crate) args: &'a [Arg],
    /// What its columns hold; none where no rows are wanted.
    pub(crate) shapes: &'a [Shape],
    /// Whether it stays prepared.
    pub(crate) kept: bool,
}

impl<'a> Ask<'a> {
    /// A statement that gives no rows, and stays prepared.
    pub(crate) const fn telling(sql: &'a str, args: &'a [Arg]) -> Self {
        Self { sql, args, shapes: &[], kept: true }
    }
}

/// What became of one statement.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) rows: Cells,
    pub(crate) touched: u64,
}

/// The place of the statement that failed in its flight, and why.
pub(crate) type Failed = (usize, Fault);

/// A statement as the server knows it.
#[derive(Clone, Debug)]
struct Known {
    name: Arc<str>,
    types: Arc<[u32]>,
}

/// A statement that is being prepared in a flight.
struct Preparing {
    place: usize,
    known: Known,
    broken: u64,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Own {
    socket: Socket,
    out: BytesMut,
    from: BytesMut,
    statements: Statements<Known>,
    /// Statements that the server is to forget with the next flight.
    closing: Vec<Arc<str>>,
    /// Statements prepared so far.
    prepared: u64,
    owed: u32,
    /// Raised when a change of shape has broken statements; shared by all connections.
    broken: Arc<AtomicU64>,
    born: Instant,
    dead: bool,
}

impl Own {
    pub(crate) async fn open(config: &Config, kept: usize, broken: Arc<AtomicU64>) -> Result<Self, Fault> {
        let away = |_| Fault::Store(StoreError::Unavailable("the server did not answer in time".to_owned()));
        let socket = tokio::time::timeout(CONNECT_WAIT, pgsocket::open(config)).await.map_err(away)??;
        Ok(Self {
            socket,
            out: BytesMut::new(),
            from: BytesMut::new(),
            statements: Statements::new(kept),
            closing: Vec::new(),
            prepared: 0,
            owed: 0,
            broken,
            born: Instant::now(),
            dead: false,
        })
    }

    /// How long it has been there.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// Nothing is under way on it, and the server has not ended it.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.dead && self.owed == 0 && self.from.is_empty() && self.socket.is_silent()
    }

    /// Runs statements in one flight. Where one fails, those after it have not run.
    pub(crate) async fn ask(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Reply>, Failed> {
        self.take_in().await.map_err(|fault| (0, fault))?;
        let preparing = self.write_asks(asks)?;
        self.send().await.map_err(|fault| (0, fault))?;
        self.replies(asks, preparing).await
    }

    /// Runs statements without arguments, of which the last row's first cell is wanted; `asks` go out ahead of them.
    pub(crate) async fn script(&mut self, asks: &[Ask<'_>], sql: &str) -> Result<Result<Option<String>, Fault>, Failed> {
        self.take_in().await.map_err(|fault| (0, fault))?;
        let preparing = if asks.is_empty() { Vec::new() } else { self.write_asks(asks)? };
        pgmessage::script(&mut self.out, sql).map_err(|fault| (asks.len(), fault))?;
        self.owed += 1;
        self.send().await.map_err(|fault| (0, fault))?;
        if !asks.is_empty() {
            self.replies(asks, preparing).await?;
        }
        Ok(self.text().await)
    }

    /// Writes a flight into the buffer, or nothing.
    fn write_asks(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Preparing>, Failed> {
        let begun = self.out.len();
        let mut preparing = Vec::new();
        for (place, ask) in asks.iter().enumerate() {
            if let Err(fault) = self.write(place, ask, &mut preparing) {
                self.out.truncate(begun);
                return Err((place, fault));
            }
        }
        for name in std::mem::take(&mut self.closing) {
            pgmessage::close(&mut self.out, &name).map_err(|fault| (0, fault))?;
        }
        pgmessage::sync(&mut self.out);
        self.owed += 1;
        Ok(preparing)
    }

    fn write(&mut self, place: usize, ask: &Ask<'_>, preparing: &mut Vec<Preparing>) -> Result<(), Fault> {
        if !ask.kept {
            pgmessage::parse(&mut self.out, "", ask.sql, ask.args)?;
            return pgmessage::run(&mut self.out, "", ask.args);
        }
        let broken = self.broken.load(Ordering::Relaxed);
        let fits = |known: &Known| {
            known.types.len() == ask.args.len()
                && known.types.iter().zip(ask.args).all(|(there, arg)| *there == postgres::type_of(arg).oid())
        };
        if let Some(known) = self.statements.get(ask.sql, broken).filter(fits) {
            return pgmessage::run(&mut self.out, &known.name, ask.args);
        }
        self.prepared += 1;
        let name: Arc<str> = format!("t{}", self.prepared).into();
        pgmessage::parse(&mut self.out, &name, ask.sql, ask.args)?;
        pgmessage::run(&mut self.out, &name, ask.args)?;
        let types = ask.args.iter().map(|arg| postgres::type_of(arg).oid()).collect();
        preparing.push(Preparing { place, known: Known { name, types }, broken });
        Ok(())
    }

    /// Reads the answers to a flight, to its end.
    async fn replies(&mut self, asks: &[Ask<'_>], preparing: Vec<Preparing>) -> Result<Vec<Reply>, Failed> {
        let mut replies = Vec::with_capacity(asks.len());
        let (mut reply, mut failed) = (Reply::default(), None);
        let mut preparing = preparing.into_iter().peekable();
        loop {
            let said = match self.next().await {
                Ok(said) => said,
                // What the server said before it hung up says more.
                Err(fault) => return Err(failed.unwrap_or((replies.len(), fault))),
            };
            match said {
                Said::Parsed => {
                    if let Some(Preparing { place, known, broken }) = preparing.next_if(|preparing| preparing.place == replies.len())
                        && let Some(ask) = asks.get(place)
                    {
                        self.closing.extend(self.statements.put(ask.sql, known, broken).map(|gone| gone.name));
                    }
                }
                Said::Row(cells) => match row(&cells, asks.get(replies.len())) {
                    Ok(row) => reply.rows.push(row),
                    Err(error) => failed = failed.or_else(|| Some((replies.len(), error.into()))),
                },
                Said::Done(touched) => replies.push(Reply { touched, ..std::mem::take(&mut reply) }),
                Said::Failed(fault) => failed = failed.or_else(|| Some((replies.len(), self.noticed(fault)))),
                Said::Ready => {
                    self.owed -= 1;
                    self.give_back();
                    return failed.map_or(Ok(replies), Err);
                }
                Said::Aside => {}
            }
        }
    }

    /// Reads the answers to a script: the last row's first cell.
    async fn text(&mut self) -> Result<Option<String>, Fault> {
        let (mut text, mut failed) = (None, None);
        loop {
            match self.next().await {
                Ok(Said::Row(cells)) => {
                    let first = pgmessage::Cells(&cells).next().flatten();
                    text = first.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                }
                Ok(Said::Failed(fault)) => failed = failed.or_else(|| Some(self.noticed(fault))),
                Ok(Said::Ready) => {
                    self.owed -= 1;
                    return failed.map_or(Ok(text), Err);
                }
                Ok(_) => {}
                Err(fault) => return Err(failed.unwrap_or(fault)),
            }
        }
    }

    /// Takes in what is still to come of flights that nobody waits for any more.
    async fn take_in(&mut self) -> Result<(), Fault> {
        if self.dead {
            return Err(StoreError::Unavailable("the connection has ended".to_owned()).into());
        }
        if self.owed > 0 {
            self.send().await?;
            while self.owed > 0 {
                if matches!(self.next().await?, Said::Ready) {
                    self.owed -= 1;
                }
            }
        }
        Ok(())
    }

    /// The next message.
    async fn next(&mut self) -> Result<Said, Fault> {
        loop {
            match pgmessage::next(&mut self.from) {
                Ok(Some(said)) => return Ok(said),
                Ok(None) => {}
                Err(fault) => return Err(self.ended(fault)),
            }
            self.from.reserve(READ_BYTES);
            match self.socket.read_buf(&mut self.from).await {
                Ok(0) => return Err(self.ended(StoreError::Unavailable("the server has ended the connection".to_owned()).into())),
                Ok(_) => {}
                Err(error) => return Err(self.ended(StoreError::Unavailable(error.to_string()).into())),
            }
        }
    }

    async fn send(&mut self) -> Result<(), Fault> {
        let sent = self.socket.write_all_buf(&mut self.out).await;
        sent.map_err(|error| self.ended(StoreError::Unavailable(error.to_string()).into()))
    }

    fn ended(&mut self, fault: Fault) -> Fault {
        self.dead = true;
        fault
    }

    /// A failure that tells of a changed shape makes every connection prepare anew.
    fn noticed(&self, fault: Fault) -> Fault {
        if matches!(fault, Fault::Undefined(_)) {
            self.broken.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }

    fn give_back(&mut self) {
        for buffer in [&mut self.out, &mut self.from] {
            if buffer.is_empty() && buffer.capacity() > KEPT_BYTES {
                *buffer = BytesMut::new();
            }
        }
    }
}

fn row(cells: &[u8], ask: Option<&Ask<'_>>) -> Result<Vec<Value>, StoreError> {
    postgres::row(pgmessage::Cells(cells), ask.map_or(&[], |ask| ask.shapes))
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.owed == 0 && !self.dead {
            self.socket.part(pgmessage::TERMINATE);
        }
    }
}
