//! Homes of tenants and their versions: made by older builds, they are brought up when this process first opens them.
//!
//! An upgrade is one transaction per tenant, in any order of tenants, under a lock of its own: a crash leaves the home as
//! it was, and the next to open it begins anew. It only adds, so a server of the build before goes on beside this one.
//! Invariant: nothing of a tenant is read or written before its home is known to fit this build.

use tenon_value::{TenantId, Value};

use crate::db::{Arg, Conn, Fault, Shape};
use crate::ddl::fixtures::{self, HOME};
use crate::lower::schema_of;
use crate::metadata::change::{lock_key, undo};
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError};

/// Where a tenant's home stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeVersion {
    /// Its version; 0 for homes made before they had one.
    pub version: u32,
    /// The version of the homes that this build makes.
    pub current: u32,
    /// The oldest build, by the version of the homes it makes, that may work on this one.
    pub readable_by: u32,
}

impl Store {
    /// Where a tenant's home stands, as it is found: nothing is brought up by asking.
    ///
    /// # Errors
    /// What the database says.
    pub async fn home(&self, tenant: TenantId) -> Result<HomeVersion, StoreError> {
        let mut conn = self.writer_as_found(tenant).await?;
        conn.limit(None);
        Ok(found(&mut conn, &schema_of(tenant, self.dialect())).await?)
    }

    /// What signs the cursors of a tenant's lists: the same on every node, over restarts, and wherever the tenant moves.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cursor_secret(&self, tenant: TenantId) -> Result<[u8; 32], StoreError> {
        let memory = self.memory(tenant);
        memory.cursor_secret.get_or_try_init(|| self.read_secret(tenant)).await.copied()
    }

    async fn read_secret(&self, tenant: TenantId) -> Result<[u8; 32], StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let mut found = secret(&mut conn, &schema).await?;
        if found.is_none() {
            // Of two nodes that make one at once, the first one's stays.
            keep_secret(&mut conn, &schema, &hex::encode(rand::random::<[u8; 32]>())).await?;
            found = secret(&mut conn, &schema).await?;
        }
        conn.mark(true);
        let bytes = found.and_then(|text| hex::decode(text).ok()).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| StoreError::Damaged("the secret of a tenant's cursors".to_owned()))
    }

    /// Sees once per process that the tenant's home fits this build.
    pub(crate) async fn settle(&self, tenant: TenantId) -> Result<(), Fault> {
        let memory = self.memory(tenant);
        memory.settled.get_or_try_init(|| self.bring_up(tenant)).await.copied()
    }

    async fn bring_up(&self, tenant: TenantId) -> Result<(), Fault> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer_as_found(tenant).await?;
        conn.limit(None);
        let home = found(&mut conn, &schema).await?;
        if home.readable_by > home.current {
            let (version, current) = (home.version, home.current);
            let message = format!("the tenant was upgraded to {version} by a newer Tenon; this one knows homes up to {current}");
            return Err(StoreError::Unavailable(message).into());
        }
        if home.version >= home.current {
            return Ok(());
        }
        conn.mark(false);
        match upgrade(&mut conn, tenant, &schema).await {
            Ok(()) => {
                conn.mark(true);
                Ok(())
            }
            Err(fault) => {
                undo(&mut conn).await?;
                Err(fault)
            }
        }
    }
}

/// The version of a home. One without the table that says so is of the time before; one that is not there at all is no home.
async fn found(conn: &mut Conn, schema: &str) -> Result<HomeVersion, Fault> {
    let of = |version, readable_by| HomeVersion { version, current: fixtures::VERSION, readable_by };
    let sql = format!("select h.\"version\", h.\"readable_by\" from \"{schema}\".\"{HOME}\" as h");
    let rows = match conn.fetch(&sql, &[], &[Shape::Int, Shape::Int]).await {
        Err(Fault::Undefined(_)) => return Ok(of(0, 0)),
        rows => rows?,
    };
    let number = |place: usize| rows.first().and_then(|row| row.get(place)).and_then(Value::as_int).and_then(|int| u32::try_from(int).ok());
    Ok(of(number(0).unwrap_or_default(), number(1).unwrap_or_default()))
}

/// Brings a home up in one transaction. Who waited for another that did the same finds nothing left to do.
async fn upgrade(conn: &mut Conn, tenant: TenantId, schema: &str) -> Result<(), Fault> {
    conn.script(&match conn.dialect() {
        Dialect::Sqlite => "begin immediate".to_owned(),
        Dialect::Postgres => format!(
            "begin; set local statement_timeout = 0; set local lock_timeout = '10s'; select pg_advisory_xact_lock({})",
            lock_key(tenant)
        ),
    })
    .await?;
    let from = match (has(conn, schema, "model").await?, has(conn, schema, HOME).await?) {
        (false, _) => return Err(StoreError::NoTenant.into()),
        (true, false) => 0,
        (true, true) => found(conn, schema).await?.version,
    };
    if from < fixtures::VERSION {
        conn.script(&fixtures::upgrading(conn.dialect(), schema, from).join(";\n")).await?;
        say(conn, schema).await?;
    }
    conn.script("commit").await
}

async fn has(conn: &mut Conn, schema: &str, table: &str) -> Result<bool, Fault> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => format!("select count(*) from \"{schema}\".sqlite_master where \"type\" = 'table' and \"name\" = '{table}'"),
        Dialect::Postgres => {
            format!("select count(*) from pg_catalog.pg_tables where schemaname = '{schema}' and tablename = '{table}'")
        }
    };
    let rows = conn.fetch(&sql, &[], &[Shape::Int]).await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_int) == Some(1))
}

/// Writes this build's version into a home.
pub(crate) async fn say(conn: &mut Conn, schema: &str) -> Result<(), Fault> {
    let sql = format!(
        "insert into \"{schema}\".\"{HOME}\" (\"id\", \"version\", \"readable_by\") values (1, $1, $2) \
         on conflict (\"id\") do update set \"version\" = excluded.\"version\", \"readable_by\" = excluded.\"readable_by\""
    );
    let args = [Arg::int(i64::from(fixtures::VERSION)), Arg::int(i64::from(fixtures::READABLE_BY))];
    conn.execute(&numbered(&sql, conn), &args).await.map(|_| ())
}

/// The secret of a home, as stored.
pub(crate) async fn secret(conn: &mut Conn, schema: &str) -> Result<Option<String>, Fault> {
    let rows = conn.fetch(&format!("select h.\"secret\" from \"{schema}\".\"{HOME}\" as h"), &[], &[Shape::Text]).await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_text).map(str::to_owned))
}

/// Gives a home a secret, unless it has one.
pub(crate) async fn keep_secret(conn: &mut Conn, schema: &str, secret: &str) -> Result<(), Fault> {
    let sql = format!("update \"{schema}\".\"{HOME}\" set \"secret\" = $1 where \"secret\" is null");
    conn.execute(&numbered(&sql, conn), &[Arg::text(secret)]).await.map(|_| ())
}
