//! Tenants come and go. Half-made ones are pending until everything of them is there, or nothing.

use tenon_value::{TenantId, Value};

use crate::cells::Reached;
use crate::db::{Arg, Conn, Fault, Shape};
use crate::ddl::fixtures;
use crate::home::say;
use crate::lower::schema_of;
use crate::metadata::settings_json;
use crate::store::{Home, Weight};
use crate::{NewTenant, Store, StoreError, TenantInfo, TenantState};

/// How often the removal of a home that somebody is at work in is tried.
const DROP_TRIES: u32 = 5;

impl Store {
    /// Makes a tenant: its row in `system`, its schema or file with the tables every tenant has, its settings.
    ///
    /// # Errors
    /// `TenantExists`; what the database says.
    pub async fn tenant_create(&self, new: &NewTenant) -> Result<TenantInfo, StoreError> {
        let id = TenantId::generate();
        let mut info =
            TenantInfo { id, name: new.name.clone(), sandbox: new.sandbox, created_at: new.created_at, state: TenantState::Pending };
        self.inner.system.insert(&info).await?;
        if let Err(fault) = self.make_home(id, new).await {
            self.tear_down(id).await?;
            return Err(fault.into());
        }
        self.inner.system.set_state(id, TenantState::Active).await?;
        info.state = TenantState::Active;
        Ok(info)
    }

    async fn make_home(&self, id: TenantId, new: &NewTenant) -> Result<(), Fault> {
        if let Home::Sqlite(files) = &self.inner.home {
            files.create(id).await?;
        }
        let schema = schema_of(id, self.dialect());
        let mut conn = self.writer_as_found(id).await?;
        conn.mark(false);
        let statements = fixtures::making(self.dialect(), &schema).join(";\n");
        conn.script(&format!("begin;\n{statements}")).await?;
        let settings = settings_json(&new.settings).to_string();
        let insert = format!(
            "insert into \"{schema}\".\"model\" (\"id\", \"version\", \"settings\", \"next_physical\") values (1, 0, {}, 1)",
            placeholder(&conn)
        );
        conn.execute(&insert, &[Arg::text(settings)]).await?;
        conn.execute(&format!("insert into \"{schema}\".\"law\" (\"id\", \"epoch\") values (1, 1)"), &[]).await?;
        say(&mut conn, &schema).await?;
        conn.script("commit").await?;
        conn.mark(true);
        Ok(())
    }

    pub(crate) async fn tear_down(&self, id: TenantId) -> Result<(), StoreError> {
        match &self.inner.home {
            Home::Sqlite(files) => files.remove(id)?,
            Home::Postgres(cells) => {
                let schema = schema_of(id, self.dialect());
                // In every cell: a move that was cut short may have left something.
                for cell in cells.each() {
                    drop_schema(cell, &schema).await?;
                }
            }
        }
        self.inner.blobs.remove_tenant(id)?;
        self.forget(id);
        self.inner.system.remove(id).await
    }

    /// Removes what is left of tenants whose making or removal was cut short.
    pub(crate) async fn finish_pending(&self) -> Result<(), StoreError> {
        for tenant in self.inner.system.all().await? {
            // Another process may be making one right now: only old ones are left-overs.
            let age = tenon_value::Uuid::now_v7().as_u128().wrapping_shr(80).saturating_sub(tenant.id.0.as_u128().wrapping_shr(80));
            if tenant.state == TenantState::Pending && (age > 60_000 || self.dialect() == crate::Dialect::Sqlite) {
                self.tear_down(tenant.id).await?;
            }
        }
        Ok(())
    }

    /// A tenant by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant(&self, name: &str) -> Result<Option<TenantInfo>, StoreError> {
        Ok(self.inner.system.named(name).await?.filter(|tenant| tenant.state == TenantState::Active))
    }

    /// A tenant by id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant_by_id(&self, id: TenantId) -> Result<Option<TenantInfo>, StoreError> {
        Ok(self.inner.system.by_id(id).await?.filter(|tenant| tenant.state == TenantState::Active))
    }

    /// All tenants by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenants(&self) -> Result<Vec<TenantInfo>, StoreError> {
        let all = self.inner.system.all().await?;
        Ok(all.into_iter().filter(|tenant| tenant.state == TenantState::Active).collect())
    }

    /// Removes a tenant with all its data; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant_delete(&self, name: &str) -> Result<bool, StoreError> {
        let Some(tenant) = self.inner.system.named(name).await? else { return Ok(false) };
        self.inner.system.set_state(tenant.id, TenantState::Pending).await?;
        self.tear_down(tenant.id).await?;
        Ok(true)
    }

    /// A table every tenant has, of this one.
    pub(crate) fn fixture(&self, tenant: TenantId, name: &str) -> String {
        format!("\"{}\".\"{name}\"", schema_of(tenant, self.dialect()))
    }

    /// Rows of a statement over tables that every tenant has. `{0}` is the first placeholder.
    pub(crate) async fn ask(&self, tenant: TenantId, sql: &str, args: &[Arg], shapes: &[Shape]) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let rows = conn.fetch(&numbered(sql, &conn), args, shapes).await?;
        conn.mark(true);
        Ok(rows)
    }

    /// Runs one statement over tables that every tenant has, as a transaction of its own.
    pub(crate) async fn tell(&self, tenant: TenantId, sql: &str, args: &[Arg]) -> Result<u64, Fault> {
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let done = conn.execute(&numbered(sql, &conn), args).await?;
        conn.mark(true);
        Ok(done)
    }
}

/// Removes a schema with all that is in it. Whoever is still at work there holds one table and may want the next, which the removal holds
/// already; one of the two is ended then, and where it is the removal it begins again.
async fn drop_schema(cell: &Reached, schema: &str) -> Result<(), StoreError> {
    let drop = format!("set statement_timeout = 0; drop schema if exists \"{schema}\" cascade; reset statement_timeout");
    let mut tries = 1;
    loop {
        let mut conn = Conn::Postgres(Box::new(cell.pools.requests.acquire().await?));
        conn.mark(false);
        match conn.script(&drop).await.map_err(StoreError::from) {
            Ok(()) => {
                conn.mark(true);
                return Ok(());
            }
            Err(error) if error.is_retryable() && tries < DROP_TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The placeholder of the first argument.
fn placeholder(conn: &Conn) -> &'static str {
    match conn.dialect() {
        crate::Dialect::Postgres => "$1",
        crate::Dialect::Sqlite => "?1",
    }
}

/// Placeholders are written `$1`; SQLite wants `?1`. Our own texts hold no other dollar.
pub(crate) fn numbered(sql: &str, conn: &Conn) -> String {
    match conn.dialect() {
        crate::Dialect::Postgres => sql.to_owned(),
        crate::Dialect::Sqlite => sql.replace('$', "?"),
    }
}
