//! A change of metadata: rows, physical names and shape in one transaction with the new version.
//!
//! Invariant: it holds the tenant's model lock alone, so no mutation runs on a model that is going away; whatever
//! stops it before the commit leaves everything as it was.

use tenon_model::{Element, ElementPath, Model, ModelVersion, Object, Settings, State};
use tenon_value::{DateTime, ElementId, Json, Name, TenantId, Uuid, Value};

use super::{read, settings_json};
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape, Target};
use crate::ddl::shape;
use crate::lower::schema_of;
use crate::store::METADATA_CHANNEL;
use crate::tenant::numbered;
use crate::{Dialect, MetadataRows, PhysicalKind, Store, StoreError};

/// Steps at which a test may end the process, see [`crate::StoreConfig::crash_at`].
const CRASH_POINTS: &[&str] = &["locked", "elements", "settings", "physical", "statement", "shape", "journal", "commit", "committed"];

/// The columns of an element's row.
const ELEMENT: [(&str, Kind); 7] = [
    ("package", Kind::Text),
    ("path", Kind::Text),
    ("id", Kind::Id),
    ("properties", Kind::Text),
    ("retired", Kind::Bool),
    ("position", Kind::Int),
    ("retired_at", Kind::DateTime),
];

/// The steps of a change of metadata at which the process can be made to end, in their usual order.
#[must_use]
pub const fn crash_points() -> &'static [&'static str] {
    CRASH_POINTS
}

/// A change of a tenant's metadata. Dropped without `commit`, it never was.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that the commit sees to")]
pub struct MetadataTx {
    pub(crate) store: Store,
    tenant: TenantId,
    schema: String,
    pub(super) conn: Option<Conn>,
    version: ModelVersion,
    /// Something of it is for the audit trail.
    pub(crate) noted: bool,
    /// Somebody's rights change with it.
    pub(super) raises_epoch: bool,
    /// It saves records.
    pub(super) saves: bool,
    /// Business time, where the caller says it.
    at: Option<DateTime>,
    /// It leaves jobs.
    pub(crate) has_jobs: bool,
    /// Jobs it leaves that make indexes, by the objects they are for.
    pub(crate) indexing: Vec<(ElementId, Uuid)>,
}

/// The advisory lock of a tenant's model.
pub(crate) fn lock_key(tenant: TenantId) -> i64 {
    let (_, low) = tenant.0.as_u64_pair();
    low.cast_signed()
}

impl Store {
    /// Begins a change: nobody else writes this tenant's data or metadata until it ends.
    ///
    /// # Errors
    /// `Busy` where mutations held the lock for too long; `NoTenant`.
    pub async fn metadata_begin(&self, tenant: TenantId) -> Result<MetadataTx, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        let mut tx = MetadataTx {
            store: self.clone(),
            tenant,
            schema,
            conn: None,
            version: ModelVersion(0),
            noted: false,
            raises_epoch: false,
            saves: false,
            at: None,
            has_jobs: false,
            indexing: Vec::new(),
        };
        conn.mark(false);
        let begin = match self.dialect() {
            Dialect::Sqlite => "begin immediate".to_owned(),
            Dialect::Postgres => format!(
                "begin; set local lock_timeout = {}; set local statement_timeout = 0; select pg_advisory_xact_lock({})",
                self.inner.config.limits.lock_wait.as_millis(),
                lock_key(tenant)
            ),
        };
        let begun = conn.script(&begin).await;
        tx.conn = Some(conn);
        begun?;
        let sql = format!("select m.\"version\" from \"{}\".\"model\" as m", tx.schema);
        let rows = tx.conn()?.fetch(&sql, &[], &[Shape::Int]).await?;
        let version = rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or(StoreError::NoTenant)?;
        tx.version = ModelVersion(u64::try_from(version).unwrap_or_default());
        tx.reached("locked");
        Ok(tx)
    }
}

impl MetadataTx {
    /// The version before the change.
    #[must_use]
    pub const fn version(&self) -> ModelVersion {
        self.version
    }

