//! One try of a mutation inside one transaction: its steps in order, each with its answer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use tenon_access::{Place, Policy};
use tenon_context::{OpContext, Principal, Via};
use tenon_diagnostics::{InputPath, Kind, Message, Problem};
use tenon_hooks::Tree;
use tenon_model::{Model, Object, ObjectIx};
use tenon_query::{Action, AuthorizedTable, OnMatch, Write};
use tenon_store::{NewJob, Room, Tx};
use tenon_value::{Decimal, RecordId};

use crate::after::After;
use crate::calling_out::{Calls, Outgoing};
use crate::desk::Mark;
use crate::ending::Ending;
use crate::halt::{Found, Halt, Tried};
use crate::job::{Aim, Job, Saved};
use crate::limits::BATCH_SIZE_MAX;
use crate::pipeline::refused;
use crate::{Done, Mutation, Pipeline, RecordsError, Step, StepOutcome, answer, idempotency};

/// What outlives a try, so that the next one meets the same questions.
#[derive(Default)]
pub(crate) struct Memory {
    /// Ids of new records: by step, row of the step, and how many that row has made before.
    ids: HashMap<(usize, usize, usize), RecordId>,
    /// What the plugins of the mutation share.
    pub(crate) tree: Arc<Tree>,
    /// What they have called outside.
    pub(crate) calls: Calls,
    /// What its tenant may still save.
    pub(crate) room: Room,
}

impl Memory {
    pub(crate) fn new(tree: Arc<Tree>, calls: Calls, room: Room) -> Self {
        Self { tree, calls, room, ..Self::default() }
    }
}

/// How a try ended.
pub(crate) enum Ended {
    /// It stands (or was a dry run, or a replay).
    Committed(Vec<StepOutcome>, Done),
    /// A host outside must be called first.
    CallsOut(Box<Outgoing>),
}

/// One try.
pub(crate) struct Attempt<'p> {
    pub(crate) pipeline: &'p Pipeline,
    pub(crate) cx: &'p OpContext,
    /// Of who acts; of a plugin where one writes.
    pub(crate) policy: Policy,
    /// The house's own rights: for what the law of the whole holds, whoever acts.
    house: Policy,
    pub(crate) model: &'p Model,
    pub(crate) tx: Tx,
    pub(crate) memory: &'p mut Memory,
    /// Problems of the step at hand.
    pub(crate) found: Found,
    /// Records known to be live and locked, and visible to who acts, or made here.
    pub(crate) settled: HashSet<(ObjectIx, RecordId)>,
    /// Records known to be live and locked, visible or not.
    pub(crate) alive: HashSet<(ObjectIx, RecordId)>,
    /// Exchange rates looked up so far.
    pub(crate) rates: HashMap<String, Option<Decimal>>,
    /// Records saved by the step at hand.
    pub(crate) rows: usize,
    /// Records made so far, less those destroyed.
    pub(crate) grown: i64,
    /// Which step is at hand.
    place: usize,
    /// New records of each of its rows so far.
    pub(crate) made: HashMap<usize, usize>,
    /// What was written and has not been asked about yet.
    pub(crate) afters: Vec<After>,
    /// Where plugins' own parts of the transaction begin.
    pub(crate) marks: Vec<Mark>,
    /// How often plugins have written.
    pub(crate) asks: usize,
    /// What ended the transaction under a plugin.
    pub(crate) halted: Option<Halt>,
}

impl<'p> Attempt<'p> {
    pub(crate) async fn run(
        pipeline: &'p Pipeline,
        cx: &'p OpContext,
        policy: &'p Policy,
        mutation: &Mutation,
        memory: &'p mut Memory,
        ending: &Ending<'_>,
    ) -> Result<Ended, RecordsError> {
        let tx = pipeline.store.begin(cx).await?;
        let mut attempt = Self::over((pipeline, cx, policy), tx, memory);
        let ended = attempt.journey(mutation, ending).await;
        let Self { tx, grown, .. } = attempt;
        match ended {
            Ok(Ended::Committed(outcomes, done)) if !cx.dry_run && !done.replayed => {
                commit(tx).await?;
                pipeline.store.records_grew(cx.model.tenant, grown);
                Ok(Ended::Committed(outcomes, done))
            }
            // What ended otherwise leaves nothing; that the connection fails now too changes nothing of it.
            other => {
                if let Err(error) = tx.rollback().await {
                    tracing::debug!(%error, "rollback");
                }
                other
            }
        }
    }

