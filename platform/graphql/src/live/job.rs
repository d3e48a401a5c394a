//! A job that is watched: how it stands at once, then each time it has come further, until it ends.
//!
//! Looked at in the store, since any node may be at it. What is told is what is stored: a chunk that was not committed
//! is never heard of.

use std::time::Duration;

use tenon_automation::JobDesk;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{JobState, Store, StoredJob};
use tenon_value::{TenantId, Uuid};

use super::{ended, refused};
use crate::GraphqlResponse;

/// How often a job is looked at.
const JOB_EVERY: Duration = Duration::from_millis(500);

/// What of a job is news.
type Standing = (JobState, i64, i64, Option<i64>);

fn standing(job: &StoredJob) -> Standing {
    (job.state, job.done, job.failed, job.total)
}

/// Watches a job.
pub(super) struct JobWatch {
    tenant: TenantId,
    id: Uuid,
    told: Option<Standing>,
}

impl JobWatch {
    /// Begins, if the caller may know of the job.
    pub(super) async fn begin(store: &Store, cx: &OpContext, id: Uuid) -> Result<Self, Box<GraphqlResponse>> {
        let tenant = cx.model.tenant;
        match JobDesk::new(store.clone()).job(cx, id).await {
            Ok(Some(_)) => Ok(Self { tenant, id, told: None }),
            Ok(None) => Err(refused(cx, &Problem::of_kind(Kind::NotFound))),
            Err(error) => Err(ended(cx, &error)),
        }
    }

    /// How it stands when that is news; none after its end. May be dropped while it waits.
    pub(super) async fn next(&mut self, store: &Store) -> Option<StoredJob> {
        while !self.told.is_some_and(|(state, ..)| state.has_ended()) {
            match store.job(self.tenant, self.id).await {
                Ok(Some(job)) if self.told != Some(standing(&job)) => {
                    self.told = Some(standing(&job));
                    return Some(job);
                }
                // Jobs are forgotten after a while.
                Ok(None) => return None,
                // An away database is looked for again.
                Ok(Some(_)) | Err(_) => tokio::time::sleep(JOB_EVERY).await,
            }
        }
        None
    }
}