    /// Says what time it is for the tenant: from then on what it retires is retired.
    pub const fn set_time(&mut self, at: DateTime) {
        self.at = Some(at);
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn conn(&mut self) -> Result<&mut Conn, Fault> {
        self.conn.as_mut().ok_or_else(|| StoreError::Unavailable("the change has ended".to_owned()).into())
    }

    pub(super) fn reached(&self, point: &str) {
        if self.store.inner.config.crash_at.as_deref() == Some(point) {
            std::process::abort();
        }
    }

    pub(crate) async fn run(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        conn.execute(&sql, args).await
    }

    pub(crate) async fn number(&mut self, sql: &str, args: &[Arg]) -> Result<i64, Fault> {
        let conn = self.conn()?;
        let sql = numbered(sql, conn);
        let rows = conn.fetch(&sql, args, &[Shape::Int]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default())
    }

    pub(crate) fn table(&self, name: &str) -> String {
        format!("\"{}\".\"{name}\"", self.schema)
    }

    /// All rows of metadata, read under the lock.
    ///
    /// # Errors
    /// As [`Store::metadata`].
    pub async fn rows(&mut self) -> Result<MetadataRows, StoreError> {
        let schema = self.schema.clone();
        Ok(read(self.conn()?, &schema).await?)
    }

    /// Puts elements of a layer, new or instead of the ones of the same path. New ones stand after those there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_elements(&mut self, package: &Name, elements: &[Element]) -> Result<(), StoreError> {
        let (layer, table) = (self.table("layer"), self.table("element"));
        let sql = format!(
            "insert into {layer} (\"package\", \"position\") select $1, coalesce(max(l.\"position\"), 0) + 1 from {layer} as l where 1 = 1 on conflict (\"package\") do nothing"
        );
        self.run(&sql, &[Arg::text(package.as_str())]).await?;
        let mut position = self
            .number(
                &format!("select coalesce(max(e.\"position\"), 0) from {table} as e where e.\"package\" = $1"),
                &[Arg::text(package.as_str())],
            )
            .await?;
        // Of a model that nobody has used yet no right is remembered anywhere.
        self.raises_epoch |= self.version.0 > 0 && elements.iter().any(|element| gives_rights(&element.path));
        let now = self.at.unwrap_or_else(|| self.store.machine_time()).millis();
        let columns = ELEMENT.map(|(name, kind)| Target::new(name, kind));
        let mut rows = Vec::with_capacity(elements.len());
        for element in elements {
            position += 1;
            let properties: serde_json::Map<String, Json> =
                element.properties.iter().map(|(key, property)| (key.clone(), property.value.clone())).collect();
            rows.push(vec![
                Scalar::Text(package.as_str().to_owned()),
                Scalar::Text(element.path.0.clone()),
                Scalar::Id(element.id.0),
                Scalar::Text(Json::Object(properties).to_string()),
                Scalar::Bool(element.state == State::Retired),
                Scalar::Int(position),
                if element.state == State::Retired { Scalar::DateTime(now) } else { Scalar::Null },
            ]);
        }
        // What stays retired has been so since it was retired first.
        let instead = "on conflict (\"package\", \"path\") do update set \"id\" = excluded.\"id\", \"properties\" = excluded.\"properties\", \"retired\" = excluded.\"retired\", \
            \"retired_at\" = case when excluded.\"retired_at\" is null then null else coalesce(\"element\".\"retired_at\", excluded.\"retired_at\") end";
        self.conn()?.insert(&table, &columns, rows, instead).await?;
        self.reached("elements");
        Ok(())
    }

