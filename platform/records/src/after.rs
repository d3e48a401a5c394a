//! The stations inside the transaction where plugins speak: after a save, before and after a removal.
//!
//! Invariant: who is asked after a write is asked when all of the step is written, and before it is answered; a refusal
//! there fails its row as any other problem does, a fault fails the mutation.

use std::sync::Arc;

use tenon_diagnostics::{Classify, InputPath};
use tenon_hooks::{Asked, HookChange, HookError, Operation, Phase, Tree, Verdict};
use tenon_model::{Object, ObjectIx, system};
use tenon_query::{Action, Deleted, Record};
use tenon_store::Lock;
use tenon_value::{RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::job::Work;
use crate::remove::{Reach, Removal};
use crate::save::Pending;
use crate::{Status, change};

/// One record that was written, for those who are asked about it.
#[derive(Clone, Debug)]
pub(crate) struct After {
    pub(crate) object: ObjectIx,
    pub(crate) phase: Phase,
    pub(crate) operation: Operation,
    /// The row of the step to which its problems belong, and where it stands in the request.
    pub(crate) root: usize,
    pub(crate) path: InputPath,
    pub(crate) old: Option<Record>,
    pub(crate) new: Record,
}

impl Attempt<'_> {
    pub(crate) fn tree(&self) -> Arc<Tree> {
        Arc::clone(&self.memory.tree)
    }

    /// Whether anybody wants to be asked.
    pub(crate) fn subscribes(&self, moment: (ObjectIx, Phase, Operation)) -> bool {
        self.pipeline.hooks.subscribes(self.model, moment, &self.memory.tree)
    }

    /// Notes a record that is being written, if somebody wants to be asked about it afterwards.
    pub(crate) fn after_write(&mut self, object: &Object, work: &Work<'_>) {
        let operation = match (&work.old, work.status) {
            (None, _) => Operation::Create,
            (Some(_), Status::Restored) => Operation::Restore,
            (Some(_), _) => Operation::Update,
        };
        if !self.subscribes((object.ix, Phase::AfterSave, operation)) {
            return;
        }
        let mut new = work.new.clone();
        new.set_field(system::VERSION, Value::Int(work.old.as_ref().map_or(1, |old| old.version() + 1)));
        let (root, path) = (work.job.root, work.job.path.clone());
        self.note_after(After { object: object.ix, phase: Phase::AfterSave, operation, root, path, old: work.old.clone(), new });
    }

    /// Asks before live records go, with all that goes along, and notes them for those who are asked after it.
    pub(crate) async fn before_removal(&mut self, reach: &Reach, removals: &[Removal]) -> Tried<()> {
        if !self.found.is_empty() {
            return Ok(());
        }
        let operation = Operation::Delete;
        for (object, ids) in &reach.gone {
            let wanted = |phase| self.subscribes((*object, phase, operation));
            let (before, after) = (wanted(Phase::BeforeDelete), wanted(Phase::AfterDelete));
            if !before && !after {
                continue;
            }
            let ids: Vec<RecordId> = ids.iter().copied().collect();
            let table = self.whole(*object, Action::Delete)?;
            let stored = self.tx.load(&table, &ids, Deleted::Exclude, Lock::Update).await?;
            let note = |phase, old: Record| {
                let root = reach.roots.get(&old.id).copied().unwrap_or_default();
                let path = removals.iter().find(|(row, ..)| *row == root).map(|(.., path)| path.clone()).unwrap_or_default();
                let mut new = old.clone();
                new.set_field(system::DELETED_AT, Value::DateTime(self.cx.now));
                After { object: *object, phase, operation, root, path, old: Some(old), new }
            };
            let noted: Vec<After> = stored.iter().filter(|_| after).map(|old| note(Phase::AfterDelete, old.clone())).collect();
            let asked: Vec<After> = stored.into_iter().filter(|_| before).map(|old| note(Phase::BeforeDelete, old)).collect();
            self.ask_within(asked).await?;
            self.afters.extend(noted);
        }
        Ok(())
    }

    /// Asks about everything noted, by object and operation.
    pub(crate) fn ask_after(&mut self) -> Pending<'_, ()> {
        Box::pin(async move {
            let mut noted = std::mem::take(&mut self.afters);
            while let Some(first) = noted.first() {
                let key = (first.object, first.phase, first.operation);
                let (now, later): (Vec<After>, Vec<After>) =
                    noted.into_iter().partition(|after| (after.object, after.phase, after.operation) == key);
                noted = later;
                self.ask_within(now).await?;
                if !self.found.is_empty() {
                    return Ok(());
                }
            }
            Ok(())
        })
    }

    /// Asks about records of one object, phase and operation, inside the transaction.
    #[tracing::instrument(name = "records.hooks_within", skip_all)]
    pub(crate) async fn ask_within(&mut self, now: Vec<After>) -> Tried<()> {
        let Some(After { object, phase, operation, .. }) = now.first().cloned() else { return Ok(()) };
        let known = self.object(object)?;
        let changes: Vec<HookChange<'_>> = now
            .iter()
            .map(|after| HookChange {
                old: after.old.as_ref(),
                new: &after.new,
                changed: change::names(known, after.old.as_ref(), &after.new),
            })
            .collect();
        let verdicts = self.ask_hooks(Asked { phase, object, operation, changes: &changes }).await?;
        for (after, verdict) in now.iter().zip(verdicts) {
            let Verdict::Refuse(refusals) = verdict else { continue };
            for refusal in refusals {
                self.found.push(after.root, refusal.problem(known.name.as_str()).at(after.path.clone()));
            }
        }
        Ok(())
    }

    /// Asks those who subscribe, with this try as their desk.
    pub(crate) async fn ask_hooks(&mut self, asked: Asked<'_>) -> Tried<Vec<Verdict>> {
        let (pipeline, cx, tree) = (self.pipeline, self.cx, self.tree());
        let answered = pipeline.hooks.ask(cx, asked, &tree, self).await;
        self.heard_from_plugins(answered)
    }

    /// What plugins gave; or why the try ends.
    pub(crate) fn heard_from_plugins<T>(&mut self, answered: Result<T, HookError>) -> Tried<T> {
        match answered {
            Ok(given) => Ok(given),
            Err(HookError::Stopped) => Err(self.halted.take().unwrap_or_else(|| Halt::Broken(Box::new(HookError::Stopped.problem())))),
            Err(HookError::Refused(refusal)) => Err(HookError::Refused(refusal).problem().into()),
            Err(error @ HookError::NotOffered(_)) => Err(error.problem().into()),
            Err(error) => Err(Halt::Broken(Box::new(error.problem()))),
        }
    }
}
