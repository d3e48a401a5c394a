//! One step of a job: rows are read, what comes of them is written with how far the job has come, in one short transaction.

use tenon_model::{Object, UniqueKey};
use tenon_value::{TenantId, Uuid, Value};

use super::contract::{ShapeFound, ShapeLook, ShapeRow, ShapeSettled, ShapeSpan};
use super::rows::{self, Which};
use crate::db::{Fault, Shape};
use crate::ddl::object::unique_columns;
use crate::ddl::quoted;
use crate::lower::schema_of;
use crate::{Dialect, JobAsk, JobLease, Store, StoreError};

/// Sets of equal records that are told of at most; more are told as this many.
const DUPLICATES_MAX: usize = 1_000;
/// Records named as samples.
const SAMPLES_MAX: usize = 20;

fn equal() -> StoreError {
    StoreError::Blocked { path: String::new(), message: "two records would have the same value".to_owned(), rows: 1 }
}

impl Store {
    /// Reads the rows of a span, and writes what comes of them together with the job's progress. How many rows there were,
    /// and what somebody wants of the job.
    ///
    /// # Errors
    /// `LeaseLost` where another has the job; `Blocked` where two records would have the same value. Then nothing is written.
    pub async fn shape_step(
        &self,
        tenant: TenantId,
        (look, span): (&ShapeLook, ShapeSpan),
        lease: JobLease,
        settle: &mut (dyn FnMut(&[ShapeRow]) -> ShapeSettled + Send),
    ) -> Result<(usize, Option<JobAsk>), StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut short = self.law(tenant).await?;
        let conn = short.conn()?;
        let notes = match span {
            ShapeSpan::After(..) => Vec::new(),
            ShapeSpan::Touched(job, max) => rows::touched(conn, &schema, job, max).await?,
        };
        let ids = rows::records(&notes);
        let which = match span {
            ShapeSpan::After(id, max) => Which::After(id, max),
            ShapeSpan::Touched(..) => Which::Ids(&ids),
        };
        let found = rows::read(conn, &schema, look, which).await?;
        let settled = settle(&found);
        match rows::write(conn, &schema, look, &settled.written).await {
            Err(Fault::Unique(_)) => return Err(equal()),
            done => done?,
        }
        rows::forget(conn, &schema, &notes).await?;
        let asked = short.job_checkpoint(lease, &settled.progress).await?;
        short.commit().await?;
        Ok((found.len().max(notes.len()), asked))
    }

    /// The rows of a span as they are, for who only looks.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_look(&self, tenant: TenantId, look: &ShapeLook, after: Option<Uuid>, max: u32) -> Result<Vec<ShapeRow>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let only = ShapeLook { shadow: Vec::new(), ..look.clone() };
        let found = rows::read(&mut conn, &schema_of(tenant, self.dialect()), &only, Which::After(after, max)).await?;
        conn.mark(true);
        Ok(found)
    }

    /// Live records that agree in a key: how many sets of them, and some of the records.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_duplicates(&self, tenant: TenantId, object: &Object, key: &UniqueKey) -> Result<ShapeFound, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let names = unique_columns(object, key);
        let columns = quoted(names.iter().map(String::as_str));
        let present: String = names.iter().map(|column| format!(" and t.\"{column}\" is not null")).collect();
        let sql = format!(
            "select min(t.\"id\"{text}){back}, max(t.\"id\"{text}){back} from \"{schema}\".\"{}\" as t where t.\"deleted_at\" is null{present} \
             group by {columns} having count(*) > 1 limit {DUPLICATES_MAX}",
            object.table,
            text = if self.dialect() == Dialect::Postgres { "::text" } else { "" },
            back = if self.dialect() == Dialect::Postgres { "::uuid" } else { "" },
        );
        let mut conn = match self.maker(tenant).await? {
            Some(conn) => conn,
            None => self.reader(tenant).await?,
        };
        conn.limit(None);
        conn.mark(false);
        if self.dialect() == Dialect::Postgres {
            conn.script("set statement_timeout = 0").await?;
        }
        let sets = conn.fetch(&sql, &[], &[Shape::Id, Shape::Id]).await?;
        if self.dialect() == Dialect::Postgres {
            conn.script("reset statement_timeout").await?;
        }
        conn.mark(true);
        let samples = sets.iter().flatten().filter_map(Value::as_id).take(SAMPLES_MAX).collect();
        Ok(ShapeFound { count: u64::try_from(sets.len()).unwrap_or(u64::MAX), samples })
    }

    /// Whether a job's triggers are on a table: what it began before is still there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_is_prepared(&self, tenant: TenantId, job: Uuid) -> Result<bool, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let [name, _] = super::names(job);
        let sql = match self.dialect() {
            Dialect::Postgres => format!(
                "select 1 from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace where n.nspname = '{schema}' and p.proname = '{name}'"
            ),
            Dialect::Sqlite => format!("select 1 from \"main\".sqlite_schema as m where m.type = 'trigger' and m.name = '{name}'"),
        };
        Ok(!self.ask(tenant, &sql, &[], &[Shape::Int]).await?.is_empty())
    }
}