    /// Takes elements out of a layer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove_elements(&mut self, package: &Name, paths: &[ElementPath]) -> Result<(), StoreError> {
        let sql = format!("delete from {} where \"package\" = $1 and \"path\" = $2", self.table("element"));
        for path in paths {
            self.run(&sql, &[Arg::text(package.as_str()), Arg::text(path.0.clone())]).await?;
        }
        self.reached("elements");
        Ok(())
    }

    /// Puts the settings.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_settings(&mut self, settings: &Settings) -> Result<(), StoreError> {
        let sql = format!("update {} set \"settings\" = $1", self.table("model"));
        self.run(&sql, &[Arg::text(settings_json(settings).to_string())]).await?;
        self.reached("settings");
        Ok(())
    }

    /// A physical name that no other element ever had.
    ///
    /// # Errors
    /// What the database says.
    pub async fn new_physical(&mut self, kind: PhysicalKind) -> Result<String, StoreError> {
        let sql = format!("update {} set \"next_physical\" = \"next_physical\" + 1 returning \"next_physical\" - 1", self.table("model"));
        let number = self.number(&sql, &[]).await?;
        Ok(physical_name(kind, number))
    }

    /// Gives elements physical names that no other element ever had, in few statements; the names in the same order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn name_all(&mut self, elements: &[(ElementId, PhysicalKind)]) -> Result<Vec<String>, StoreError> {
        let (model, table) = (self.table("model"), self.table("physical"));
        let count = i64::try_from(elements.len()).map_err(|_| StoreError::Value("too many elements"))?;
        let sql = format!("update {model} set \"next_physical\" = \"next_physical\" + $1 returning \"next_physical\" - $1");
        let first = self.number(&sql, &[Arg::int(count)]).await?;
        let names: Vec<String> = (first..).zip(elements).map(|(number, (_, kind))| physical_name(*kind, number)).collect();
        let rows =
            elements.iter().zip(&names).map(|((element, _), name)| vec![Scalar::Id(element.0), Scalar::Text(name.clone())]).collect();
        let columns = [Target::new("element", Kind::Id), Target::new("name", Kind::Text)];
        let instead = "on conflict (\"element\") do update set \"name\" = excluded.\"name\"";
        self.conn()?.insert(&table, &columns, rows, instead).await?;
        self.reached("physical");
        Ok(names)
    }

    /// Gives an element its physical name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_physical(&mut self, element: ElementId, name: &str) -> Result<(), StoreError> {
        let sql = format!(
            "insert into {} (\"element\", \"name\") values ($1, $2) on conflict (\"element\") do update set \"name\" = excluded.\"name\"",
            self.table("physical")
        );
        self.run(&sql, &[Arg::id(element.0), Arg::text(name)]).await?;
        self.reached("physical");
        Ok(())
    }

    /// Brings the tables that are there from the shape of one model to that of another. Indexes of tables with many rows
    /// that nothing but speed hangs on are left to jobs, see [`crate::INDEX`].
    ///
    /// # Errors
    /// `Blocked` for what stored rows do not allow, or what is not instant.
    pub async fn shape(&mut self, before: Option<&Model>, after: &Model) -> Result<(), StoreError> {
        let (schema, crash_at) = (self.schema.clone(), self.store.inner.config.crash_at.clone());
        let conn = self.conn()?;
        let mut later = shape::Later::default();
        shape::change(conn, &schema, before, after, Some(&mut later), &mut || {
            if crash_at.as_deref() == Some("statement") {
                std::process::abort();
            }
        })
        .await?;
        self.leave_indexes(later).await?;
        self.reached("shape");
        Ok(())
    }

    /// Notes what was done, for people.
    ///
    /// # Errors
    /// What the database says.
    pub async fn journal(&mut self, at: DateTime, entry: &Json) -> Result<(), StoreError> {
        let sql = format!("insert into {} (\"at\", \"entry\") values ($1, $2)", self.table("journal"));
        self.run(&sql, &[Arg::moment(at), Arg::text(entry.to_string())]).await?;
        self.reached("journal");
        Ok(())
    }

    pub(super) async fn is_there(&mut self, table: &str) -> Result<bool, Fault> {
        let (memory, name) = (self.store.memory(self.tenant), self.table(table));
        memory.tables.look_for(self.conn()?, vec![name.clone()]).await?;
        Ok(!memory.tables.is_missing(&name))
    }

    /// How many rows an object has, deleted ones included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn row_count(&mut self, object: &Object) -> Result<u64, StoreError> {
        self.null_count(object, &[]).await
    }

    /// How many live rows have none of these columns set; with no columns: how many rows there are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn null_count(&mut self, object: &Object, columns: &[String]) -> Result<u64, StoreError> {
        if !self.is_there(&object.table).await? {
            return Ok(0);
        }
        let nulls: Vec<String> = columns.iter().map(|column| format!("t.\"{column}\" is null")).collect();
        let condition =
            if nulls.is_empty() { String::new() } else { format!(" where t.\"deleted_at\" is null and {}", nulls.join(" and ")) };
        let sql = format!("select count(*) from {} as t{condition}", self.table(&object.table));
        Ok(u64::try_from(self.number(&sql, &[]).await?).unwrap_or_default())
    }

    /// Ends the change with this version; it is in force from now on.
    ///
    /// # Errors
    /// What the database says; then nothing is changed.
    pub async fn commit(mut self, version: ModelVersion) -> Result<(), StoreError> {
        let number = i64::try_from(version.0).map_err(|_| StoreError::Value("the version"))?;
        let sql = format!("update {} set \"version\" = $1", self.table("model"));
        self.run(&sql, &[Arg::int(number)]).await?;
        self.reached("commit");
        let tenant = self.tenant;
        let Some(mut conn) = self.conn.take() else { return Err(StoreError::Unavailable("the change has ended".to_owned())) };
        if conn.dialect() == Dialect::Postgres
            && let Err(fault) = conn.script(&format!("notify {METADATA_CHANNEL}, '{tenant}'")).await
        {
            undo_later(Some(conn));
            return Err(fault.into());
        }
        if self.raises_epoch {
            self.store.commit_raised(tenant, conn).await?;
        } else {
            if let Err(fault) = conn.script("commit").await {
                undo_later(Some(conn));
                return Err(fault.into());
            }
            conn.mark(true);
        }
        self.reached("committed");
        if self.noted {
            self.store.inner.told.tell(tenant);
        }
        if self.saves {
            self.store.commit_tell(tenant);
        }
        if self.has_jobs {
            self.store.job_tell(tenant).await;
        }
        // Nobody listening is no failure.
        self.store.inner.events.send(tenant).map(drop).unwrap_or_default();
        Ok(())
    }

    /// Ends the change without a trace.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        if let Some(mut conn) = self.conn.take() {
            undo(&mut conn).await?;
        }
        Ok(())
    }
}

