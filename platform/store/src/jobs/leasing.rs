//! Leases: taking a job, going on with it, letting it go.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::contract::{JobAsk, JobEnd, JobLease, JobProgress, JobState, StoredJob};
use super::row::{COLUMNS, SHAPES, job};
use super::{clock, later};
use crate::credentials::law::LawTx;
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape, Target};
use crate::{Dialect, Store, StoreError, Tx};

/// What a lease changes with each sign of life; `$1` is the job, `$2` the fence.
const HELD: &str = "where \"id\" = $1 and \"fence\" = $2 and \"state\" = 'running'";

fn moment(at: Option<DateTime>) -> Arg {
    Arg::maybe(Kind::DateTime, at.map(|at| Scalar::DateTime(at.millis())))
}

fn checkpoint(table: &str, dialect: Dialect, lease: JobLease, progress: &JobProgress) -> (String, Vec<Arg>) {
    let until = later(dialect, 7);
    let sql = format!(
        "update {table} set \"progress\" = $3, \"total\" = $4, \"done\" = $5, \"failed\" = $6, \"attempts\" = 0, \"lease_until\" = {until} \
         {HELD} returning \"asked\""
    );
    let args = vec![
        Arg::id(lease.job),
        Arg::int(lease.fence),
        Arg::text(progress.progress.to_string()),
        Arg::maybe(Kind::Int, progress.total.map(Scalar::Int)),
        Arg::int(progress.done),
        Arg::int(progress.failed),
        Arg::int(lease.millis),
    ];
    (sql, args)
}

/// What somebody wants, of the row a statement gave back; without a row the lease is lost.
fn asked(rows: Vec<Vec<Value>>) -> Result<Option<JobAsk>, StoreError> {
    let row = rows.into_iter().next().ok_or(StoreError::LeaseLost)?;
    Ok(row.first().and_then(Value::as_text).and_then(JobAsk::from_word))
}

fn parts(lease: JobLease, progress: &JobProgress) -> (Vec<Target>, Vec<Vec<Scalar>>) {
    let columns = vec![
        Target::new("job", Kind::Id),
        Target::new("kind", Kind::Text),
        Target::new("number", Kind::Int),
        Target::new("data", Kind::Text),
    ];
    let row = |(kind, number, text): &(&'static str, i64, String)| {
        vec![Scalar::Id(lease.job), Scalar::Text((*kind).to_owned()), Scalar::Int(*number), Scalar::Text(text.clone())]
    };
    (columns, progress.parts.iter().map(row).collect())
}

/// Writes how far a job has come, on a connection that is in a transaction.
pub(crate) async fn checkpoint_with(
    conn: &mut Conn,
    table: &str,
    lease: JobLease,
    progress: &JobProgress,
) -> Result<Option<JobAsk>, StoreError> {
    let (sql, args) = checkpoint(table, conn.dialect(), lease, progress);
    let sql = crate::tenant::numbered(&sql, conn);
    asked(conn.fetch(&sql, &args, &[Shape::Text]).await?)
}

impl LawTx {
    /// Writes how far a job has come, with what this transaction does.
    pub(crate) async fn job_checkpoint(&mut self, lease: JobLease, progress: &JobProgress) -> Result<Option<JobAsk>, StoreError> {
        let table = self.table("job");
        checkpoint_with(self.conn()?, &table, lease, progress).await
    }
}

impl Tx {
    /// Writes how far a job has come, with what this transaction does. The last statement before the commit: it locks the job.
    ///
    /// # Errors
    /// `LeaseLost` where another has the job; then nothing of this transaction may stand.
    pub async fn job_checkpoint(&mut self, lease: JobLease, progress: &JobProgress) -> Result<Option<JobAsk>, StoreError> {
        let (sql, args) = checkpoint(&self.table("job"), self.dialect(), lease, progress);
        let asked = asked(self.ask(&sql, &args, &[Shape::Text]).await?)?;
        let (columns, rows) = parts(lease, progress);
        if !rows.is_empty() {
            let table = self.table("job_part");
            self.insert(&table, &columns, rows, "").await?;
        }
        Ok(asked)
    }
}

