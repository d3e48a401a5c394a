//! Where administrators offer, look at, accept and revoke links.
//!
//! Invariants: whoever accepts shows the token of the offer, which is stored as a hash and shown once; without it, a tenant
//! learns nothing of another, not even that it is there. The giving side agrees before the taking one writes: what is cut
//! short between the two is accepted again.

use serde_json::json;
use tenon_access::Policy;
use tenon_context::{OpContext, Via};
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::{Identity, RequestFacts, link_token, link_token_hash};
use tenon_records::Pipeline;
use tenon_store::{AuditBy, AuditKind, AuditNote, AuditNotes, JobFilter, LinkSide, LinkState, Quota, Store, StoredLink};
use tenon_value::{Json, RequestId, TenantId, Uuid, clean_line};

use super::agreement::{
    Agreement, LINK_NAME_MAX, LINK_OFFER_DAYS, LinkOffer, Mapping, check_mapping, check_role, object_of, told_fields, wrong,
};
use super::reading::{self, Which};
use super::waking::{Linking, Takers};
use super::{LINK_JOB, LinkError};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Jobs of links that are looked at for a list.
const JOBS_LISTED: u32 = 200;

/// Where administrators ask for links. Cheap to clone.
#[derive(Clone)]
pub struct LinkDesk {
    store: Store,
    identity: Identity,
    pipeline: Pipeline,
    takers: Takers,
}

fn may(cx: &OpContext) -> Result<(), Problem> {
    let may = Policy::resolve(&cx.model, &cx.principal).is_administrator();
    if may { Ok(()) } else { Err(Problem::of_kind(Kind::Forbidden)) }
}

fn missing() -> LinkError {
    Problem::of_kind(Kind::NotFound).into()
}

/// What the trail of a side is told.
fn told(cx: &OpContext, kind: AuditKind, link: &StoredLink, facts: &Json) -> AuditNotes {
    let facts = json!({ "link": link.id.to_string(), "name": link.name, "side": link.side.word(), "agreed": facts });
    AuditNotes::new(AuditBy::of(cx), [AuditNote::new(kind).facts(facts)])
}

impl LinkDesk {
    /// A desk over everything stored.
    #[must_use]
    pub fn new(store: Store, identity: Identity, pipeline: Pipeline) -> Self {
        Self { store, identity, pipeline, takers: Takers::default() }
    }

    /// Who wakes links, told of those that are accepted here.
    #[must_use]
    pub fn linking(&self) -> Linking {
        Linking::new(self.store.clone(), self.takers.clone())
    }

    /// Offers records to another tenant; with the link comes the token that accepts it, shown this once.
    ///
    /// # Errors
    /// What is wrong with the offer; FORBIDDEN for who is no administrator.
    pub async fn offer(&self, cx: &OpContext, offer: LinkOffer) -> Result<(Json, String), LinkError> {
        may(cx)?;
        let name = clean_line(&offer.name).ok().flatten().filter(|name| name.chars().count() <= LINK_NAME_MAX);
        let name = name.ok_or_else(|| wrong("name", "a link has a name of 1 to 100 letters", "互联名称应为 1 至 100 个字符"))?;
        check_role(&cx.model, &offer.role)?;
        let object = object_of(&cx.model, &offer.object)?;
        let fields = told_fields(object, &offer.fields)?;
        let tenant = self.store.tenant_by_id(cx.model.tenant).await?.ok_or_else(missing)?;
        let LinkOffer { to, object, filter, role, on_revoke, .. } = offer;
        let agreement = Agreement { from: tenant.name, to, object, fields, filter, on_revoke };
        let (token, hash) = link_token();
        let now = self.store.machine_time();
        let link = StoredLink {
            id: Uuid::now_v7(),
            side: LinkSide::Gives,
            state: LinkState::Offered,
            name,
            other: None,
            token: Some(hash),
            agreement: serde_json::to_value(&agreement).unwrap_or_default(),
            mapping: Some(json!({ "role": role })),
            created_at: now,
            changed_at: now,
        };
        // Read once as the link will: what its role does not see, and what its filter gets wrong, is said now.
        let as_link = self.identity.acting_link(cx.model.tenant, (link.id, &link.name, &role), facts(cx)).await?;
        reading::read(&self.pipeline, &as_link, &agreement, Which::Ids(&[])).await?;
        let notes = told(cx, AuditKind::LinkOffered, &link, &link.agreement);
        self.store.link_keep(cx.model.tenant, &link, &notes).await?;
        let whole = format!("{token}.{}.{}", cx.model.tenant.0, link.id);
        Ok((self.shown(cx, &link).await?, whole))
    }

