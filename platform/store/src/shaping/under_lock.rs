//! What a change of shape does under the model lock, while nobody writes: it begins, it ends, it is taken back.

use tenon_model::UniqueKey;
use tenon_value::{ElementId, Uuid, Value};

use super::contract::{ShapeLook, ShapeRow};
use super::rows::{self, Which};
use super::touch;
use crate::db::{Arg, Fault};
use crate::ddl::column;
use crate::jobs::{checkpoint_with, put_with};
use crate::lower::columns::Physical;
use crate::lower::schema_of;
use crate::metadata::retired::drop_dependents;
use crate::{Dialect, JobAsk, JobLease, JobProgress, MetadataTx, NewJob, StoreError};

impl MetadataTx {
    fn home(&self) -> String {
        schema_of(self.tenant(), self.store.dialect())
    }

    /// Leaves a job with this change.
    ///
    /// # Errors
    /// `Limit` where too many wait; what the database says.
    pub async fn job_put(&mut self, job: &NewJob) -> Result<(), StoreError> {
        let table = self.table("job");
        put_with(self.conn()?, &table, job).await?;
        self.has_jobs = true;
        Ok(())
    }

    /// Writes how far a job has come, with what this change does.
    ///
    /// # Errors
    /// `LeaseLost` where another has the job; then nothing of this change may stand.
    pub async fn job_checkpoint(&mut self, lease: JobLease, progress: &JobProgress) -> Result<Option<JobAsk>, StoreError> {
        let table = self.table("job");
        checkpoint_with(self.conn()?, &table, lease, progress).await
    }

    /// Begins: shadow columns stand beside the others, and from now on what is written to the column looked at is noted for the job.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_begin(&mut self, look: &ShapeLook, job: Uuid) -> Result<(), StoreError> {
        let (schema, table) = (self.home(), &look.table);
        let there = crate::ddl::catalog::Catalog::read(self.conn()?, &schema).await?;
        let has = |name: &str| there.tables.get(table).is_some_and(|columns| columns.contains_key(name));
        let conn = self.conn()?;
        for new in look.shadow.iter().filter(|new| !has(&new.name)) {
            let text = column(&Physical::new(&new.name, new.kind, new.kind == tenon_model::ColumnType::Bool), conn.dialect());
            conn.execute(&format!("alter table \"{schema}\".\"{table}\" add column {text}"), &[]).await?;
        }
        for statement in touch::install(conn.dialect(), &schema, look, job) {
            conn.script(&statement).await?;
        }
        self.forget_notes(job).await?;
        Ok(())
    }

    async fn forget_notes(&mut self, job: Uuid) -> Result<(), Fault> {
        let sql = format!("delete from {} where \"job\" = $1", self.table("shape_touched"));
        self.run(&sql, &[Arg::text(job.to_string())]).await.map(|_| ())
    }

    /// The records that were written since a job came by; none where they are more than `max`: too many to go over while
    /// nobody can write.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_touched(&mut self, look: &ShapeLook, job: Uuid, max: u32) -> Result<Option<Vec<ShapeRow>>, StoreError> {
        let schema = self.home();
        let conn = self.conn()?;
        let notes = rows::touched(conn, &schema, job, max + 1).await?;
        if notes.len() > usize::try_from(max).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let ids = rows::records(&notes);
        Ok(Some(rows::read(conn, &schema, look, Which::Ids(&ids)).await?))
    }

    /// Writes what the shadow is to hold. False where two would be equal in what is to be unique.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_write(&mut self, look: &ShapeLook, written: &[(Uuid, Value)]) -> Result<bool, StoreError> {
        let schema = self.home();
        match rows::write(self.conn()?, &schema, look, written).await {
            Err(Fault::Unique(_)) => Ok(false),
            done => Ok(done.map(|()| true)?),
        }
    }

    /// Ends: nothing is noted for the job any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_end(&mut self, table: &str, job: Uuid) -> Result<(), StoreError> {
        let schema = self.home();
        let conn = self.conn()?;
        for statement in touch::remove(conn.dialect(), &schema, table, job) {
            conn.script(&statement).await?;
        }
        self.forget_notes(job).await?;
        Ok(())
    }

    /// Drops columns that no field has any more, with what is over them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_drop(&mut self, table: &str, columns: &[String]) -> Result<(), StoreError> {
        let schema = self.home();
        let there = crate::ddl::catalog::Catalog::read(self.conn()?, &schema).await?;
        let has = |name: &str| there.tables.get(table).is_some_and(|columns| columns.contains_key(name));
        for column in columns.iter().filter(|column| has(column)) {
            let conn = self.conn()?;
            if conn.dialect() == Dialect::Sqlite {
                drop_dependents(conn, column).await?;
            }
            let rest = if conn.dialect() == Dialect::Postgres { " cascade" } else { "" };
            conn.execute(&format!("alter table \"{schema}\".\"{table}\" drop column \"{column}\"{rest}"), &[]).await?;
        }
        Ok(())
    }

    /// The columns of a table whose names begin with a stem: those of a field.
    ///
    /// # Errors
    /// What the database says.
    pub async fn columns_of_stem(&mut self, table: &str, stem: &str) -> Result<Vec<String>, StoreError> {
        let schema = self.home();
        let there = crate::ddl::catalog::Catalog::read(self.conn()?, &schema).await?;
        let of_stem = |name: &&String| name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        Ok(there.tables.get(table).into_iter().flat_map(|columns| columns.keys()).filter(of_stem).cloned().collect())
    }

    /// Drops the indexes of keys that are not to be.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shape_drop_keys(&mut self, keys: &[UniqueKey]) -> Result<(), StoreError> {
        let schema = self.home();
        for name in keys.iter().flat_map(|key| [key.index.clone(), format!("{}_d", key.index)]) {
            self.conn()?.execute(&format!("drop index if exists \"{schema}\".\"{name}\""), &[]).await?;
        }
        Ok(())
    }

    /// Takes an element's physical name away: nothing has it any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_physical(&mut self, element: ElementId) -> Result<(), StoreError> {
        let sql = format!("delete from {} where \"element\" = $1", self.table("physical"));
        self.run(&sql, &[Arg::id(element.0)]).await?;
        Ok(())
    }
}