    /// A try in a transaction that has begun.
    pub(crate) fn over((pipeline, cx, policy): (&'p Pipeline, &'p OpContext, &Policy), tx: Tx, memory: &'p mut Memory) -> Self {
        Self {
            pipeline,
            cx,
            policy: policy.clone(),
            house: Policy::resolve(&cx.model, &Principal::system()),
            model: &cx.model,
            tx,
            memory,
            found: Found::default(),
            settled: HashSet::new(),
            alive: HashSet::new(),
            rates: HashMap::new(),
            rows: 0,
            grown: 0,
            place: 0,
            made: HashMap::new(),
            afters: Vec::new(),
            marks: Vec::new(),
            asks: 0,
            halted: None,
        }
    }

    pub(crate) async fn journey(&mut self, mutation: &Mutation, ending: &Ending<'_>) -> Result<Ended, RecordsError> {
        let whole = |halt| ended_by(None, halt);
        match idempotency::find(&mut self.tx, self.cx, mutation.idempotency.as_ref()).await {
            Ok(Some(done)) => return Ok(Ended::Committed(Vec::new(), done)),
            Ok(None) => {}
            Err(halt) => return whole(halt),
        }
        let mut outcomes = Vec::with_capacity(mutation.steps.len());
        for (place, step) in mutation.steps.iter().enumerate() {
            self.place = place;
            let outcome = self.step(step).await;
            let problems = self.found.take();
            match outcome {
                Err(Halt::Refuse(problem)) => return Err(refused(place, problems.into_iter().map(|(_, found)| found).chain([*problem]))),
                Err(halt) => return ended_by(Some(place), halt),
                Ok(_) if !problems.is_empty() => return Err(refused(place, problems.into_iter().map(|(_, found)| found))),
                Ok(outcome) => outcomes.push(outcome),
            }
        }
        ending.settle(&mut self.tx, &outcomes, self.cx.dry_run).await?;
        let response = (ending.respond)(&outcomes).map_err(|problem| RecordsError::problem(None, problem))?;
        match idempotency::keep(&mut self.tx, self.cx, mutation.idempotency.as_ref(), &response).await {
            Ok(()) => Ok(Ended::Committed(outcomes, Done { response, replayed: false })),
            Err(halt) => whole(halt),
        }
    }

    async fn step(&mut self, step: &Step) -> Tried<StepOutcome> {
        self.in_time()?;
        self.rows = 0;
        self.made.clear();
        if let Write::Batch(object, batch, mode) = &step.write {
            let rows = self.batch(*object, batch, *mode).await?;
            let answer = if self.found.is_empty() { answer::read(&mut self.tx, step, &answer::ids(&rows)).await? } else { None };
            return Ok(StepOutcome::Batch { rows, answer });
        }
        if let Write::Later(later) = &step.write {
            let job = NewJob { total: later.total, ..NewJob::new(self.cx, later.kind, later.payload.clone()) };
            return Ok(StepOutcome::Later(self.tx.job_put(&job).await?, later.total));
        }
        if let Write::Call(call) = &step.write {
            return self.call_plugin(call).await.map(StepOutcome::Called);
        }
        if let Write::Merge(object, merging) = &step.write {
            let Some(merged) = self.merge(*object, merging).await? else {
                return Ok(StepOutcome::Batch { rows: Vec::new(), answer: None });
            };
            self.heard().await?;
            if !self.found.is_empty() {
                return Ok(StepOutcome::Batch { rows: Vec::new(), answer: None });
            }
            let answer = answer::read(&mut self.tx, step, &[merged.survivor]).await?;
            return Ok(StepOutcome::Merged { merged, answer });
        }
        match self.single(&step.write).await? {
            Some(Saved { id, status }) if self.found.is_empty() => {
                let answer = answer::read(&mut self.tx, step, &[id]).await?;
                Ok(StepOutcome::One { id, status, answer })
            }
            // Without a record there is a problem, and this outcome is never seen.
            _ => Ok(StepOutcome::Batch { rows: Vec::new(), answer: None }),
        }
    }

    /// Ends where the caller has stopped waiting.
    fn in_time(&self) -> Tried<()> {
        if self.cx.deadline.is_none_or(|deadline| Instant::now() < deadline) {
            return Ok(());
        }
        let message = Message::new("this takes too long, ask for less", "处理耗时过长,请减少内容");
        Err(Problem { limit: Some("time"), message, ..Problem::of_kind(Kind::Exhausted) }.into())
    }