    /// The giving side of an offer, by its token; and the tenant that gives.
    async fn offered(&self, cx: &OpContext, token: &str) -> Result<(TenantId, StoredLink, Agreement), LinkError> {
        let mut parts = token.splitn(3, '.');
        let (Some(secret), Some(giver), Some(link)) = (parts.next(), parts.next(), parts.next()) else { return Err(missing()) };
        let (Ok(giver), Ok(id)) = (giver.parse::<Uuid>(), link.parse::<Uuid>()) else { return Err(missing()) };
        let hash = link_token_hash(secret).ok_or_else(missing)?;
        let giver = self.store.tenant_by_id(TenantId(giver)).await?.ok_or_else(missing)?;
        let link = self.store.link(giver.id, id).await?.ok_or_else(missing)?;
        let agreement: Agreement = serde_json::from_value(link.agreement.clone()).map_err(|_| missing())?;
        let mine = self.store.tenant_by_id(cx.model.tenant).await?.ok_or_else(missing)?;
        let is_for_me = agreement.to.as_ref().is_none_or(|to| *to == mine.name);
        let over = link.created_at.millis() + LINK_OFFER_DAYS * DAY < self.store.machine_time().millis();
        let is_open = link.state == LinkState::Offered && !over || link.state == LinkState::Active && link.other == Some(mine.id);
        if link.token.as_deref() != Some(hash.as_str()) || !is_for_me || !is_open {
            return Err(missing());
        }
        if giver.id == mine.id {
            return Err(wrong("link_own", "a workspace is not linked with itself", "租户不能与自身互联").into());
        }
        Ok((giver.id, link, agreement))
    }

    /// What an offer says.
    ///
    /// # Errors
    /// `NOT_FOUND` where the token is none, or not for this tenant; FORBIDDEN for who is no administrator.
    pub async fn look(&self, cx: &OpContext, token: &str) -> Result<Json, LinkError> {
        may(cx)?;
        let (_, link, _) = self.offered(cx, token).await?;
        Ok(json!({ "id": link.id.to_string(), "name": link.name, "agreement": link.agreement }))
    }

    /// Accepts an offer: its records are mirrored from now on.
    ///
    /// # Errors
    /// As [`LinkDesk::look`]; what is wrong with the mapping; CONFLICT where it was revoked, or accepted by another, meanwhile.
    pub async fn accept(&self, cx: &OpContext, token: &str, mapping: Mapping) -> Result<Json, LinkError> {
        may(cx)?;
        let (giver, offered, agreement) = self.offered(cx, token).await?;
        check_role(&cx.model, &mapping.role)?;
        let as_link = self.identity.acting_link(cx.model.tenant, (offered.id, &offered.name, &mapping.role), facts(cx)).await?;
        check_mapping(&agreement, &mapping, (&as_link.model, &Policy::resolve(&as_link.model, &as_link.principal)))?;
        let now = self.store.machine_time();
        let mine = StoredLink {
            side: LinkSide::Takes,
            state: LinkState::Active,
            other: Some(giver),
            token: None,
            mapping: serde_json::to_value(&mapping).ok(),
            created_at: now,
            changed_at: now,
            ..offered.clone()
        };
        // Looked at first, so that the other side is not bound to what cannot begin.
        let taken = self.store.links(cx.model.tenant).await?.iter().filter(|link| link.state != LinkState::Revoked).count();
        self.store.quota_for_one_more(cx.model.tenant, Quota::Links, u64::try_from(taken).unwrap_or(u64::MAX)).await?;
        let by = AuditBy { request: None, ..AuditBy::system(now) };
        let facts =
            json!({ "link": offered.id.to_string(), "name": offered.name, "side": "gives", "by": self.name_of(cx.model.tenant).await? });
        let notes = AuditNotes::new(by, [AuditNote::new(AuditKind::LinkAccepted).facts(facts)]);
        if !self.store.link_accept(giver, offered.id, (cx.model.tenant, now), &notes).await? {
            return Err(Problem::conflict("link_state", "the offer is no longer open", "该互联邀请已失效").into());
        }
        let notes = told(cx, AuditKind::LinkAccepted, &mine, &mine.agreement);
        if self.store.link_keep(cx.model.tenant, &mine, &notes).await? {
            self.takers.add(cx.model.tenant, &mine);
            self.takers.call(cx.model.tenant, &mine);
        }
        let stored = self.store.link(cx.model.tenant, mine.id).await?.ok_or_else(missing)?;
        self.shown(cx, &stored).await
    }

