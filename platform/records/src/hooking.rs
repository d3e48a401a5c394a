//! The station where plugins speak: questions are collected inside a try, answered between tries, used in the next.
//!
//! Invariant: a verdict is used only for exactly the record, before and after, that the hooks were shown.

use std::collections::HashMap;

use async_trait::async_trait;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Problem};
use tenon_hooks::{Ask, Asked, By, Declined, Desk, Fate, Given, HookChange, HookError, KvAsk, Operation, Phase, Reading, Verdict};
use tenon_model::ObjectIx;
use tenon_query::Record;
use tenon_value::RecordId;

use crate::attempt::{Attempt, Rehearsal};
use crate::halt::{Halt, Tried};
use crate::job::Work;
use crate::queries::Place;
use crate::reading::{self, Outside};
use crate::{Pipeline, RecordsError, change, coerce, plugin_desk};

/// A record as hooks are shown it.
#[derive(Debug)]
struct Question {
    object: ObjectIx,
    operation: Operation,
    old: Option<Record>,
    new: Record,
}

/// What hooks have said, and have yet to say.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    answered: HashMap<RecordId, Vec<(Question, Verdict)>>,
    open: Vec<Question>,
}

impl Verdicts {
    fn find(&self, object: ObjectIx, operation: Operation, work: &Work<'_>) -> Option<&Verdict> {
        let asked = self.answered.get(&work.new.id)?;
        let same = |question: &Question| {
            question.object == object && question.operation == operation && question.old == work.old && question.new == work.new
        };
        asked.iter().rev().find(|(question, _)| same(question)).map(|(_, verdict)| verdict)
    }
}

impl Attempt<'_> {
    /// Lets the verdicts of the hooks come true on records about to be written.
    #[tracing::instrument(name = "records.hooks", skip_all)]
    pub(crate) async fn heed(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        // A plugin that saves waits inside the transaction: whoever has a say in that is asked there and then.
        let is_plugins = self.memory.tree.depth() > 0;
        for operation in [Operation::Create, Operation::Update] {
            if !self.subscribes((object, Phase::BeforeSave, operation)) {
                continue;
            }
            let mut here = Vec::new();
            for (place, work) in works.iter_mut().enumerate() {
                let asked = match (&work.old, operation) {
                    (None, Operation::Create) => true,
                    (Some(old), Operation::Update) => *old != work.new,
                    _ => false,
                };
                if !asked || work.failed {
                    continue;
                }
                match self.memory.verdicts.find(object, operation, work).cloned() {
                    Some(verdict) => self.apply_verdict(object, work, verdict)?,
                    None if is_plugins => here.push(place),
                    None => {
                        let question = Question { object, operation, old: work.old.clone(), new: work.new.clone() };
                        self.memory.verdicts.open.push(question);
                        self.unanswered = true;
                    }
                }
            }
            self.heed_here(object, operation, works, &here).await?;
        }
        if self.unanswered && self.rehearsal == Rehearsal::ToTheFirstQuestion { Err(Halt::Unanswered) } else { Ok(()) }
    }

    /// Asks about records that a plugin saves.
    async fn heed_here(&mut self, object: ObjectIx, operation: Operation, works: &mut [Work<'_>], here: &[usize]) -> Tried<()> {
        if here.is_empty() {
            return Ok(());
        }
        let known = self.object(object)?;
        let asked: Vec<(Option<Record>, Record)> =
            here.iter().filter_map(|place| works.get(*place)).map(|work| (work.old.clone(), work.new.clone())).collect();
        let changes: Vec<HookChange<'_>> = asked
            .iter()
            .map(|(old, new)| HookChange { old: old.as_ref(), new, changed: change::names(known, old.as_ref(), new) })
            .collect();
        let verdicts = self.ask_hooks(Asked { phase: Phase::BeforeSave, object, operation, changes: &changes }).await?;
        for (place, verdict) in here.iter().zip(verdicts) {
            if let Some(work) = works.get_mut(*place) {
                self.apply_verdict(object, work, verdict)?;
            }
        }
        Ok(())
    }

    fn apply_verdict(&mut self, object: ObjectIx, work: &mut Work<'_>, verdict: Verdict) -> Tried<()> {
        let object = self.object(object)?;
        match verdict {
            Verdict::Keep => {}
            Verdict::Patch(patches) => {
                for (ix, value) in patches {
                    let Some(field) = object.field(ix).filter(|field| !field.system) else { continue };
                    match coerce::check(field, &value, &self.model.settings) {
                        Ok(value) => work.new.set_field(ix, value),
                        Err(problem) => {
                            work.failed = true;
                            let path = work.job.path.key(field.graphql.clone());
                            self.found.push(work.job.root, problem.object(object.name.as_str()).at(path));
                        }
                    }
                }
            }
            Verdict::Refuse(refusals) => {
                work.failed = true;
                for refusal in refusals {
                    let path = match refusal.field.as_deref().and_then(|field| object.field_named(field)) {
                        Some(field) => work.job.path.key(field.graphql.clone()),
                        None => work.job.path.clone(),
                    };
                    self.found.push(work.job.root, refusal.problem(object.name.as_str()).at(path));
                }
            }
        }
        Ok(())
    }
}

