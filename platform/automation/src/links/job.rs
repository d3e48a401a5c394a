//! Jobs of kind `link`: one per link, in its taking tenant.
//!
//! At first everything given is written page by page, then what the giving side commits is followed: of every record that
//! changed, what is given of it now is read and written, or its mirror removed where nothing is. So a chunk done twice does
//! nothing the second time. Where the place it stood at is no longer kept, it is filled anew, and what is not given any more
//! goes (`sweep`). Revoked by either side, the mirror is removed or let be, as was agreed on.

use async_trait::async_trait;
use serde_json::json;
use tenon_access::Policy;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_identity::{Identity, RequestFacts};
use tenon_records::{Mutation, Pipeline, RecordsError, StepOutcome};
use tenon_store::{AuditBy, AuditKind, AuditNote, AuditNotes, LinkState, Position, StoredLink};
use tenon_value::{Json, RecordId, TenantId};

use super::agreement::{Agreement, Mapping, OnRevoke, object_of};
use super::progress::{Phase, Progress};
use super::reading::{self, Page, Which};
use super::writing::Mirror;
use super::{LINK_CHUNK, LinkError};
use crate::jobs::{JobDone, JobFault, JobHandler, JobRun};

/// Times in a row that the model may move under a chunk.
const MOVED_MAX: usize = 20;

/// Keeps mirrors.
pub struct LinkHandler {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Who may what.
    pub identity: Identity,
}

/// A link as both sides have it now.
struct Agreed {
    link: StoredLink,
    agreement: Agreement,
    mapping: Mapping,
    /// The giving tenant and the role it gave the link; none where one side does not agree any more.
    giver: Option<(TenantId, String)>,
}

#[async_trait]
impl JobHandler for LinkHandler {
    async fn run(&self, run: &JobRun) -> Result<JobDone, JobFault> {
        let mut at = Progress::of_json(&run.job.progress);
        let mut moved = 0;
        loop {
            let Some(agreed) = self.agreed(run).await? else { return Ok(JobDone::Finished(Json::Null)) };
            if agreed.giver.is_none() && !matches!(at.phase, Phase::Remove | Phase::Ended) {
                let phase = if agreed.agreement.on_revoke == OnRevoke::Remove { Phase::Remove } else { Phase::Ended };
                at = Progress { phase, cursor: None, place: None, ..at };
            }
            let step = match at.phase {
                Phase::Fill => self.fill(run, &agreed, &mut at).await,
                Phase::Sweep => self.sweep(run, &agreed, &mut at).await,
                Phase::Follow => self.follow(run, &agreed, &mut at).await,
                Phase::Remove => self.remove(run, &agreed, &mut at).await,
                Phase::Ended => return Ok(run.checkpoint(&at.stored()).await?.unwrap_or(JobDone::Finished(at.json()))),
            };
            match step {
                Ok(None) => moved = 0,
                Ok(Some(stop)) => return Ok(stop),
                Err(Step::Moved) if moved < MOVED_MAX => moved += 1,
                Err(Step::Moved) => return Err(JobFault { problem: Problem::of_kind(Kind::Unavailable), may_pass: true }),
                Err(Step::Fault(fault)) => return Err(*fault),
            }
        }
    }
}

/// Why a step did not come to its end.
enum Step {
    /// A model moved under it: it begins anew.
    Moved,
    /// Something is in the way.
    Fault(Box<JobFault>),
}

impl From<JobFault> for Step {
    fn from(fault: JobFault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<LinkError> for Step {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Records(RecordsError::StaleModel) => Self::Moved,
            other => JobFault { may_pass: matches!(other.kind(), Kind::Unavailable | Kind::Internal), problem: other.problem() }.into(),
        }
    }
}

