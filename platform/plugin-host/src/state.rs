//! What the host keeps for one call: the clock that stands still, what is left of each limit, the line to the desk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use tenon_hooks::{Ask, Declined, Given, Outward, Phase};
use tenon_model::Model;
use tenon_value::{Date, DateTime};
use tokio::sync::{mpsc, oneshot};
use wasmtime::ResourceLimiter;

use crate::limits::{CallLimits, PAGE_BYTES_MAX, Size};
use crate::tape::{Heard, Tape};

/// The limits that are crossed in functions of the host, which a tape may hold.
const CROSSED_AT_THE_HOST: [&str; 7] = ["phase", "queries", "writes", "rows", "page", "output", "http_calls"];

/// A request on its way to the desk, and where its answer is waited for.
pub(crate) struct Letter {
    pub ask: Ask,
    /// The package asks as itself, and not as its caller.
    pub itself: bool,
    pub reply: oneshot::Sender<Result<Given, Declined>>,
}

/// What a call begins with.
pub(crate) struct Beginning {
    pub model: Arc<Model>,
    pub clock: (DateTime, Date),
    /// `name@version`, for log lines.
    pub plugin: String,
    /// The name alone.
    pub package: String,
    pub phase: Phase,
    pub size: Size,
    pub limits: CallLimits,
    pub deadline: Instant,
    /// Levels of plugins that may still stand below.
    pub depth: u32,
    /// From which its random numbers follow.
    pub seed: [u8; 32],
    /// Whether it may ask as itself.
    pub acting: bool,
    /// What it may reach beside records.
    pub outward: Arc<Outward>,
    pub desk: mpsc::Sender<Letter>,
}

/// Data of a store. Lives exactly as long as one call.
pub(crate) struct CallState {
    pub begun: Beginning,
    log_left: usize,
    queries_left: u32,
    rows_left: u32,
    writes_left: u32,
    /// Calls to hosts outside.
    pub(crate) calls_left: u32,
    drawn: u64,
    /// It asks as itself.
    itself: bool,
    /// What it asked, and was told.
    pub(crate) tape: Tape,
    /// What it has logged, with levels.
    pub lines: Vec<(&'static str, String)>,
    /// The most memory it had.
    pub memory: usize,
    /// What the guest was denied: what it does then is a consequence.
    denied: Option<&'static str>,
    /// The limit crossed in a function of the host: the trap is a consequence.
    crossed: Option<&'static str>,
    /// The transaction ended under the plugin: nothing of it is its fault.
    pub stopped: bool,
}

impl CallState {
    pub(crate) fn new(begun: Beginning) -> Self {
        let limits = &begun.limits;
        Self {
            log_left: limits.log,
            queries_left: limits.queries,
            rows_left: limits.rows,
            writes_left: limits.writes,
            calls_left: limits.calls,
            drawn: 0,
            itself: false,
            tape: Tape::new(),
            lines: Vec::new(),
            memory: 0,
            denied: None,
            crossed: None,
            stopped: false,
            begun,
        }
    }

    /// Of a call that is run again, with what it was told then.
    pub(crate) fn played(begun: Beginning, heard: VecDeque<Heard>) -> Self {
        Self { tape: Tape::Plays { heard, strayed: None }, ..Self::new(begun) }
    }

    /// The limit that ended it, where the host knows better than the trap.
    pub(crate) fn crossed(&self) -> Option<&'static str> {
        self.crossed.or(self.denied)
    }

    /// Requests made so far.
    pub(crate) const fn asked(&self) -> u32 {
        let limits = &self.begun.limits;
        limits.queries - self.queries_left + (limits.writes - self.writes_left)
    }

    /// Ends the call at a limit.
    pub(crate) fn cross(&mut self, limit: &'static str) -> wasmtime::Error {
        self.crossed.get_or_insert(limit);
        wasmtime::Error::msg(format!("the limit `{limit}` was crossed"))
    }

    /// Ends the call as its recording says it ended.
    pub(crate) fn end_at(&mut self, recorded: &str) -> wasmtime::Error {
        match CROSSED_AT_THE_HOST.into_iter().find(|limit| *limit == recorded) {
            Some(limit) => self.cross(limit),
            None => wasmtime::Error::msg("the call ended here"),
        }
    }

    /// Of an instance that is made before there is a call for it: it may ask nobody anything.
    pub(crate) fn ahead(model: Arc<Model>, size: Size, deadline: Instant) -> Self {
        let begun = Beginning {
            model,
            clock: (DateTime::from_millis(0), Date::from_days(0)),
            plugin: String::new(),
            package: String::new(),
            phase: Phase::BeforeSave,
            size,
            limits: CallLimits::AHEAD,
            deadline,
            depth: 0,
            seed: [0; 32],
            acting: false,
            outward: Arc::default(),
            desk: mpsc::channel(1).0,
        };
        Self::new(begun)
    }

    /// There is no call yet: it is being warmed.
    pub(crate) fn is_ahead(&self) -> bool {
        self.begun.limits == CallLimits::AHEAD
    }

