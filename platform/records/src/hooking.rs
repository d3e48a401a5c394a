//! The station where plugins speak before a save, on the records as they were loaded and locked.
//!
//! Invariant: what they patch is checked as if the caller had written it, and nobody can have changed the record meanwhile.

use tenon_hooks::{Asked, HookChange, Operation, Phase, Verdict};
use tenon_model::ObjectIx;

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;
use crate::{change, coerce};

impl Attempt<'_> {
    /// Asks the hooks about records that are about to be written, and lets their verdicts come true.
    #[tracing::instrument(name = "records.hooks", skip_all)]
    pub(crate) async fn heed(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        for operation in [Operation::Create, Operation::Update] {
            if self.subscribes((object, Phase::BeforeSave, operation)) {
                self.heed_about(object, operation, works).await?;
            }
        }
        Ok(())
    }

    async fn heed_about(&mut self, object: ObjectIx, operation: Operation, works: &mut [Work<'_>]) -> Tried<()> {
        let known = self.object(object)?;
        let is_asked = |work: &Work<'_>| {
            !work.failed
                && match (&work.old, operation) {
                    (None, Operation::Create) => true,
                    (Some(old), Operation::Update) => *old != work.new,
                    _ => false,
                }
        };
        let asked: Vec<usize> = works.iter().enumerate().filter(|(_, work)| is_asked(work)).map(|(place, _)| place).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let changes: Vec<HookChange<'_>> = works
            .iter()
            .filter(|work| is_asked(work))
            .map(|work| {
                let (old, new) = (work.old.as_ref(), &work.new);
                HookChange { old, new, changed: change::names(known, old, new) }
            })
            .collect();
        let verdicts = self.ask_hooks(Asked { phase: Phase::BeforeSave, object, operation, changes: &changes }).await?;
        for (place, verdict) in asked.into_iter().zip(verdicts) {
            if let Some(work) = works.get_mut(place) {
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
