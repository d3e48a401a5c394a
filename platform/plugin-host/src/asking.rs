//! One plugin being asked about one save: its place in the tree, its calls, and what becomes of its faults.

use std::sync::Arc;
use std::time::Instant;

use tenon_hooks::{Asked, Blocked, Declined, Desk, Fate, HookError, Stop, Verdict};
use tenon_model::Object;

use crate::OnFault;
use crate::fault::Broken;
use crate::limits::{CallLimits, ROWS_PER_CALL};
use crate::linked::Linked;
use crate::merge::{Portions, Rows};
use crate::registry::Occasion;
use crate::since_1::{self, Answer, Question, Said};
use crate::turn::{Portion, Turn};

/// One plugin being asked about one save.
pub(crate) struct Asking<'a> {
    pub turn: Turn<'a>,
    pub object: &'a Object,
    pub asked: Asked<'a>,
}

/// What all its portions came to, by their first row; or a refusal of everything.
type Answers = Result<Vec<(usize, Vec<Verdict>)>, HookError>;

impl Asking<'_> {
    /// Asks about all records. A fault is an error, unless its author said that it is skipped: then it was never asked.
    pub(crate) async fn about(&self, rows: &mut Rows<'_>, desk: &mut dyn Desk, now: Instant) -> Result<(), HookError> {
        let skips = self.on_fault() == OnFault::Skip;
        if self.turn.is_left_alone(now) {
            let open = Broken::limit("breaker", "it has failed too often within a minute");
            return if skips { Ok(()) } else { Err(open.of(self.turn.plugin.title.clone())) };
        }
        let answered = match rows.shown(self.turn.plugin, |rows| self.show(rows)) {
            Ok(shown) if self.asked.phase.is_within() => self.within(shown, desk, now).await,
            Ok(shown) => self.on_the_way(shown, desk, now).await,
            Err(fault) => Err(fault),
        };
        match answered {
            Ok(answers) => {
                for (first, verdicts) in answers {
                    rows.apply(self.object, first, verdicts);
                }
                Ok(())
            }
            Err(HookError::Fault(_)) if skips => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn on_fault(&self) -> OnFault {
        let occasion = Occasion { object: self.object.name.as_str(), phase: self.asked.phase, operation: self.asked.operation };
        self.turn.plugin.subscription(occasion).map_or(OnFault::Refuse, |subscription| subscription.on_fault)
    }

    /// With a part of the transaction of its own, which is undone where it fails.
    async fn within(&self, shown: Portions, desk: &mut dyn Desk, now: Instant) -> Answers {
        let stopped = |_: Declined| HookError::Stopped;
        desk.mark().await.map_err(stopped)?;
        let answered = self.on_the_way(shown, desk, now).await;
        // Where the transaction has ended there is nothing to go back to.
        if !matches!(answered, Err(HookError::Stopped)) {
            let fate = if answered.is_ok() { Fate::Kept } else { Fate::Undone };
            desk.settle(fate).await.map_err(stopped)?;
        }
        answered
    }

    /// One step further down the tree. Before a save that no plugin made it stands at the root, and takes none of the tree's time.
    async fn on_the_way(&self, shown: Portions, desk: &mut dyn Desk, now: Instant) -> Answers {
        let limits = self.turn.budgets.of(self.asked.phase, self.turn.plugin.size);
        if !self.asked.phase.is_within() && self.turn.tree.depth() == 0 {
            return self.portions(shown, desk, &limits).await;
        }
        let until = self.turn.tree.enter(self.stops(), self.turn.budgets.depth, now).map_err(|blocked| match blocked {
            Blocked::Recursion => self.turn.fault(Broken::limit("recursion", "it is asked about what it is being asked about")),
            Blocked::Nesting => self.turn.fault(Broken::limit("nesting", "it stands below too many plugins")),
        })?;
        let limits = CallLimits { wall: limits.wall.min(until.saturating_duration_since(now)), ..limits };
        let answered = self.portions(shown, desk, &limits).await;
        self.turn.tree.leave(Instant::now());
        answered
    }

    fn stops(&self) -> Vec<Stop> {
        let stop = |change: &tenon_hooks::HookChange<'_>| {
            let mut changed = change.changed.clone();
            changed.sort_unstable();
            Stop { plugin: self.turn.plugin.title.clone(), phase: self.asked.phase, record: change.new.id, changed }
        };
        self.asked.changes.iter().map(stop).collect()
    }

    /// All records, as the plugin may see them, in as many portions as the limits `input` and [`ROWS_PER_CALL`] need.
    fn show(&self, rows: &Rows<'_>) -> Result<Portions, HookError> {
        let grant = &self.turn.plugin.grant;
        let mut all: Vec<_> = rows.rows().map(|row| since_1::row((&self.turn.cx.model, grant), self.object, &row)).collect();
        let (mut first, mut portions) = (0, Vec::new());
        while !all.is_empty() {
            let rest = all.split_off(self.fitting(&all)?);
            let count = all.len();
            portions.push((first, Arc::from(all)));
            first += count;
            all = rest;
        }
        Ok(portions)
    }

    /// Asks about one portion after the other.
    async fn portions(&self, shown: Portions, desk: &mut dyn Desk, limits: &CallLimits) -> Answers {
        let mut answers = Vec::with_capacity(shown.len());
        for (first, changes) in shown {
            let deadline = Instant::now() + limits.wall;
            match self.call((first, changes), desk, (limits, deadline)).await.map_err(|broken| self.turn.fault(broken))? {
                Answer::Refused(refusal) => return Err(HookError::Refused(refusal)),
                Answer::Verdicts(verdicts) => answers.push((first, verdicts)),
            }
        }
        Ok(answers)
    }

    /// How many of the changes go into one call; at least one.
    fn fitting(&self, changes: &[since_1::Change]) -> Result<usize, HookError> {
        let limits = self.turn.budgets.of(self.asked.phase, self.turn.plugin.size);
        let mut bytes = 0_usize;
        let fits = |change: &&since_1::Change| {
            bytes = bytes.saturating_add(since_1::size(change));
            bytes <= limits.input
        };
        match changes.iter().take(ROWS_PER_CALL).take_while(fits).count() {
            0 => Err(self.turn.fault(Broken::limit("input", "one record is larger than a call may be given"))),
            count => Ok(count),
        }
    }

    async fn call(
        &self,
        (first, changes): (usize, Arc<[since_1::Change]>),
        desk: &mut dyn Desk,
        (limits, deadline): (&CallLimits, Instant),
    ) -> Result<Answer, Broken> {
        let rows = changes.len();
        let question = Question::Records {
            phase: self.asked.phase,
            object: self.object.name.to_string(),
            operation: since_1::operation(self.asked.operation),
            changes,
        };
        let Linked { name, grant, .. } = &**self.turn.plugin;
        let read = |said: Result<Said, since_1::Error>| {
            let said = match said {
                Ok(Said::Verdicts(verdicts)) => Ok(verdicts),
                Ok(_) => return Err(Broken::answer("answered something else than it was asked")),
                Err(error) => Err(error),
            };
            since_1::answer((name, grant), self.object, (rows, self.asked.phase), said)
        };
        self.turn.take((question, Portion { first, rows }), desk, (limits, deadline), read).await
    }
}
