//! One plugin being asked about one save: its place in the tree, its calls, and what becomes of its faults.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use tenon_context::OpContext;
use tenon_hooks::{Asked, Blocked, By, Declined, Desk, Fate, HookError, Stop, Tree, Verdict};
use tenon_model::Object;
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::fault::Broken;
use crate::host::Inner;
use crate::invoke::{self, Called};
use crate::limits::{CallLimits, ROWS_PER_CALL};
use crate::linked::Linked;
use crate::merge::Rows;
use crate::registry::Occasion;
use crate::since_1::{self, Answer};
use crate::state::{Beginning, CallState};
use crate::{Budgets, OnFault, Usage};

/// One plugin being asked about one save.
pub(crate) struct Asking<'a> {
    pub host: &'a Inner,
    pub cx: &'a OpContext,
    pub object: &'a Object,
    pub asked: Asked<'a>,
    pub plugin: &'a Arc<Linked>,
    pub tree: &'a Tree,
    pub budgets: &'a Arc<Budgets>,
}

/// What all its portions came to, by their first row; or a refusal of everything.
type Portions = Result<Vec<(usize, Vec<Verdict>)>, HookError>;

impl Asking<'_> {
    /// Asks about all records. A fault is an error, unless its author said that it is skipped: then it was never asked.
    pub(crate) async fn about(&self, rows: &mut Rows<'_>, desk: &mut dyn Desk, now: Instant) -> Result<(), HookError> {
        let skips = self.on_fault() == OnFault::Skip;
        if self.host.breaker.is_open(self.cx.model.tenant, &self.plugin.title, self.budgets.faults_per_minute, now) {
            let open = Broken::limit("breaker", "it has failed too often within a minute");
            return if skips { Ok(()) } else { Err(open.of(self.plugin.title.clone())) };
        }
        let answered =
            if self.asked.phase.is_within() { self.within(rows, desk, now).await } else { self.on_the_way(rows, desk, now).await };
        match answered {
            Ok(portions) => {
                for (first, verdicts) in portions {
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
        self.plugin.subscription(occasion).map_or(OnFault::Refuse, |subscription| subscription.on_fault)
    }

    /// With a part of the transaction of its own, which is undone where it fails.
    async fn within(&self, rows: &Rows<'_>, desk: &mut dyn Desk, now: Instant) -> Portions {
        let stopped = |_: Declined| HookError::Stopped;
        desk.mark().await.map_err(stopped)?;
        let answered = self.on_the_way(rows, desk, now).await;
        // Where the transaction has ended there is nothing to go back to.
        if !matches!(answered, Err(HookError::Stopped)) {
            let fate = if answered.is_ok() { Fate::Kept } else { Fate::Undone };
            desk.settle(fate).await.map_err(stopped)?;
        }
        answered
    }

    /// One step further down the tree, inside the transaction; before it there is no tree yet.
    async fn on_the_way(&self, rows: &Rows<'_>, desk: &mut dyn Desk, now: Instant) -> Portions {
        let limits = self.budgets.of(self.asked.phase);
        if !self.asked.phase.is_within() && self.tree.depth() == 0 {
            return self.portions(rows, desk, limits).await;
        }
        let until = self.tree.enter(self.stops(), self.budgets.depth, now).map_err(|blocked| match blocked {
            Blocked::Recursion => self.fault(Broken::limit("recursion", "it is asked about what it is being asked about")),
            Blocked::Nesting => self.fault(Broken::limit("nesting", "it stands below too many plugins")),
        })?;
        let limits = CallLimits { wall: limits.wall.min(until.saturating_duration_since(now)), ..limits.clone() };
        let answered = self.portions(rows, desk, &limits).await;
        self.tree.leave(Instant::now());
        answered
    }

    fn stops(&self) -> Vec<Stop> {
        let stop = |change: &tenon_hooks::HookChange<'_>| {
            let mut changed = change.changed.clone();
            changed.sort_unstable();
            Stop { plugin: self.plugin.title.clone(), phase: self.asked.phase, record: change.new.id, changed }
        };
        self.asked.changes.iter().map(stop).collect()
    }

    /// All records, in as many calls as the limits `input` and [`ROWS_PER_CALL`] need.
    async fn portions(&self, rows: &Rows<'_>, desk: &mut dyn Desk, limits: &CallLimits) -> Portions {
        let mut all: Vec<_> = rows.rows().map(|row| since_1::row(&self.cx.model, self.object, &row)).collect();
        let (mut first, mut portions) = (0, Vec::new());
        while !all.is_empty() {
            let rest = all.split_off(self.fitting(&all, limits)?);
            let count = all.len();
            let deadline = Instant::now() + limits.wall;
            match self.call((first, all), desk, (limits, deadline)).await.map_err(|broken| self.fault(broken))? {
                Answer::Refused(refusal) => return Err(HookError::Refused(refusal)),
                Answer::Verdicts(verdicts) => portions.push((first, verdicts)),
            }
            first += count;
            all = rest;
        }
        Ok(portions)
    }

    /// How many of the changes go into one call; at least one.
    fn fitting(&self, changes: &[since_1::Change], limits: &CallLimits) -> Result<usize, HookError> {
        let mut bytes = 0_usize;
        let fits = |change: &&since_1::Change| {
            bytes = bytes.saturating_add(since_1::size(change));
            bytes <= limits.input
        };
        match changes.iter().take(ROWS_PER_CALL).take_while(fits).count() {
            0 => Err(self.fault(Broken::limit("input", "one record is larger than a call may be given"))),
            count => Ok(count),
        }
    }

    async fn call(
        &self,
        (first, changes): (usize, Vec<since_1::Change>),
        desk: &mut dyn Desk,
        (limits, deadline): (&CallLimits, Instant),
    ) -> Result<Answer, Broken> {
        let rows = changes.len();
        let Some(threads) = &self.host.threads else { return Err(Broken::Busy) };
        let slot = self.host.rooms.slot(self.plugin.size).ok_or(Broken::Busy)?;
        let (line, mut letters) = mpsc::channel(1);
        let state = CallState::new(self.beginning(first, limits, deadline, line));
        let question = since_1::Asked {
            phase: self.asked.phase,
            object: self.object.name.to_string(),
            operation: since_1::operation(self.asked.operation),
            changes,
        };
        let (own, pot) = (limits.fuel_for(rows), self.tree.fuel());
        let fuel = own.min(pot);
        let component = Arc::clone(&self.plugin.component);
        let called = async move {
            let called = invoke::call(component.engine(), &component, state, question, fuel).await;
            drop(slot);
            called
        };
        let mut called = threads.spawn(called.instrument(self.span()));
        let by = By { package: &self.plugin.name, grant: &self.plugin.grant };
        let called = loop {
            tokio::select! {
                biased;
                Some((ask, reply)) = letters.recv() => {
                    // Where the plugin has gone meanwhile, nobody wants the answer.
                    reply.send(desk.serve(by, ask).await).ok();
                }
                called = &mut called => break called,
            }
        };
        // The task is the border: a panic of the sandbox itself ends there and is one plugin's fault.
        let called = called.map_err(|error| Broken::answer(format!("the sandbox broke: {error}")))?;
        self.tree.burn(called.fuel);
        let said = self.measured(rows, called).map_err(|broken| if pot < own { emptied(broken) } else { broken })?;
        since_1::answer(&self.plugin.name, self.object, (rows, self.asked.phase), said)
    }

    fn beginning(&self, first: usize, limits: &CallLimits, deadline: Instant, desk: mpsc::Sender<crate::state::Letter>) -> Beginning {
        let cx = self.cx;
        let mut seed = Sha256::new();
        seed.update(cx.request.as_str().as_bytes());
        seed.update(self.plugin.title.as_bytes());
        seed.update(self.asked.phase.word().as_bytes());
        seed.update(self.object.name.as_str().as_bytes());
        for number in [self.tree.depth(), first] {
            seed.update(u64::try_from(number).unwrap_or_default().to_be_bytes());
        }
        Beginning {
            model: Arc::clone(&cx.model),
            clock: (cx.now, cx.now.date_in(&cx.model.settings.zone)),
            plugin: self.plugin.title.clone(),
            phase: self.asked.phase,
            size: self.plugin.size,
            limits: limits.clone(),
            deadline,
            depth: u32::try_from(self.budgets.depth.saturating_sub(self.tree.depth())).unwrap_or_default(),
            seed: seed.finalize().into(),
            desk,
        }
    }

    fn span(&self) -> tracing::Span {
        tracing::debug_span!(
            "plugin.call",
            plugin = self.plugin.title,
            tenant = %self.cx.model.tenant,
            request = %self.cx.request,
            phase = self.asked.phase.word(),
            object = self.object.name.as_str(),
            operation = self.asked.operation.word(),
            depth = self.tree.depth(),
        )
    }

    fn measured(&self, rows: usize, called: Called) -> Result<Result<Vec<since_1::Verdict>, since_1::Error>, Broken> {
        let Called { said, fuel, wall, memory, asked } = called;
        let outcome = match &said {
            Ok(Ok(_)) => "answered",
            Ok(Err(since_1::Error::Refused(_))) => "refused",
            Ok(Err(since_1::Error::Failed(_))) | Err(_) => "failed",
        };
        let wall_us = u64::try_from(wall.as_micros()).unwrap_or(u64::MAX);
        self.span().in_scope(|| tracing::debug!(rows, fuel, wall_us, memory, asked, outcome, "plugin called"));
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let faults = u64::from(outcome == "failed");
        let usage = Usage { calls: 1, faults, rows, fuel, wall, asked: u64::from(asked), memory };
        self.host.usage.add(self.cx.model.tenant, &self.plugin.name, &usage);
        said
    }

    fn fault(&self, broken: Broken) -> HookError {
        if let Broken::Fault { limit, detail } = &broken {
            let (plugin, tenant) = (&self.plugin.title, self.cx.model.tenant);
            tracing::warn!(plugin, %tenant, request = %self.cx.request, limit, detail, "plugin failed");
            if self.host.breaker.note(tenant, plugin, self.budgets.faults_per_minute, Instant::now()) {
                tracing::error!(plugin, %tenant, "the plugin failed too often and is not asked for a minute");
            }
        }
        broken.of(self.plugin.title.clone())
    }
}

/// The pot of the whole tree was smaller than what the call might have had.
fn emptied(broken: Broken) -> Broken {
    match broken {
        Broken::Fault { limit: Some("fuel"), detail } => Broken::Fault { limit: Some("fuel_tree"), detail },
        other => other,
    }
}