impl Store {
    /// Takes the next job of a tenant that may run, of these kinds: one that waits, or one whose node has given no sign of life.
    /// Without a business time only such that wait for none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_claim(
        &self,
        tenant: TenantId,
        owner: &str,
        (now, kinds): (Option<DateTime>, &[&'static str]),
        millis: i64,
    ) -> Result<Option<StoredJob>, StoreError> {
        let (table, clock) = (self.fixture(tenant, "job"), clock(self.dialect()));
        let skip = if self.dialect() == Dialect::Postgres { " for update skip locked" } else { "" };
        let until = later(self.dialect(), 3);
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
        let kinds = kinds.join(", ");
        let sql = format!(
            "update {table} set \"state\" = 'running', \"attempts\" = \"attempts\" + 1, \"fence\" = \"fence\" + 1, \"owner\" = $1, \
             \"lease_until\" = {until}, \"started_at\" = coalesce(\"started_at\", {clock}), \"finished_at\" = null \
             where \"id\" = (select j.\"id\" from {table} as j where j.\"kind\" in ({kinds}) and ((j.\"state\" = 'queued' and j.\"not_before\" <= {clock} \
             and (j.\"due\" is null or j.\"due\" <= $2)) or (j.\"state\" = 'running' and j.\"lease_until\" < {clock})) \
             order by j.\"not_before\", j.\"id\" limit 1{skip}) returning {COLUMNS}"
        );
        let args = [Arg::text(owner), moment(now), Arg::int(millis)];
        let rows = self.ask_writing(tenant, &sql, &args, &SHAPES).await?;
        rows.into_iter().next().map(job).transpose()
    }

    /// A sign of life; what somebody wants of the job.
    ///
    /// # Errors
    /// `LeaseLost`; what the database says.
    pub async fn job_renew(&self, tenant: TenantId, lease: JobLease) -> Result<Option<JobAsk>, StoreError> {
        let until = later(self.dialect(), 3);
        let sql = format!("update {} set \"lease_until\" = {until} {HELD} returning \"asked\"", self.fixture(tenant, "job"));
        let args = [Arg::id(lease.job), Arg::int(lease.fence), Arg::int(lease.millis)];
        asked(self.ask_writing(tenant, &sql, &args, &[Shape::Text]).await?)
    }

    /// Writes how far a job has come where it has changed nothing else.
    ///
    /// # Errors
    /// As [`Tx::job_checkpoint`].
    pub async fn job_checkpoint(&self, tenant: TenantId, lease: JobLease, progress: &JobProgress) -> Result<Option<JobAsk>, StoreError> {
        let (sql, args) = checkpoint(&self.fixture(tenant, "job"), self.dialect(), lease, progress);
        let mut short = self.law(tenant).await?;
        let asked = asked(short.ask(&sql, &args, &[Shape::Text]).await?)?;
        for (kind, number, text) in &progress.parts {
            let sql = format!(
                "insert into {} (\"job\", \"kind\", \"number\", \"data\") values ($1, $2, $3, $4)",
                self.fixture(tenant, "job_part")
            );
            short.tell(&sql, &[Arg::id(lease.job), Arg::text(*kind), Arg::int(*number), Arg::text(text.clone())]).await?;
        }
        short.commit().await?;
        Ok(asked)
    }

    /// Lets a job go. False where the lease was lost already.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_end(&self, tenant: TenantId, lease: JobLease, end: &JobEnd) -> Result<bool, StoreError> {
        let (state, result, error, wait) = match end {
            JobEnd::Succeeded(result) => (JobState::Succeeded, Some(result), None, None),
            JobEnd::Failed(error) => (JobState::Failed, None, Some(error), None),
            JobEnd::Dead(error) => (JobState::Dead, None, Some(error), None),
            JobEnd::Paused => (JobState::Paused, None, None, None),
            JobEnd::Cancelled => (JobState::Cancelled, None, None, None),
            JobEnd::Again(error, millis) => (JobState::Queued, None, Some(error), Some(*millis)),
            JobEnd::HandedBack => (JobState::Queued, None, None, Some(0)),
            JobEnd::NotYet(millis) => (JobState::Queued, None, None, Some(*millis)),
        };
        let given = |json: Option<&tenon_value::Json>| Arg::maybe(Kind::Text, json.map(|json| Scalar::Text(json.to_string())));
        let finished = if state.has_ended() { clock(self.dialect()) } else { "null" };
        // What is handed back was no try.
        let attempts = if matches!(end, JobEnd::HandedBack | JobEnd::NotYet(_) | JobEnd::Paused) { "0" } else { "\"attempts\"" };
        let sql = format!(
            "update {} set \"state\" = $3, \"asked\" = null, \"owner\" = null, \"lease_until\" = null, \"result\" = coalesce($4, \"result\"), \
             \"error\" = $5, \"finished_at\" = {finished}, \"attempts\" = {attempts}, \"not_before\" = {} {HELD}",
            self.fixture(tenant, "job"),
            later(self.dialect(), 6),
        );
        let args = [
            Arg::id(lease.job),
            Arg::int(lease.fence),
            Arg::text(state.word()),
            given(result),
            given(error),
            Arg::int(wait.unwrap_or_default()),
        ];
        let ended = self.tell(tenant, &sql, &args).await? > 0;
        if ended && !state.has_ended() {
            self.job_tell(tenant).await;
        }
        Ok(ended)
    }

    /// In how many milliseconds a job of the tenant may be taken next; none: there is nothing to wait for. Jobs that wait for
    /// the tenant's own clock count where `now` has reached them; without a `now` they do not count.
    ///
    /// # Errors
    /// What the database says.
    pub async fn jobs_next(&self, tenant: TenantId, now: Option<DateTime>) -> Result<Option<i64>, StoreError> {
        let (table, clock) = (self.fixture(tenant, "job"), clock(self.dialect()));
        let least = format!(
            "select min(case when \"state\" = 'running' then \"lease_until\" when \"due\" > $1 then {clock} + (\"due\" - $1) \
             else \"not_before\" end) from {table} where \"state\" = 'running' or (\"state\" = 'queued' and (\"due\" is null or $2 = 1))",
        );
        let sql = match self.dialect() {
            Dialect::Postgres => format!("select cast(extract(epoch from (({least}) - {clock})) * 1000 as bigint)"),
            Dialect::Sqlite => format!("select ({least}) - {clock}"),
        };
        let args = [moment(now), Arg::int(i64::from(now.is_some()))];
        let rows = self.ask(tenant, &sql, &args, &[Shape::Int]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_int))
    }

    /// Rows of a statement that writes and stands alone.
    pub(super) async fn ask_writing(&self, tenant: TenantId, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Vec<Vec<Value>>, Fault> {
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let rows = conn.fetch(&crate::tenant::numbered(sql, &conn), args, shapes).await?;
        conn.mark(true);
        Ok(rows)
    }

    /// Whether a lease is still held, asked beside everything else.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_is_held(&self, tenant: TenantId, job: Uuid, fence: i64) -> Result<bool, StoreError> {
        let sql = format!("select 1 from {} {HELD}", self.fixture(tenant, "job"));
        Ok(!self.ask(tenant, &sql, &[Arg::id(job), Arg::int(fence)], &[Shape::Int]).await?.is_empty())
    }
}
