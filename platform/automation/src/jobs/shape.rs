//! Jobs of kind `shape`: a field becomes required, unique, or of another type, while everybody goes on reading and writing.
//!
//! Phase by phase: what stands in the way is looked for, and told before anything is changed (`check`); shadow columns and
//! the noting of what is written begin (`begin`); records are gone over (`fill`); indexes are made (`index`); what was written
//! meanwhile is gone over until little is left, and all comes into force (`last`); the columns of before go (`drop`).
//! Invariants: each step is short, and one transaction with how far the job has come, so it goes on where a dead node was;
//! a job that ends otherwise than well has its element be what it was.

mod progress;
mod verdict;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;
use tenon_context::{Principal, Via};
use tenon_diagnostics::Problem;
use tenon_packages::{Packages, PackagesError, Shaping, Switched};
use tenon_store::{JobAsk, ShapeSettled, ShapeSpan, StoreError};
use tenon_value::Json;

use self::progress::{Phase, Progress};
use self::verdict::{Findings, settled};
use super::indexes::make_all;
use super::{JobDone, JobFault, JobHandler, JobRun};

/// What a step may take (`shape_step`).
const STEP: Duration = Duration::from_millis(250);
/// Records of a step at first, at least and at most; how many fit into its time is learnt.
const ROWS: (u32, u32, u32) = (500, 50, 5_000);
/// So few notes are left to the last transaction.
const LAST: usize = 100;

/// Carries out changes of shape.
pub struct ShapeHandler {
    /// Who knows what is wished.
    pub packages: Packages,
}

/// A job under way.
struct Under<'r> {
    run: &'r JobRun,
    packages: &'r Packages,
    fills: bool,
    /// Records are named: whoever made the job sees all of them.
    names: bool,
    rows: u32,
}

type Next = Result<Option<JobDone>, JobFault>;

#[async_trait]
impl JobHandler for ShapeHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let fills = run.job.payload.get("fills").and_then(Json::as_bool).unwrap_or_default();
        let names = run.context(Via::Job).await.is_ok_and(|cx| cx.principal.has_role(Principal::ADMINISTRATOR));
        let mut under = Under { run, packages: &self.packages, fills, names, rows: ROWS.0 };
        let mut at = Progress::of_json(&run.job.progress);
        loop {
            let next = match at.phase {
                Phase::Drop => under.drop_columns(&mut at).await,
                Phase::Done => return Ok(JobDone::Finished(json!({ "path": run.job.payload.get("path") }))),
                _ => under.towards(&mut at).await,
            };
            if let Some(stop) = next? {
                return Ok(stop);
            }
        }
    }

    async fn let_go(&self, run: &JobRun) -> Result<(), JobFault> {
        self.packages.unshape(run.tenant, run.job.id).await.map_err(fault)?;
        Ok(())
    }
}

/// What others were in the way of may pass.
pub(super) fn fault(error: PackagesError) -> JobFault {
    match error {
        PackagesError::Store(error) => stored(error),
        other => JobFault::from(other),
    }
}

pub(super) fn stored(error: StoreError) -> JobFault {
    let passes = matches!(error, StoreError::Timeout | StoreError::Busy | StoreError::Serialization);
    let fault = JobFault::from(error);
    JobFault { may_pass: fault.may_pass || passes, ..fault }
}

pub(super) fn equal() -> JobFault {
    JobFault::lasting(Problem::invalid("unique", "two records would have the same value", "两条记录的值将相同"))
}

