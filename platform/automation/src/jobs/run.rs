//! One job as its handler sees it.

use tenon_context::{ActorKind, OpContext, Via};
use tenon_identity::{Identity, RequestFacts};
use tenon_store::{JobAsk, JobLease, JobProgress, Store, StoredJob};
use tenon_value::{RequestId, TenantId};
use tokio::sync::watch;

use super::{JobDone, JobFault};

/// A job under way.
pub struct JobRun {
    /// Everything stored.
    pub store: Store,
    /// Whose it is.
    pub tenant: TenantId,
    /// As it was when it was taken.
    pub job: StoredJob,
    /// The right to go on with it.
    pub lease: JobLease,
    pub(crate) identity: Identity,
    pub(crate) stop: watch::Receiver<bool>,
}

impl JobRun {
    /// The name under which a job's changes stand in history and audit.
    #[must_use]
    pub fn request_of(job: &StoredJob) -> RequestId {
        RequestId::from_caller(&format!("job-{}", job.id)).unwrap_or_else(RequestId::generate)
    }

    /// The context of who made the job, with the rights he has now. To be asked for anew for each chunk.
    ///
    /// # Errors
    /// Where he may not come in any more; where the store is away.
    pub async fn context(&self, via: Via) -> Result<OpContext, JobFault> {
        let facts = RequestFacts { request: Self::request_of(&self.job), locale: Some(self.job.by.locale), deadline: None, via };
        let by = &self.job.by;
        if by.kind == ActorKind::Plugin {
            return Ok(self.identity.acting_plugin(self.tenant, &by.display, facts).await?);
        }
        Ok(self.identity.acting(self.tenant, (by.kind, by.id), facts).await?)
    }

    /// Writes how far the job has come where the chunk has changed nothing else; how to stop, if it is to.
    ///
    /// # Errors
    /// Where the lease is lost; where the store is away.
    pub async fn checkpoint(&self, progress: &JobProgress) -> Result<Option<JobDone>, JobFault> {
        let asked = self.store.job_checkpoint(self.tenant, self.lease, progress).await?;
        Ok(self.border(asked))
    }

    /// At the border of a chunk: how to stop, if somebody asked, or the server stops.
    #[must_use]
    pub fn border(&self, asked: Option<JobAsk>) -> Option<JobDone> {
        asked.map(JobDone::Stopped).or_else(|| self.is_stopping().then_some(JobDone::HandedBack))
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }
}
