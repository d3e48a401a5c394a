//! What people want of a job: rest, go on, end, another try.

use tenon_value::{TenantId, Uuid};

use super::contract::{JobAsk, JobState};
use super::{TIDY_KINDS, clock};
use crate::db::Arg;
use crate::{Store, StoreError};

impl Store {
    /// Asks a job to rest or to end. One that waits does at once, one that runs at the border of its chunk. False where it is
    /// in no state for that.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_ask(&self, tenant: TenantId, job: Uuid, ask: JobAsk) -> Result<bool, StoreError> {
        let table = self.fixture(tenant, "job");
        // One that has begun something takes it back before it ends: whoever carries it out sees to that.
        let tidy = if ask == JobAsk::Cancel { format!("\"kind\" in ({TIDY_KINDS})") } else { "1 = 0".to_owned() };
        let (state, waits, finished) = match ask {
            JobAsk::Pause => (JobState::Paused, "'queued'", "\"finished_at\""),
            JobAsk::Cancel => (JobState::Cancelled, "'queued', 'paused', 'receiving'", clock(self.dialect())),
        };
        let sql = format!(
            "update {table} set \"state\" = case when \"state\" = 'running' then \"state\" when {tidy} then 'queued' else $2 end, \
             \"asked\" = case when \"state\" = 'running' or {tidy} then $3 else null end, \
             \"finished_at\" = case when \"state\" = 'running' or {tidy} then \"finished_at\" else {finished} end \
             where \"id\" = $1 and \"state\" in ('running', {waits})"
        );
        let args = [Arg::id(job), Arg::text(state.word()), Arg::text(ask.word())];
        let done = self.tell(tenant, &sql, &args).await? > 0;
        self.job_tell(tenant).await;
        Ok(done)
    }

    /// Lets a job that rests go on. One that runs and was asked to rest is asked no more. False where it is in no state for that.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_resume(&self, tenant: TenantId, job: Uuid) -> Result<bool, StoreError> {
        self.job_again(tenant, job, "\"state\" = 'paused' or (\"state\" = 'running' and \"asked\" = 'pause')").await
    }

    /// Gives a job that has ended otherwise than well another go, from where it came to. False where it is in no state for that.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_retry(&self, tenant: TenantId, job: Uuid) -> Result<bool, StoreError> {
        self.job_again(tenant, job, "\"state\" in ('failed', 'dead', 'cancelled')").await
    }

    async fn job_again(&self, tenant: TenantId, job: Uuid, from: &str) -> Result<bool, StoreError> {
        let sql = format!(
            "update {} set \"state\" = case when \"state\" = 'running' then \"state\" else 'queued' end, \"asked\" = null, \"attempts\" = 0, \
             \"not_before\" = {}, \"finished_at\" = null, \"error\" = null where \"id\" = $1 and ({from})",
            self.fixture(tenant, "job"),
            clock(self.dialect()),
        );
        let done = self.tell(tenant, &sql, &[Arg::id(job)]).await? > 0;
        self.job_tell(tenant).await;
        Ok(done)
    }
}
