//! The station where plugins speak: questions are collected inside a try, answered between tries, used in the next.
//!
//! Invariant: a verdict is used only for exactly the record, before and after, that the hooks were shown.

use std::collections::HashMap;

use tenon_context::OpContext;
use tenon_diagnostics::Classify;
use tenon_hooks::{HookChange, Operation, Phase, Verdict};
use tenon_model::ObjectIx;
use tenon_query::Record;
use tenon_value::RecordId;

use crate::attempt::{Attempt, Rehearsal};
use crate::halt::{Halt, Tried};
use crate::job::Work;
use crate::{Pipeline, RecordsError, change, coerce};

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
    pub(crate) fn heed(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        for operation in [Operation::Create, Operation::Update] {
            if !self.pipeline.hooks.subscribes(self.model, object, Phase::BeforeSave, operation) {
                continue;
            }
            for work in works.iter_mut() {
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
                    None => {
                        let question = Question { object, operation, old: work.old.clone(), new: work.new.clone() };
                        self.memory.verdicts.open.push(question);
                        self.unanswered = true;
                    }
                }
            }
        }
        if self.unanswered && self.rehearsal == Rehearsal::ToTheFirstQuestion { Err(Halt::Unanswered) } else { Ok(()) }
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
pub(crate) async fn answer(pipeline: &Pipeline, cx: &OpContext, memory: &mut crate::attempt::Memory) -> Result<(), RecordsError> {
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
        let verdicts = pipeline
            .hooks
            .before_save(cx, object, operation, &changes)
            .await
            .map_err(|error| RecordsError::problem(None, error.problem()))?;
        drop(changes);
        let mut verdicts = verdicts.into_iter();
        for question in now {
            let verdict = verdicts.next().unwrap_or(Verdict::Keep);
            memory.verdicts.answered.entry(question.new.id).or_default().push((question, verdict));
        }
    }
    Ok(())
}