/// Whether an element says who may do what: a role, a grant, a sharing rule.
fn gives_rights(path: &ElementPath) -> bool {
    path.role_name().is_some() || path.split().1.is_some_and(|(group, _)| matches!(group, "access" | "sharing"))
}

fn physical_name(kind: PhysicalKind, number: i64) -> String {
    let letter = match kind {
        PhysicalKind::Object => "o",
        PhysicalKind::Link => "l",
        PhysicalKind::Field => "f",
        PhysicalKind::Index => "u",
    };
    format!("{letter}_{number}")
}

/// Rolls back and makes the connection fit to be lent again, or throws it away.
pub(crate) async fn undo(conn: &mut Conn) -> Result<(), Fault> {
    if !conn.forget_waiting() {
        conn.mark(true);
        return Ok(());
    }
    match conn.script("rollback").await {
        Ok(()) => {
            conn.mark(true);
            Ok(())
        }
        Err(fault) => {
            conn.discard();
            Err(fault)
        }
    }
}

/// Rolls back in the background what was dropped in the middle.
pub(crate) fn undo_later(conn: Option<Conn>) {
    let Some(mut conn) = conn else { return };
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(async move { undo(&mut conn).await })),
        Err(_) => conn.discard(),
    }
}

impl Drop for MetadataTx {
    fn drop(&mut self) {
        undo_later(self.conn.take());
    }
}