/// Asks the hooks all open questions, outside any transaction: one call per object and operation.
pub(crate) async fn answer(
    (pipeline, cx, policy): (&Pipeline, &OpContext, &Policy),
    memory: &mut crate::attempt::Memory,
) -> Result<(), RecordsError> {
    let mut open = std::mem::take(&mut memory.verdicts.open);
    while let Some(first) = open.first() {
        let (object, operation) = (first.object, first.operation);
        let (now, later): (Vec<Question>, Vec<Question>) =
            open.into_iter().partition(|question| question.object == object && question.operation == operation);
        open = later;
        let changes: Vec<HookChange<'_>> = now
            .iter()
            .map(|question| HookChange {
                old: question.old.as_ref(),
                new: &question.new,
                changed: cx
                    .model
                    .object(object)
                    .map(|object| change::names(object, question.old.as_ref(), &question.new))
                    .unwrap_or_default(),
            })
            .collect();
        let mut desk = Outside { pipeline, cx, policy, halted: None };
        let asked = Asked { phase: Phase::BeforeSave, object, operation, changes: &changes };
        let verdicts = match (pipeline.hooks.ask(cx, asked, &memory.tree, &mut desk).await, desk.halted) {
            (Ok(verdicts), _) => verdicts,
            (Err(HookError::Stopped), Some(error)) => return Err(error.into()),
            (Err(error), _) => return Err(RecordsError::problem(None, error.problem())),
        };
        drop(changes);
        let mut verdicts = verdicts.into_iter();
        for question in now {
            let verdict = verdicts.next().unwrap_or(Verdict::Keep);
            memory.verdicts.answered.entry(question.new.id).or_default().push((question, verdict));
        }
    }
    Ok(())
}

#[async_trait]
impl Desk for Outside<'_> {
    async fn serve(&mut self, by: By<'_>, ask: Ask) -> Result<Given, Declined> {
        let (pipeline, cx) = (self.pipeline, self.cx);
        let policy = reading::limited(&cx.model, self.policy, by);
        let place = Place::Store(&pipeline.store, cx);
        let told = match ask {
            Ask::Get(object, id, Reading::Plain) => reading::record((pipeline, &cx.model), &policy, (object, id), place).await,
            Ask::Query(document, variables) => reading::document((pipeline, cx), &policy, (&document, &variables), place).await,
            Ask::Kv(ask @ (KvAsk::Get(_) | KvAsk::List(..))) => plugin_desk::look_up(by, &ask, place).await.map_err(Halt::Store),
            ask @ (Ask::Setting(_) | Ask::Secret(_)) => plugin_desk::given(by, &ask, place).await.map_err(Halt::Store),
            _ => {
                let problem = Problem::forbidden("phase", "nothing is written before the transaction", "事务开始前不能写入");
                return Err(Declined::Told(Box::new(problem)));
            }
        };
        match told {
            Ok(told) => told.map_err(Declined::Told),
            Err(Halt::Store(error)) => {
                self.halted = Some(error);
                Err(Declined::Stopped)
            }
            Err(_) => Err(Declined::Stopped),
        }
    }

    async fn mark(&mut self) -> Result<(), Declined> {
        Ok(())
    }

    async fn settle(&mut self, _: Fate) -> Result<(), Declined> {
        Ok(())
    }
}
