//! New jobs: in the caller's transaction, so that they are there exactly if what asked for them is.

use tenon_value::{Json, TenantId, Uuid, Value};

use super::contract::{JobState, NewJob};
use super::{JOBS_WAITING_MAX, clock, later};
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape};
use crate::{Dialect, Store, StoreError, Tx};

/// The statement that makes a job, and its values. A key that is there already makes none.
pub(super) fn insert(table: &str, dialect: Dialect, job: &NewJob) -> (String, Vec<Arg>) {
    let (now, state) = (clock(dialect), if job.receiving { JobState::Receiving } else { JobState::Queued });
    let sql = format!(
        "insert into {table} (\"id\", \"kind\", \"state\", \"payload\", \"progress\", \"total\", \"done\", \"failed\", \"attempts\", \"fence\", \
         \"not_before\", \"due\", \"key\", \"by_kind\", \"by_id\", \"by_display\", \"locale\", \"request\", \"created_at\") \
         values ($1, $2, $3, $4, '{{}}', $5, 0, 0, 0, 0, {now}, $6, $7, $8, $9, $10, $11, $12, {now}) on conflict (\"key\") do nothing"
    );
    let args = vec![
        Arg::id(job.id),
        Arg::text(job.kind),
        Arg::text(state.word()),
        Arg::text(job.payload.to_string()),
        Arg::maybe(Kind::Int, job.total.map(Scalar::Int)),
        Arg::maybe(Kind::DateTime, job.due.map(|due| Scalar::DateTime(due.millis()))),
        Arg::maybe(Kind::Text, job.key.clone().map(Scalar::Text)),
        Arg::text(job.by.kind.word()),
        Arg::id(job.by.id),
        Arg::text(job.by.display.clone()),
        Arg::text(job.by.locale.code()),
        Arg::text(job.by.request.as_str()),
    ];
    (sql, args)
}

fn waiting(table: &str) -> String {
    format!("select count(*) from {table} where \"state\" in ('receiving', 'queued', 'paused') and \"kind\" <> 'plugin'")
}

fn keyed(table: &str) -> String {
    format!("select \"id\" from {table} where \"key\" = $1")
}

fn check(rows: &[Vec<Value>]) -> Result<(), StoreError> {
    let count = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
    if u64::try_from(count).is_ok_and(|count| count >= JOBS_WAITING_MAX) {
        return Err(StoreError::Limit { limit: "jobs_waiting", max: JOBS_WAITING_MAX });
    }
    Ok(())
}

/// Makes a job on a connection that is in a transaction.
pub(crate) async fn put_with(conn: &mut Conn, table: &str, job: &NewJob) -> Result<(), StoreError> {
    check(&conn.fetch(&waiting(table), &[], &[Shape::Int]).await?)?;
    let (sql, args) = insert(table, conn.dialect(), job);
    let sql = crate::tenant::numbered(&sql, conn);
    conn.execute(&sql, &args).await?;
    Ok(())
}

impl Tx {
    /// Makes a job with this transaction; its id, or that of the job which has its key already.
    ///
    /// # Errors
    /// `Limit` where too many wait; what the database says.
    pub async fn job_put(&mut self, job: &NewJob) -> Result<Uuid, StoreError> {
        let table = self.table("job");
        check(&self.ask(&waiting(&table), &[], &[Shape::Int]).await?)?;
        let (sql, args) = insert(&table, self.dialect(), job);
        let made = self.tell(&sql, &args).await?;
        self.has_jobs = true;
        match &job.key {
            Some(key) if made == 0 => {
                let rows = self.ask(&keyed(&table), &[Arg::text(key.clone())], &[Shape::Id]).await?;
                Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_id).unwrap_or(job.id))
            }
            _ => Ok(job.id),
        }
    }
}

impl Store {
    /// Makes a job in a transaction of its own.
    ///
    /// # Errors
    /// As [`Tx::job_put`].
    pub async fn job_put(&self, tenant: TenantId, job: &NewJob) -> Result<Uuid, StoreError> {
        let table = self.fixture(tenant, "job");
        let mut short = self.law(tenant).await?;
        check(&short.ask(&waiting(&table), &[], &[Shape::Int]).await?)?;
        let (sql, args) = insert(&table, self.dialect(), job);
        let made = short.tell(&sql, &args).await?;
        let id = match &job.key {
            Some(key) if made == 0 => {
                let rows = short.ask(&keyed(&table), &[Arg::text(key.clone())], &[Shape::Id]).await?;
                rows.first().and_then(|row| row.first()).and_then(Value::as_id).unwrap_or(job.id)
            }
            _ => job.id,
        };
        short.commit().await?;
        if !job.receiving {
            self.job_tell(tenant).await;
        }
        Ok(id)
    }

    /// What a job works on has been received, and is this: it waits for its turn from now on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_received(&self, tenant: TenantId, job: Uuid, payload: &Json) -> Result<(), StoreError> {
        let sql = format!(
            "update {} set \"state\" = 'queued', \"payload\" = $2 where \"id\" = $1 and \"state\" = 'receiving'",
            self.fixture(tenant, "job")
        );
        self.tell(tenant, &sql, &[Arg::id(job), Arg::text(payload.to_string())]).await?;
        self.job_tell(tenant).await;
        Ok(())
    }

    /// What a job was to work on has not been received: nothing of it is kept.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_drop(&self, tenant: TenantId, job: Uuid) -> Result<(), StoreError> {
        self.remove(tenant, "\"id\" = $1 and \"state\" = 'receiving'", &[Arg::id(job)]).await.map(|_| ()).map_err(StoreError::from)
    }

    /// Removes jobs that ended more than `days` ago, and those never received within a day; how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn jobs_expire(&self, tenant: TenantId, days: u32) -> Result<u64, StoreError> {
        const DAY: i64 = 86_400_000;
        let ended = later(self.dialect(), 1);
        let unmade = later(self.dialect(), 2);
        let rows = format!("\"finished_at\" < {ended} or (\"state\" = 'receiving' and \"created_at\" < {unmade})");
        let args = [Arg::int(-DAY * i64::from(days)), Arg::int(-DAY)];
        let sql = format!("select 1 from {} where {rows} limit 1", self.fixture(tenant, "job"));
        // Most of the time there is nothing, and nothing to write for.
        if self.ask(tenant, &sql, &args, &[Shape::Int]).await?.is_empty() {
            return Ok(0);
        }
        Ok(self.remove(tenant, &rows, &args).await?)
    }

    /// Removes jobs with their pieces.
    async fn remove(&self, tenant: TenantId, rows: &str, args: &[Arg]) -> Result<u64, Fault> {
        let (jobs, parts) = (self.fixture(tenant, "job"), self.fixture(tenant, "job_part"));
        let mut short = self.law(tenant).await?;
        short.tell(&format!("delete from {parts} where \"job\" in (select \"id\" from {jobs} where {rows})"), args).await?;
        let removed = short.tell(&format!("delete from {jobs} where {rows}"), args).await?;
        short.commit().await?;
        Ok(removed)
    }
}
