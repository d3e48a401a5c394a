//! One call of a plugin, whatever it is about: a slot, an instance, the line to the desk, and the account of it.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use tenon_context::OpContext;
use tenon_hooks::{By, Desk, HookError, Phase, Tree};
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::fault::Broken;
use crate::host::Inner;
use crate::invoke::{self, Called};
use crate::lane::{Lane, Next};
use crate::limits::CallLimits;
use crate::linked::Linked;
use crate::since_1::{Error, Question, Said};
use crate::state::{Beginning, CallState, Letter};
use crate::trace::{About, Judged, Opening, Outcome, Trace};
use crate::{Budgets, Usage};

/// Who is called, for whom, and about what.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub host: &'a Inner,
    pub cx: &'a OpContext,
    pub plugin: &'a Arc<Linked>,
    pub tree: &'a Tree,
    pub budgets: &'a Arc<Budgets>,
    pub phase: Phase,
    /// The object, or the name of the function.
    pub about: &'a str,
    /// What happens to records; of a function nothing.
    pub operation: &'a str,
    /// What tells a call from others of the same name in one request: their random numbers differ.
    pub salt: &'a str,
}

/// How much of something goes into a call: so many rows, the first of them being this one of all.
#[derive(Clone, Copy)]
pub(crate) struct Portion {
    pub first: usize,
    pub rows: usize,
}

