//! Jobs that the calendar starts: of each time that comes, one job is left in good time, on whichever node looks first.
//!
//! Invariant: a job's key holds package, job and time, so that all nodes together leave it once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::json;
use tenon_context::ActorKind;
use tenon_hooks::JobOffer;
use tenon_identity::Identity;
use tenon_records::{PLUGIN_JOB, Pipeline};
use tenon_store::{JobBy, NewJob, PackageState, Store, StoreError};
use tenon_value::{Cron, DateTime, ElementId, Locale, RequestId, TenantId};
use tokio::sync::watch;

/// How often tenants are looked at: times of the calendar are whole minutes, and each is left one time ahead.
const LOOK: Duration = Duration::from_secs(10);

/// Leaves the jobs of the calendar.
#[derive(Clone)]
pub struct Calendar {
    store: Store,
    pipeline: Pipeline,
    identity: Identity,
}

/// What was left for a tenant last, and until when that is enough.
struct Left {
    offered: Vec<JobOffer>,
    until: DateTime,
}

impl Calendar {
    /// A calendar of all tenants of a store.
    #[must_use]
    pub const fn new(store: Store, pipeline: Pipeline, identity: Identity) -> Self {
        Self { store, pipeline, identity }
    }

    /// Keeps leaving jobs until the server stops.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut known: HashMap<TenantId, Left> = HashMap::new();
        let mut met: HashSet<TenantId> = HashSet::new();
        loop {
            for tenant in self.store.tenants().await.unwrap_or_default() {
                if !met.contains(&tenant.id) && self.meet(tenant.id).await {
                    met.insert(tenant.id);
                }
                if let Err(error) = self.look(tenant.id, &mut known).await {
                    tracing::debug!(tenant = %tenant.id, %error, "the calendar could not be looked at");
                }
            }
            let mut stop = stop.clone();
            if tokio::time::timeout(LOOK, stop.wait_for(|raised| *raised)).await.is_ok() {
                return;
            }
        }
    }

    /// Brings in what the packages of a tenant offer, which comes with its model: once, for who has any; true when it is done.
    /// Who of them listens has yet to hear what was committed before this node knew of it.
    async fn meet(&self, tenant: TenantId) -> bool {
        let Ok(packages) = self.store.packages(tenant).await else { return false };
        if !packages.iter().any(|package| package.state == PackageState::Installed) {
            return true;
        }
        let is_met = self.identity.zone(tenant).await.is_ok();
        if is_met && !self.pipeline.offers(tenant).listeners().is_empty() {
            self.store.commit_tell(tenant);
        }
        is_met
    }

    async fn look(&self, tenant: TenantId, known: &mut HashMap<TenantId, Left>) -> Result<(), StoreError> {
        let offered = self.offered(tenant);
        if offered.is_empty() {
            known.remove(&tenant);
            return Ok(());
        }
        let Ok(now) = self.identity.now(tenant).await else { return Ok(()) };
        if known.get(&tenant).is_some_and(|left| left.offered == offered && now < left.until) {
            return Ok(());
        }
        if let Some(until) = self.leave(tenant, now).await? {
            known.insert(tenant, Left { offered, until });
        }
        Ok(())
    }

    fn offered(&self, tenant: TenantId) -> Vec<JobOffer> {
        self.pipeline.offers(tenant).jobs().iter().filter(|job| job.cron.is_some()).cloned().collect()
    }

    /// Leaves of each job the next start after a moment; the first of them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn leave(&self, tenant: TenantId, now: DateTime) -> Result<Option<DateTime>, StoreError> {
        let offered = self.offered(tenant);
        if offered.is_empty() {
            return Ok(None);
        }
        let zone = match self.identity.zone(tenant).await {
            Ok(zone) => zone,
            Err(error) => {
                tracing::debug!(%tenant, %error, "the tenant's zone is not known");
                return Ok(None);
            }
        };
        let mut first: Option<DateTime> = None;
        for offer in &offered {
            let times = offer.cron.as_deref().and_then(|cron| cron.parse::<Cron>().ok());
            let Some(due) = times.and_then(|times| times.after(now, &zone)) else { continue };
            self.store.job_put(tenant, &job(offer, due)).await?;
            first = Some(first.map_or(due, |first| first.min(due)));
        }
        Ok(first)
    }
}

/// The job of one time: it acts as its package.
fn job(offer: &JobOffer, due: DateTime) -> NewJob {
    let JobOffer { package, name, cron } = offer;
    NewJob {
        id: tenon_value::Uuid::now_v7(),
        kind: PLUGIN_JOB,
        payload: json!({ "package": package, "job": name, "input": { "due": due.to_string() }, "cron": cron }),
        total: None,
        due: Some(due),
        key: Some(format!("cron/{package}/{name}/{due}")),
        receiving: false,
        by: JobBy {
            kind: ActorKind::Plugin,
            id: ElementId::derive(package, "package").0,
            display: package.clone(),
            locale: Locale::En,
            request: RequestId::generate(),
        },
    }
}