    async fn single(&mut self, write: &Write) -> Tried<Option<Saved>> {
        let at_id = || InputPath::default().key("id");
        let saved = match write {
            Write::Create(object, input) => self.save(*object, vec![Job::new(0, input, Aim::Create)]).await?,
            Write::Update(object, id, expected, input) => {
                let mut job = Job::new(0, input, Aim::Update(*id, *expected));
                if input.path.steps().is_empty() {
                    job.path = InputPath::default().key("input");
                }
                self.save(*object, vec![job]).await?
            }
            Write::Upsert(object, target, input) => {
                self.upsert(*object, *target, vec![Job::new(0, input, Aim::Create)], OnMatch::Update).await?
            }
            Write::Delete(object, id, expected) => self.remove(*object, &[(0, *id, *expected, at_id())]).await?,
            Write::Restore(object, id) => self.restore(*object, &[(0, *id, at_id())]).await?,
            Write::Destroy(object, id) => self.destroy(*object, &[(0, *id, at_id())]).await?,
            Write::Share(object, id, sharing) => vec![self.share(*object, *id, sharing).await?],
            Write::UndoMerge(id) => vec![self.undo_merge(*id).await?],
            Write::Batch(..) | Write::Later(_) | Write::Merge(..) | Write::Call(_) => Vec::new(),
        };
        self.heard().await?;
        Ok(saved.into_iter().next().flatten())
    }

    /// Lets those speak who are asked after the writes of a step; not while anything of it is provisional.
    pub(crate) async fn heard(&mut self) -> Tried<()> {
        if !self.found.is_empty() {
            self.afters.clear();
            return Ok(());
        }
        if self.afters.is_empty() { Ok(()) } else { self.ask_after().await }
    }

    /// An object of the model.
    pub(crate) fn object(&self, object: ObjectIx) -> Tried<&'p Object> {
        self.model.object(object).ok_or_else(|| Problem::of_kind(Kind::NotFound).into())
    }

    /// An object, authorized for an action.
    pub(crate) fn table(&self, object: ObjectIx, action: Action, place: Place) -> Tried<AuthorizedTable> {
        let name = || self.model.object(object).map(|object| object.name.as_str().to_owned()).unwrap_or_default();
        // Rows of a file meet the law in one place, whatever each of them does.
        let place = if self.cx.via == Via::Import { Place::Import } else { place };
        self.policy.table(self.model, object, action, place).map_err(|denied| Halt::denied(denied, &name()))
    }

    /// All rows of an object, whoever acts: what goes along with its whole, what refers to what goes, keys that bind all.
    /// Nothing of what it finds may be told to the caller.
    pub(crate) fn whole(&self, object: ObjectIx, action: Action) -> Tried<AuthorizedTable> {
        let name = || self.model.object(object).map(|object| object.name.as_str().to_owned()).unwrap_or_default();
        self.house.whole(self.model, object, action).map_err(|denied| Halt::denied(denied, &name()))
    }

    /// Counts records towards `batch_size`.
    pub(crate) fn count(&mut self, rows: usize) -> Tried<()> {
        self.rows += rows;
        if self.rows > BATCH_SIZE_MAX {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("batch_size", number(BATCH_SIZE_MAX), number(self.rows)).into());
        }
        Ok(())
    }

    /// The id of the next new record of a row: the same in every try.
    pub(crate) fn next_id(&mut self, root: usize) -> RecordId {
        let made = self.made.entry(root).or_default();
        let id = *self.memory.ids.entry((self.place, root, *made)).or_insert_with(RecordId::generate);
        *made += 1;
        id
    }
}

#[tracing::instrument(name = "records.commit", skip_all)]
async fn commit(tx: Tx) -> Result<(), RecordsError> {
    Ok(tx.commit().await?)
}

fn ended_by(step: Option<usize>, halt: Halt) -> Result<Ended, RecordsError> {
    match halt {
        Halt::Store(error) => Err(error.into()),
        Halt::Refuse(problem) | Halt::Broken(problem) => Err(RecordsError::problem(step, *problem)),
        Halt::CallsOut(outgoing) => Ok(Ended::CallsOut(outgoing)),
    }
}