impl Turn<'_> {
    /// True where the plugin has failed so often that it is left alone.
    pub(crate) fn is_left_alone(&self, now: Instant) -> bool {
        self.host.breaker.is_open(self.cx.model.tenant, &self.plugin.title, self.budgets.faults_per_minute, now)
    }

    /// Calls it, answers what it asks until it is done, and reads what it says. A call that broke is kept, to be run again.
    pub(crate) async fn take<T>(
        &self,
        (question, portion): (Question, Portion),
        desk: &mut dyn Desk,
        (limits, deadline): (&CallLimits, Instant),
        read: impl FnOnce(Result<Said, Error>) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let Some(threads) = &self.host.threads else { return Err(Broken::Busy) };
        let slot = self.host.rooms.slot(self.plugin.size).ok_or(Broken::Busy)?;
        let (line, mut letters) = mpsc::channel(1);
        let (own, pot) = (limits.fuel_for(portion.rows), self.tree.fuel());
        let fuel = own.min(pot);
        let beginning = self.beginning(portion.first, limits, deadline, line);
        let opening = Opening::of(&beginning, fuel);
        let (component, question) = (Arc::clone(&self.plugin.component), Arc::new(question));
        let kept = self.host.warm.take(&component, threads);
        let asked = Arc::clone(&question);
        let called = async move {
            let called = invoke::call(&component, kept, CallState::new(beginning), &asked, fuel).await;
            drop(slot);
            called
        };
        let mut lane = Lane::new(called.instrument(self.span()));
        let called = loop {
            match lane.next(&mut letters, threads).await {
                // Where the plugin has gone meanwhile, nobody wants the answer.
                Next::Asks(Letter { ask, itself, reply }) => {
                    let by = By { package: &self.plugin.name, grant: &self.plugin.grant, itself };
                    reply.send(desk.serve(by, ask).await).ok();
                }
                Next::Ended(called) => break called,
            }
        };
        // A panic of the sandbox itself is one plugin's fault.
        let called = called.map_err(|error| Broken::answer(format!("the sandbox broke: {error}")))?;
        self.tree.burn(called.fuel);
        self.ended(portion.rows, called, (opening, question), read).map_err(|broken| if pot < own { emptied(broken) } else { broken })
    }

    fn beginning(&self, first: usize, limits: &CallLimits, deadline: Instant, desk: mpsc::Sender<Letter>) -> Beginning {
        let cx = self.cx;
        let mut seed = Sha256::new();
        let request = self.host.seeds.next(cx.model.tenant).unwrap_or_else(|| cx.request.as_str().to_owned());
        for word in [request.as_str(), &self.plugin.title, self.phase.word(), self.about, self.salt] {
            seed.update(word.as_bytes());
        }
        for number in [self.tree.depth(), first] {
            seed.update(u64::try_from(number).unwrap_or_default().to_be_bytes());
        }
        Beginning {
            model: Arc::clone(&cx.model),
            clock: (cx.now, cx.now.date_in(&cx.model.settings.zone)),
            plugin: self.plugin.title.clone(),
            package: self.plugin.name.clone(),
            phase: self.phase,
            size: self.plugin.size,
            limits: limits.clone(),
            deadline,
            depth: u32::try_from(self.budgets.depth.saturating_sub(self.tree.depth())).unwrap_or_default(),
            seed: seed.finalize().into(),
            acting: self.plugin.acting,
            outward: Arc::clone(&self.plugin.outward),
            desk,
        }
    }

    fn span(&self) -> tracing::Span {
        tracing::debug_span!(
            "plugin.call",
            plugin = self.plugin.title,
            tenant = %self.cx.model.tenant,
            request = %self.cx.request,
            phase = self.phase.word(),
            object = self.about,
            operation = self.operation,
            depth = self.tree.depth(),
        )
    }

    /// Reads what a call said, and accounts for it.
    fn ended<T>(
        &self,
        rows: usize,
        mut called: Called,
        (opening, question): (Opening, Arc<Question>),
        read: impl FnOnce(Result<Said, Error>) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let tenant = self.cx.model.tenant;
        let sampled = self.host.traces.samples(tenant);
        let (ending, outcome) = match &called.said {
            Ok(Ok(_)) => ("answered", sampled),
            Ok(Err(Error::Refused(_))) => ("refused", sampled),
            // The transaction ended under it, or it waits for a host outside.
            Err(Broken::Stopped | Broken::Busy) => ("stopped", false),
            Ok(Err(Error::Failed(_))) | Err(Broken::Fault { .. }) => ("failed", true),
        };
        let outcome = if outcome { Outcome::of(&called.said) } else { None };
        let said = std::mem::replace(&mut called.said, Err(Broken::Stopped)).and_then(read);
        let is_judged = matches!((&said, ending), (Err(Broken::Fault { .. }), "answered" | "refused"));
        let ending = if is_judged { "failed" } else { ending };
        if sampled || ending == "failed" {
            let judged = match &said {
                Err(Broken::Fault { limit, detail }) if is_judged => {
                    Some(Judged { limit: limit.map(str::to_owned), detail: detail.clone() })
                }
                _ => None,
            };
            let question = Arc::unwrap_or_clone(question);
            let trace = Trace::new(self.about(), (opening, question), &mut called, (outcome.unwrap_or(Outcome::Unread), judged));
            if sampled {
                self.host.traces.add_sample(tenant, trace.clone());
            }
            if ending == "failed" {
                self.host.traces.add(tenant, trace);
            }
        }
        self.measured(rows, called, ending);
        said
    }

    fn about(&self) -> About<'_> {
        About {
            title: &self.plugin.title,
            component: self.plugin.component.digest(),
            size: self.plugin.size,
            at: self.cx.now,
            request: self.cx.request.as_str(),
            phase: self.phase,
            about: self.about,
            operation: self.operation,
        }
    }

    fn measured(&self, rows: usize, called: Called, ending: &'static str) {
        let Called { fuel, wall, memory, asked, lines, .. } = called;
        self.tell(lines);
        let wall_us = u64::try_from(wall.as_micros()).unwrap_or(u64::MAX);
        self.span().in_scope(|| tracing::debug!(rows, fuel, wall_us, memory, asked, outcome = ending, "plugin called"));
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let faults = u64::from(ending == "failed");
        let usage = Usage { calls: 1, faults, rows, fuel, wall, asked: u64::from(asked), memory };
        self.host.usage.add(self.cx.model.tenant, &self.plugin.title, &usage);
    }

    /// Keeps lines for those who look after the tenant's packages.
    pub(crate) fn tell(&self, lines: impl IntoIterator<Item = (&'static str, String)>) {
        let cx = self.cx;
        self.host.lines.add((cx.model.tenant, &self.plugin.title), (cx.now, cx.request.as_str()), lines);
    }

    /// A broken call as an error, noted for the breaker and in the log.
    pub(crate) fn fault(&self, broken: Broken) -> HookError {
        if let Broken::Fault { limit, detail } = &broken {
            self.tell([("fault", format!("{} {}: {}", self.phase.word(), self.about, broken.words()))]);
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