impl Under<'_> {
    async fn work(&self) -> Result<Shaping, JobFault> {
        let work = self.packages.shaping(self.run.tenant, (self.run.job.id, self.fills)).await.map_err(fault)?;
        let gone = || Problem::conflict("job_state", "what it was about has been taken back: apply it again", "该变更已撤回,请重新应用");
        work.ok_or_else(|| JobFault::lasting(gone()))
    }

    /// One phase of those before all is in force.
    async fn towards(&mut self, at: &mut Progress) -> Next {
        let work = self.work().await?;
        let (run, begun) = (self.run, !matches!(at.phase, Phase::Check | Phase::Begin));
        if begun && work.look.is_some() && !run.store.shape_is_prepared(run.tenant, run.job.id).await.map_err(stored)? {
            // Of a tenant that came from elsewhere the records are there, and nothing that stood beside them.
            *at = Progress::default();
        }
        match at.phase {
            Phase::Check => self.check(&work, at).await,
            Phase::Begin => {
                self.packages.shape_begin(run.tenant, run.job.id, &work).await.map_err(fault)?;
                self.on_to(at, if work.look.is_some() { Phase::Fill } else { Phase::Index }).await
            }
            Phase::Fill => self.fill(&work, at).await,
            Phase::Index => {
                make_all(run, &work.objects.1).await?;
                self.on_to(at, Phase::Last).await
            }
            _ => self.last(&work, at).await,
        }
    }

    async fn on_to(&self, at: &mut Progress, phase: Phase) -> Next {
        (at.phase, at.cursor) = (phase, None);
        self.run.checkpoint(&at.stored()).await
    }

    /// Learns how many rows fit into a step.
    fn learn(&mut self, since: Instant) {
        let took = since.elapsed();
        if took > STEP {
            self.rows = (self.rows / 2).max(ROWS.1);
        } else if took < STEP / 3 {
            self.rows = (self.rows * 2).min(ROWS.2);
        }
    }

    /// What stands in the way is told before anything is changed.
    async fn check(&mut self, work: &Shaping, at: &mut Progress) -> Next {
        let run = self.run;
        if at.total == 0 {
            let rows = run.store.row_count(&work.now, work.objects.0.ix).await.map_err(stored)?;
            // Each record is looked at, and gone over.
            at.total = if work.look.is_some() { i64::try_from(rows).unwrap_or_default().saturating_mul(2) } else { 0 };
        }
        if let Some(look) = &work.look {
            loop {
                let since = Instant::now();
                let rows = run.store.shape_look(run.tenant, look, at.cursor, self.rows).await.map_err(stored)?;
                let Some(last) = rows.last() else { break };
                at.cursor = Some(last.id);
                at.done += i64::try_from(rows.len()).unwrap_or_default();
                settled(work, self.fills, &rows, &mut at.findings);
                self.learn(since);
                if let Some(stop) = run.checkpoint(&at.stored()).await? {
                    return Ok(Some(stop));
                }
            }
        }
        // Values that are to become others are compared when they have.
        for key in work.keys.iter().filter(|_| !work.converts) {
            let found = run.store.shape_duplicates(run.tenant, &work.objects.1, key).await.map_err(stored)?;
            at.findings.equal(&work.objects.1, key, &found);
        }
        self.told(work, &at.findings)?;
        self.on_to(at, Phase::Begin).await
    }

    fn told(&self, work: &Shaping, findings: &Findings) -> Result<(), JobFault> {
        findings.problem(work, self.names).map_or(Ok(()), |problem| Err(JobFault::lasting(problem)))
    }

    /// All records are gone over, those written meanwhile once more later.
    async fn fill(&mut self, work: &Shaping, at: &mut Progress) -> Next {
        let Some(look) = &work.look else { return self.on_to(at, Phase::Index).await };
        let (run, fills) = (self.run, self.fills);
        loop {
            let since = Instant::now();
            let span = ShapeSpan::After(at.cursor, self.rows);
            let (here, mut next) = (at.clone(), at.clone());
            let mut settle = |rows: &[tenon_store::ShapeRow]| {
                // A step may be tried again.
                next = here.clone();
                next.cursor = rows.last().map_or(here.cursor, |last| Some(last.id));
                next.done += i64::try_from(rows.len()).unwrap_or_default();
                let mut written = settled(work, fills, rows, &mut next.findings);
                // Nothing stands in a new column as it is.
                written.retain(|(_, value)| !matches!(value, tenon_value::Value::Null | tenon_value::Value::Bool(false)));
                ShapeSettled { written, progress: next.stored() }
            };
            let (rows, asked) = self.step((look, span), &mut settle).await?;
            *at = next;
            self.learn(since);
            if rows == 0 {
                break;
            }
            if let Some(stop) = run.border(asked) {
                return Ok(Some(stop));
            }
        }
        self.told(work, &at.findings)?;
        self.on_to(at, Phase::Index).await
    }

    async fn step(
        &self,
        what: (&tenon_store::ShapeLook, ShapeSpan),
        settle: &mut (dyn FnMut(&[tenon_store::ShapeRow]) -> ShapeSettled + Send),
    ) -> Result<(usize, Option<JobAsk>), JobFault> {
        match self.run.store.shape_step(self.run.tenant, what, self.run.lease, settle).await {
            Err(StoreError::Blocked { .. }) => Err(equal()),
            done => done.map_err(stored),
        }
    }

    /// What was written meanwhile is gone over until little is left; the rest while nobody writes, and all is in force.
    async fn last(&mut self, work: &Shaping, at: &mut Progress) -> Next {
        let (run, fills) = (self.run, self.fills);
        while let Some(look) = &work.look {
            let mut findings = Findings::default();
            let mut settle = |rows: &[tenon_store::ShapeRow]| {
                findings = Findings::default();
                ShapeSettled { written: settled(work, fills, rows, &mut findings), progress: at.stored() }
            };
            let (notes, asked) = self.step((look, ShapeSpan::Touched(run.job.id, self.rows)), &mut settle).await?;
            self.told(work, &findings)?;
            if let Some(stop) = run.border(asked) {
                return Ok(Some(stop));
            }
            if notes < LAST {
                break;
            }
        }
        let mut after = at.clone();
        after.phase = if work.converts { Phase::Drop } else { Phase::Done };
        after.table.clone_from(&work.objects.0.table);
        if let Some((old, _)) = work.fields.as_ref().filter(|_| work.converts) {
            after.left = old.columns.iter().map(|column| column.name.clone()).collect();
        }
        let names = self.names;
        let settle = |work: &Shaping, rows: &[tenon_store::ShapeRow]| {
            let mut findings = Findings::default();
            let written = settled(work, fills, rows, &mut findings);
            findings.problem(work, names).map_or(Ok(written), |problem| Err(Box::new(problem)))
        };
        let what = (run.job.id, fills, run.lease);
        match self.packages.shape_switch(run.tenant, what, &after.stored(), &settle).await.map_err(fault)? {
            Switched::Done => {
                *at = after;
                Ok(run.is_stopping().then_some(JobDone::HandedBack))
            }
            Switched::More => Ok(run.is_stopping().then_some(JobDone::HandedBack)),
            Switched::Refused(problem) => Err(JobFault::lasting(*problem)),
            Switched::Gone => self.work().await.map(|_| None),
        }
    }

    /// What held the values of before goes, and indexes that carried it are made anew.
    async fn drop_columns(&mut self, at: &mut Progress) -> Next {
        let run = self.run;
        self.packages.shape_drop(run.tenant, &at.table, &at.left).await.map_err(fault)?;
        let model = self.packages.model(run.tenant).await.map_err(fault)?;
        if let Some(object) = model.objects.iter().find(|object| object.table == at.table) {
            make_all(run, object).await?;
        }
        // It is in force: who asks for its end now is too late.
        at.phase = Phase::Done;
        run.checkpoint(&at.stored()).await?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use tenon_diagnostics::Kind;

    use super::*;

    #[test]
    fn who_is_in_the_way_is_waited_for_and_what_is_in_the_way_is_told() {
        assert!(stored(StoreError::Busy).may_pass && stored(StoreError::Timeout).may_pass);
        let fault = equal();
        assert!(!fault.may_pass);
        assert_eq!((fault.problem.kind, fault.problem.rule.as_deref()), (Kind::Invalid, Some("unique")));
    }
}