    async fn name_of(&self, tenant: TenantId) -> Result<Option<String>, LinkError> {
        Ok(self.store.tenant_by_id(tenant).await?.map(|tenant| tenant.name))
    }

    /// All links of the caller's tenant.
    ///
    /// # Errors
    /// FORBIDDEN for who is no administrator.
    pub async fn links(&self, cx: &OpContext) -> Result<Vec<Json>, LinkError> {
        may(cx)?;
        let mut shown = Vec::new();
        for link in self.store.links(cx.model.tenant).await? {
            shown.push(self.shown(cx, &link).await?);
        }
        Ok(shown)
    }

    /// One of them.
    ///
    /// # Errors
    /// `NOT_FOUND`; FORBIDDEN for who is no administrator.
    pub async fn link(&self, cx: &OpContext, id: Uuid) -> Result<Json, LinkError> {
        may(cx)?;
        let link = self.store.link(cx.model.tenant, id).await?.ok_or_else(missing)?;
        self.shown(cx, &link).await
    }

    /// This side agrees no longer: nothing more is read or written, and the mirror goes or stays as was agreed.
    ///
    /// # Errors
    /// `NOT_FOUND`; FORBIDDEN for who is no administrator.
    pub async fn revoke(&self, cx: &OpContext, id: Uuid) -> Result<(), LinkError> {
        may(cx)?;
        let tenant = cx.model.tenant;
        let link = self.store.link(tenant, id).await?.ok_or_else(missing)?;
        let notes = told(cx, AuditKind::LinkRevoked, &link, &Json::Null);
        self.store.link_revoke(tenant, id, self.store.machine_time(), &notes).await?;
        let taker = match link.side {
            LinkSide::Takes => Some(tenant),
            LinkSide::Gives => link.other,
        };
        // The job of the taking side finds that it is revoked; one that is at work looks before its next chunk.
        if let Some(taker) = taker
            && self.store.tenant_by_id(taker).await?.is_some()
        {
            self.takers.call(taker, &link);
        }
        Ok(())
    }

    async fn shown(&self, cx: &OpContext, link: &StoredLink) -> Result<Json, LinkError> {
        let other = match link.other {
            Some(other) => self.name_of(other).await?,
            None => None,
        };
        let mut shown = json!({
            "id": link.id.to_string(), "side": link.side.word(), "state": link.state.word(), "name": link.name, "other": other,
            "agreement": link.agreement, "mapping": link.mapping, "createdAt": link.created_at.to_string(),
            "changedAt": link.changed_at.to_string(),
        });
        if link.side == LinkSide::Takes {
            let filter = JobFilter { kinds: vec![LINK_JOB.to_owned()], ..JobFilter::default() };
            let jobs = self.store.jobs(cx.model.tenant, &filter, JOBS_LISTED).await?;
            if let Some(job) = jobs.iter().find(|job| job.by.id == link.id) {
                let of = |name: &str| job.progress.get(name).cloned().unwrap_or_default();
                let mirror = json!({
                    "job": job.id.to_string(), "state": job.state.outside(), "phase": of("phase"), "mirrored": of("mirrored"),
                    "failed": of("failed"), "lastProblem": of("lastProblem"), "error": job.error,
                });
                if let Some(members) = shown.as_object_mut() {
                    members.insert("mirror".to_owned(), mirror);
                }
            }
        }
        Ok(shown)
    }
}

fn facts(cx: &OpContext) -> RequestFacts {
    RequestFacts { request: RequestId::generate(), locale: Some(cx.locale), deadline: cx.deadline, via: Via::Job }
}