    /// As much of a line as is still kept; none once the room is used up.
    pub(crate) fn keep<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        // Every line costs one byte more than it has, so that empty ones end too. A cut line is the last one.
        let room = self.log_left.checked_sub(1)?;
        let kept = line.get(..line.floor_char_boundary(room))?;
        self.log_left = if kept.len() == line.len() { room - kept.len() } else { 0 };
        Some(kept)
    }

    /// What is left, but for fuel.
    pub(crate) fn left(&self) -> (u32, [u32; 5]) {
        let wall = self.begun.deadline.saturating_duration_since(Instant::now()).as_millis();
        let log = u32::try_from(self.log_left).unwrap_or(u32::MAX);
        (u32::try_from(wall).unwrap_or(u32::MAX), [self.queries_left, self.rows_left, self.writes_left, log, self.begun.depth])
    }

    /// Asks as itself from here on, or as its caller again; how it was before. None where it may not.
    pub(crate) fn act_as_itself(&mut self, on: bool) -> Option<bool> {
        (self.begun.acting || !on).then(|| std::mem::replace(&mut self.itself, on))
    }

    /// The next random bytes: the same in every run of the same call.
    pub(crate) fn draw(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 32);
        while bytes.len() < count {
            let mut digest = Sha256::new();
            digest.update(self.begun.seed);
            digest.update(self.drawn.to_be_bytes());
            bytes.extend_from_slice(&digest.finalize());
            self.drawn += 1;
        }
        bytes.truncate(count);
        bytes
    }

    /// Sends a request to the desk. The inner error is for the plugin, the outer ends it.
    pub(crate) async fn ask(&mut self, ask: Ask) -> wasmtime::Result<Result<Given, Box<tenon_diagnostics::Problem>>> {
        if ask.writes() {
            if !self.begun.phase.writes() {
                return Err(self.cross("phase"));
            }
            self.writes_left = self.writes_left.checked_sub(1).ok_or_else(|| self.cross("writes"))?;
        } else {
            self.queries_left = self.queries_left.checked_sub(1).ok_or_else(|| self.cross("queries"))?;
        }
        let gone = || wasmtime::Error::msg("nobody is at the desk any more");
        let (reply, answer) = oneshot::channel();
        self.begun.desk.send(Letter { ask, itself: self.itself, reply }).await.map_err(|_| gone())?;
        match answer.await {
            Ok(Ok(given)) => {
                self.count(&given)?;
                Ok(Ok(given))
            }
            Ok(Err(Declined::Told(problem))) => Ok(Err(problem)),
            Ok(Err(Declined::Stopped)) => {
                self.stopped = true;
                Err(wasmtime::Error::msg("the transaction ended"))
            }
            Err(_) => Err(gone()),
        }
    }

    fn count(&mut self, given: &Given) -> wasmtime::Result<()> {
        let rows = match given {
            Given::Data(json, _) if json.len() > PAGE_BYTES_MAX => return Err(self.cross("page")),
            Given::Data(_, rows) | Given::Count(rows) => *rows,
            Given::Record(record) => usize::from(record.is_some()),
            Given::Texts(texts) => texts.len(),
            Given::Ids(ids) => ids.len(),
            Given::Saved(..)
            | Given::Number(_)
            | Given::Text(_)
            | Given::Flag(_)
            | Given::Started(_)
            | Given::Setting(_)
            | Given::Secret(_)
            | Given::Http(_)
            | Given::Done => 0,
        };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.rows_left = self.rows_left.checked_sub(rows).ok_or_else(|| self.cross("rows"))?;
        Ok(())
    }
}

impl ResourceLimiter for CallState {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.begun.size.memory();
        if !allowed {
            self.denied.get_or_insert("memory");
        }
        self.memory = self.memory.max(if allowed { desired } else { 0 });
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied.get_or_insert("memory");
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.begun.size.table_elements();
        if !allowed {
            self.denied.get_or_insert("table");
        }
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tenon_model::ModelVersion;
    use tenon_value::{TenantId, Uuid};

    use super::*;

    fn state() -> CallState {
        CallState::new(Beginning {
            model: Arc::new(Model::empty(TenantId(Uuid::nil()), ModelVersion(1))),
            clock: (DateTime::from_millis(0), Date::from_days(0)),
            plugin: String::new(),
            package: String::new(),
            phase: Phase::BeforeSave,
            size: Size::Small,
            limits: CallLimits::BEFORE,
            deadline: Instant::now() + Duration::from_secs(1),
            depth: 8,
            seed: [7; 32],
            acting: true,
            outward: Arc::default(),
            desk: mpsc::channel(1).0,
        })
    }

    #[test]
    fn a_log_has_an_end() {
        let mut state = state();
        let long = "é".repeat(CallLimits::BEFORE.log / 2 - 2);
        assert_eq!(state.keep(&long), Some(long.as_str()));
        assert_eq!(state.keep("éé"), Some("é"));
        assert_eq!(state.keep("more"), None);
    }

    #[test]
    fn chance_is_the_same_in_every_run() {
        let (mut one, mut two) = (state(), state());
        let drawn = one.draw(40);
        assert_eq!(drawn, two.draw(40));
        assert_ne!(one.draw(40), drawn);
    }

    #[test]
    fn rows_have_an_end() {
        let mut state = state();
        assert!(state.count(&Given::Data(String::new(), 2_000)).is_ok());
        assert!(state.count(&Given::Count(1)).is_err());
        assert_eq!(state.crossed(), Some("rows"));
    }
}