impl LinkHandler {
    /// The link as both sides have it; none where it is not there.
    async fn agreed(&self, run: &JobRun) -> Result<Option<Agreed>, JobFault> {
        let id = run.job.payload.get("link").and_then(Json::as_str).and_then(|id| id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let Some(link) = run.store.link(run.tenant, id).await? else { return Ok(None) };
        let agreement = serde_json::from_value::<Agreement>(link.agreement.clone());
        let mapping = serde_json::from_value::<Mapping>(link.mapping.clone().unwrap_or_default());
        let (Ok(agreement), Ok(mapping)) = (agreement, mapping) else {
            return Err(JobFault::lasting(Problem::of_kind(Kind::Internal)));
        };
        if link.state == LinkState::Revoked {
            return Ok(Some(Agreed { link, agreement, mapping, giver: None }));
        }
        let giver = self.giver(run, &link).await?;
        if giver.is_none() {
            let now = self.identity.now(run.tenant).await?;
            let note = AuditNote::new(AuditKind::LinkRevoked).facts(json!({ "link": id.to_string(), "name": link.name, "by": "other" }));
            run.store.link_revoke(run.tenant, id, now, &AuditNotes::new(AuditBy::system(now), [note])).await?;
        }
        Ok(Some(Agreed { link, agreement, mapping, giver }))
    }

    /// The giving tenant with the role it gave the link; none where it gives no longer.
    async fn giver(&self, run: &JobRun, link: &StoredLink) -> Result<Option<(TenantId, String)>, JobFault> {
        let Some(giver) = link.other else { return Ok(None) };
        if run.store.tenant_by_id(giver).await?.is_none() {
            return Ok(None);
        }
        let there = run.store.link(giver, link.id).await?;
        let there = there.filter(|there| there.state == LinkState::Active && there.other == Some(run.tenant));
        let role = there.and_then(|there| Some(there.mapping?.get("role")?.as_str()?.to_owned()));
        Ok(role.map(|role| (giver, role)))
    }

    async fn context(&self, run: &JobRun, tenant: TenantId, (link, role): (&StoredLink, &str)) -> Result<OpContext, JobFault> {
        let facts = RequestFacts { request: JobRun::request_of(&run.job), locale: None, deadline: None, via: Via::Job };
        Ok(self.identity.acting_link(tenant, (link.id, &link.name, role), facts).await?)
    }

    /// What is given, as the link's principal reads it in the giving tenant.
    async fn read(&self, run: &JobRun, agreed: &Agreed, which: Which<'_>) -> Result<Page, Step> {
        let Some((giver, role)) = &agreed.giver else { return Ok(Page::default()) };
        let cx = self.context(run, *giver, (&agreed.link, role)).await?;
        Ok(reading::read(&self.pipeline, &cx, &agreed.agreement, which).await?)
    }

    /// One page of all that is given.
    async fn fill(&self, run: &JobRun, agreed: &Agreed, at: &mut Progress) -> Result<Option<JobDone>, Step> {
        if at.place.is_none() {
            // Before the first page: what is committed meanwhile is followed afterwards.
            let Some((giver, _)) = &agreed.giver else { return Ok(None) };
            at.place = Some(run.store.outbox_end(*giver).await.map_err(JobFault::from)?.text());
        }
        let page = self.read(run, agreed, Which::After(at.cursor.as_deref())).await?;
        let ids: Vec<RecordId> = page.given.iter().map(|given| given.id).collect();
        let mut next = at.clone();
        match &page.next {
            Some(cursor) => next.cursor = Some(cursor.clone()),
            None => (next.phase, next.cursor) = (Phase::Sweep, None),
        }
        self.write(run, agreed, (&ids, &page), (at, next)).await
    }

    /// One page of the mirror: what is not given any more goes.
    async fn sweep(&self, run: &JobRun, agreed: &Agreed, at: &mut Progress) -> Result<Option<JobDone>, Step> {
        let cx = self.context(run, run.tenant, (&agreed.link, &agreed.mapping.role)).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let (mirrored, cursor) = self.mirror((&cx, &policy), agreed).page(at.cursor.as_deref()).await?;
        let origins: Vec<RecordId> = mirrored.iter().filter_map(|(_, origin)| *origin).collect();
        let page = self.read(run, agreed, Which::Ids(&origins)).await?;
        let mut next = at.clone();
        match cursor {
            Some(cursor) => next.cursor = Some(cursor),
            None => (next.phase, next.cursor) = (Phase::Follow, None),
        }
        self.write(run, agreed, (&origins, &page), (at, next)).await
    }

    /// What the giving side has committed since.
    async fn follow(&self, run: &JobRun, agreed: &Agreed, at: &mut Progress) -> Result<Option<JobDone>, Step> {
        let Some((giver, role)) = &agreed.giver else { return Ok(None) };
        let place = at.place.as_deref().and_then(Position::parse);
        let tail = match &place {
            Some(place) => run.store.outbox_tail(*giver, Some(place)).await.map_err(JobFault::from)?,
            None => None,
        };
        let Some(tail) = tail else {
            tracing::info!(tenant = %run.tenant, link = %agreed.link.id, "a mirror is filled anew: it slept for longer than changes are kept");
            *at = Progress { phase: Phase::Fill, cursor: None, place: None, ..at.clone() };
            return Ok(run.checkpoint(&at.stored()).await?);
        };
        let stood = place.filter(|place| place.is_of_home_of(&tail.from)).unwrap_or_else(|| tail.from.clone());
        let cx = self.context(run, *giver, (&agreed.link, role)).await?;
        let object = object_of(&cx.model, &agreed.agreement.object).map_err(LinkError::from)?;
        let mut ids: Vec<RecordId> = Vec::new();
        for change in tail.changes.iter().filter(|change| change.is_of(object) && !change.is_read_at(&stood)) {
            if !ids.contains(&change.record()) {
                ids.push(change.record());
            }
        }
        let next = Progress { place: Some(stood.reaching(&tail.next).text()), ..at.clone() };
        let mut chunks = ids.chunks(LINK_CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            let page = self.read(run, agreed, Which::Ids(chunk)).await?;
            // What a piece holds is written whole before its place is: a chunk done twice does nothing the second time.
            let place = if chunks.peek().is_none() { next.place.clone() } else { at.place.clone() };
            let after = Progress { place, ..at.clone() };
            if let Some(stop) = self.write(run, agreed, (chunk, &page), (at, after)).await? {
                return Ok(Some(stop));
            }
        }
        if !tail.more && tail.changes.is_empty() {
            if at.place != next.place {
                *at = next;
                if let Some(stop) = run.checkpoint(&at.stored()).await? {
                    return Ok(Some(stop));
                }
            }
            return Ok(Some(JobDone::Finished(at.json())));
        }
        if at.place != next.place {
            at.place = next.place;
            return Ok(run.checkpoint(&at.stored()).await?);
        }
        Ok(None)
    }

    /// One page of a mirror whose link is revoked. What cannot go stays, and is told of.
    async fn remove(&self, run: &JobRun, agreed: &Agreed, at: &mut Progress) -> Result<Option<JobDone>, Step> {
        let cx = self.context(run, run.tenant, (&agreed.link, &agreed.mapping.role)).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let mirror = self.mirror((&cx, &policy), agreed);
        let (mirrored, cursor) = mirror.page(at.cursor.as_deref()).await?;
        let mutation = mirror.removal(mirrored.into_iter().map(|(mirror, _)| mirror))?;
        let mut next = at.clone();
        match cursor {
            Some(cursor) => next.cursor = Some(cursor),
            None => (next.phase, next.cursor) = (Phase::Ended, None),
        }
        self.commit(run, (&cx, &policy), &mutation, (at, next)).await
    }

    fn mirror<'a>(&'a self, (cx, policy): (&'a OpContext, &'a Policy), agreed: &'a Agreed) -> Mirror<'a> {
        let Agreed { link, agreement, mapping, .. } = agreed;
        Mirror { pipeline: &self.pipeline, cx, policy, link: link.id, agreement, mapping }
    }

    /// Writes a chunk, and how far the link has come then.
    async fn write(
        &self,
        run: &JobRun,
        agreed: &Agreed,
        (ids, page): (&[RecordId], &Page),
        (at, next): (&mut Progress, Progress),
    ) -> Result<Option<JobDone>, Step> {
        let cx = self.context(run, run.tenant, (&agreed.link, &agreed.mapping.role)).await?;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let mutation = self.mirror((&cx, &policy), agreed).mutation(ids, &page.given).await?;
        self.commit(run, (&cx, &policy), &mutation, (at, next)).await
    }

    async fn commit(
        &self,
        run: &JobRun,
        (cx, policy): (&OpContext, &Policy),
        mutation: &Mutation,
        (at, next): (&mut Progress, Progress),
    ) -> Result<Option<JobDone>, Step> {
        if mutation.steps.is_empty() {
            *at = next;
            return Ok(run.checkpoint(&at.stored()).await?);
        }
        let settle = |outcomes: &[StepOutcome]| next.after(outcomes).stored();
        match Box::pin(self.pipeline.write_for_job(cx, policy, mutation, (run.lease, &settle))).await {
            Ok((outcomes, asked)) => {
                *at = next.after(&outcomes);
                Ok(run.border(asked))
            }
            Err(error) => Err(LinkError::from(error).into()),
        }
    }
}
