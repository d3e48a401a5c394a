//! `doctor`: what is stored, against what the model says and what refers to what. It reads everything, and is slow.

pub(crate) mod drift;
pub(crate) mod kept;
pub(crate) mod orphans;
pub(crate) mod past;
pub(crate) mod shapes;

use std::collections::BTreeSet;

use tenon_model::{Model, ObjectIx};
use tenon_value::Value;

use crate::db::{Conn, Fault, Shape};
use crate::ddl::catalog::Catalog;
use crate::ddl::shape;
use crate::lower::schema_of;
use crate::metadata::change::undo;
use crate::{Dialect, Finding, Store, StoreError};

/// What an examination looks at.
pub(crate) struct Patient<'a> {
    pub(crate) conn: &'a mut Conn,
    pub(crate) schema: String,
    pub(crate) model: &'a Model,
    pub(crate) catalog: Catalog,
    /// Tables whose indexes a job is still to make.
    pub(crate) indexing: BTreeSet<String>,
    pub(crate) findings: Vec<Finding>,
    /// The statements that put right what was found.
    pub(crate) remedies: Vec<String>,
}

impl Patient<'_> {
    pub(crate) async fn count(&mut self, sql: &str) -> Result<u64, Fault> {
        let rows = self.conn.fetch(sql, &[], &[Shape::Int]).await?;
        let count = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    pub(crate) fn table(&self, name: &str) -> String {
        format!("\"{}\".\"{name}\"", self.schema)
    }

    pub(crate) fn has(&self, table: &str) -> bool {
        self.catalog.tables.contains_key(table)
    }

    /// Notes something found; with a statement that puts it right, it can be fixed.
    pub(crate) fn note(&mut self, code: &'static str, message: String, rows: u64, help: &str) {
        self.findings.push(Finding { code, message, rows, help: help.to_owned(), fixable: false });
    }

    pub(crate) fn remedy(&mut self, sql: String) {
        self.remedies.push(sql);
        if let Some(finding) = self.findings.last_mut() {
            finding.fixable = true;
        }
    }
}

impl Store {
    /// How many rows an object has, deleted ones included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn row_count(&self, model: &Model, object: ObjectIx) -> Result<u64, StoreError> {
        let object = model.object(object).ok_or(StoreError::Plan("no such object"))?;
        let (memory, name) = (self.memory(model.tenant), self.fixture(model.tenant, &object.table));
        let mut conn = self.reader(model.tenant).await?;
        conn.mark(false);
        if memory.tables.is_missing(&name) {
            memory.tables.look_for(&mut conn, vec![name.clone()]).await?;
        }
        let mut rows = Vec::new();
        if !memory.tables.is_missing(&name) {
            rows = conn.fetch(&format!("select count(*) from {name} as t"), &[], &[Shape::Int]).await?;
        }
        conn.mark(true);
        let count = rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Finds drift between model and tables, references to nothing, and gaps in history.
    ///
    /// # Errors
    /// What the database says.
    pub async fn doctor(&self, model: &Model) -> Result<Vec<Finding>, StoreError> {
        let mut conn = self.reader(model.tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let (findings, _) = examine(&mut conn, model).await?;
        conn.mark(true);
        Ok(findings)
    }

    /// Puts right what can be put right without losing anything, alone on the tenant; what is left.
    ///
    /// # Errors
    /// What the database says; then nothing is changed.
    pub async fn doctor_fix(&self, model: &Model) -> Result<Vec<Finding>, StoreError> {
        let lock = crate::metadata::change::lock_key(model.tenant);
        let mut conn = self.writer(model.tenant).await?;
        conn.limit(None);
        conn.mark(false);
        conn.script(&match self.dialect() {
            Dialect::Sqlite => "begin immediate".to_owned(),
            Dialect::Postgres => format!("begin; set local statement_timeout = 0; select pg_advisory_xact_lock({lock})"),
        })
        .await?;
        match treat(&mut conn, model).await {
            Ok(left) => {
                conn.script("commit").await?;
                conn.mark(true);
                Ok(left)
            }
            Err(fault) => {
                undo(&mut conn).await?;
                Err(fault.into())
            }
        }
    }
}

async fn examine(conn: &mut Conn, model: &Model) -> Result<(Vec<Finding>, Vec<String>), Fault> {
    let schema = schema_of(model.tenant, conn.dialect());
    let catalog = Catalog::read(conn, &schema).await?;
    let indexing = crate::shaping::indexing(conn, &schema).await?;
    let mut patient = Patient { conn, schema, model, catalog, indexing, findings: Vec::new(), remedies: Vec::new() };
    let sound = drift::find(&mut patient);
    // Rows can be asked about only where the columns are there.
    if sound {
        orphans::find(&mut patient).await?;
        kept::find(&mut patient).await?;
        past::find(&mut patient).await?;
        shapes::find(&mut patient).await?;
    }
    Ok((patient.findings, patient.remedies))
}

async fn treat(conn: &mut Conn, model: &Model) -> Result<Vec<Finding>, Fault> {
    let schema = schema_of(model.tenant, conn.dialect());
    shape::change(conn, &schema, None, model, None, &mut || {}).await?;
    for remedy in examine(conn, model).await?.1 {
        conn.execute(&remedy, &[]).await?;
    }
    Ok(examine(conn, model).await?.0)
}
