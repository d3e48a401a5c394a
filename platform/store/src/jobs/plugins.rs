//! Jobs of plugins: put under a key they take the place of what waits there, so that a key is a timer.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::contract::{NewJob, StoredJob};
use super::putting::insert;
use super::row::{COLUMNS, SHAPES, job};
use super::{PLUGIN_JOBS_MAX, clock, later};
use crate::db::{Arg, Shape};
use crate::{Dialect, Store, StoreError, Tx};

impl Tx {
    /// Leaves a job with this transaction. What waits under its key goes; what has begun or ended gives the key up.
    ///
    /// # Errors
    /// `Limit` where too many wait; what the database says.
    pub async fn plugin_job_put(&mut self, job: &NewJob) -> Result<Uuid, StoreError> {
        let table = self.table("job");
        if let Some(key) = &job.key {
            self.plugin_job_cancel(key).await?;
            let sql = format!("update {table} set \"key\" = null where \"key\" = $1");
            self.tell(&sql, &[Arg::text(key.clone())]).await?;
        }
        let sql = format!("select count(*) from {table} where \"state\" in ('queued', 'paused') and \"kind\" = $1");
        let rows = self.ask(&sql, &[Arg::text(job.kind)], &[Shape::Int]).await?;
        let waiting = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
        if u64::try_from(waiting).is_ok_and(|waiting| waiting >= PLUGIN_JOBS_MAX) {
            return Err(StoreError::Limit { limit: "plugin_jobs", max: PLUGIN_JOBS_MAX });
        }
        let (sql, args) = insert(&table, self.dialect(), job);
        self.tell(&sql, &args).await?;
        self.has_jobs = true;
        Ok(job.id)
    }

    /// Takes a job back that waits under a key. False where none does.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plugin_job_cancel(&mut self, key: &str) -> Result<bool, StoreError> {
        let sql = format!("delete from {} where \"key\" = $1 and \"state\" in ('queued', 'paused')", self.table("job"));
        Ok(self.tell(&sql, &[Arg::text(key)]).await? > 0)
    }
}

impl Store {
    /// Takes the job of a kind that is due first up to a business time: the earliest, then the oldest; without one the oldest
    /// that waits for no time. It waits for no time from then on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_claim_due(
        &self,
        tenant: TenantId,
        owner: &str,
        (kind, until): (&str, Option<DateTime>),
        millis: i64,
    ) -> Result<Option<StoredJob>, StoreError> {
        let (table, clock) = (self.fixture(tenant, "job"), clock(self.dialect()));
        let skip = if self.dialect() == Dialect::Postgres { " for update skip locked" } else { "" };
        let (which, order) = match until {
            Some(_) => ("j.\"due\" <= $4", "j.\"due\", j.\"id\""),
            None => ("j.\"due\" is null and $4 is null", "j.\"id\""),
        };
        let sql = format!(
            "update {table} set \"state\" = 'running', \"attempts\" = \"attempts\" + 1, \"fence\" = \"fence\" + 1, \"owner\" = $1, \
             \"lease_until\" = {}, \"started_at\" = coalesce(\"started_at\", {clock}), \"finished_at\" = null, \"due\" = null \
             where \"id\" = (select j.\"id\" from {table} as j where j.\"kind\" = $3 and j.\"state\" = 'queued' \
             and j.\"not_before\" <= {clock} and {which} order by {order} limit 1{skip}) returning {COLUMNS}",
            later(self.dialect(), 2)
        );
        let until = Arg::maybe(crate::db::Kind::DateTime, until.map(|until| crate::db::Scalar::DateTime(until.millis())));
        let args = [Arg::text(owner), Arg::int(millis), Arg::text(kind), until];
        let rows = self.ask_writing(tenant, &sql, &args, &SHAPES).await?;
        rows.into_iter().next().map(job).transpose()
    }

    /// Has a job done that may have been done before: it is made where there is none under its key, and waits again where it has
    /// ended; how far it has come stays. False where it is being done just now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_wake(&self, tenant: TenantId, job: &NewJob) -> Result<bool, StoreError> {
        let table = self.fixture(tenant, "job");
        let state = format!("select \"state\" from {table} where \"key\" = $1");
        let key = [Arg::text(job.key.clone().unwrap_or_default())];
        let rows = self.ask(tenant, &state, &key, &[Shape::Text]).await?;
        match rows.first().and_then(|row| row.first()).and_then(Value::as_text) {
            Some("queued" | "paused") => return Ok(true),
            Some("running") => return Ok(false),
            Some(_) => {
                let again = format!(
                    "update {table} set \"state\" = 'queued', \"asked\" = null, \"attempts\" = 0, \"not_before\" = {}, \"finished_at\" = null, \
                     \"error\" = null where \"key\" = $1 and \"state\" in ('succeeded', 'failed', 'dead', 'cancelled')",
                    clock(self.dialect())
                );
                self.tell(tenant, &again, &key).await?;
            }
            None => {
                let (sql, args) = insert(&table, self.dialect(), job);
                self.tell(tenant, &sql, &args).await?;
            }
        }
        self.job_tell(tenant).await;
        Ok(true)
    }

    /// When the next job of a kind is due by business time, if one waits for a time up to `until`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_due(&self, tenant: TenantId, kind: &str, until: DateTime) -> Result<Option<DateTime>, StoreError> {
        let sql = format!(
            "select j.\"due\" from {} as j where j.\"kind\" = $1 and j.\"state\" = 'queued' and j.\"due\" <= $2 order by j.\"due\" limit 1",
            self.fixture(tenant, "job")
        );
        let rows = self.ask(tenant, &sql, &[Arg::text(kind), Arg::moment(until)], &[Shape::DateTime]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(|at| if let Value::DateTime(at) = at { Some(*at) } else { None }))
    }
}
