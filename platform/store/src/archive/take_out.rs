//! Taking out: one snapshot, table by table, page by page in the order of the keys.

use std::io::Write;

use serde_json::json;
use tenon_model::ColumnType;
use tenon_value::{Json, Value};

use super::line::{Header, Writer};
use super::table::{self, Archived};
use super::{ArchiveContent, ArchiveOut, ArchiveReport, Assemble, ROWS_AT_ONCE, cell, files};
use crate::audit::{queue, seal};
use crate::db::{Arg, Conn, Fault};
use crate::ddl::catalog::Catalog;
use crate::home;
use crate::lower::bind::{Mode, kind_of, scalar};
use crate::lower::schema_of;
use crate::metadata::{change::undo, read};
use crate::seal::Seal;
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError, TenantInfo};

/// What the secret of a tenant's cursors is sealed for.
pub(super) const CURSORS: &str = "home.secret";

/// What takes out.
struct Outgoing<'a, 'w> {
    conn: &'a mut Conn,
    schema: String,
    writer: Writer<'w>,
    /// What opens secrets here, and what seals them for the archive.
    seals: (Seal, Option<Seal>),
    report: ArchiveReport,
}

impl Store {
    /// Writes a tenant as it is at one moment. Whoever works in it goes on.
    ///
    /// # Errors
    /// `Full`, `Unavailable` where the sink does not take it; what the database says.
    pub async fn tenant_take_out(
        &self,
        tenant: &TenantInfo,
        how: &ArchiveOut,
        assemble: Assemble<'_>,
        sink: &mut (dyn Write + Send),
    ) -> Result<ArchiveReport, StoreError> {
        // The audit chain comes as far as it can first: what is left goes along and is linked elsewhere.
        self.audit_seal(tenant.id).await?;
        let seals = (self.sealer(tenant.id).await?, how.secrets.as_ref().map(|key| Seal::new(key, tenant.id)).transpose()?);
        let schema = schema_of(tenant.id, self.dialect());
        let mut conn = self.reader(tenant.id).await?;
        conn.limit(None);
        conn.mark(false);
        conn.script(match self.dialect() {
            Dialect::Postgres => "begin isolation level repeatable read read only; set local statement_timeout = 0",
            Dialect::Sqlite => "begin",
        })
        .await?;
        let mut out = Outgoing { conn: &mut conn, schema, writer: Writer::new(sink), seals, report: ArchiveReport::default() };
        let done = out.all(tenant, how, assemble).await;
        let (mut writer, mut report) = (out.writer, out.report);
        undo(&mut conn).await?;
        let blobs = done?;
        drop(conn);
        files::take_out(&self.inner.blobs, tenant.id, &blobs, &mut writer, &mut report).await?;
        writer.end(&report)?;
        Ok(report)
    }
}

impl Outgoing<'_, '_> {
    /// All rows, and which bytes belong to them.
    async fn all(&mut self, tenant: &TenantInfo, how: &ArchiveOut, assemble: Assemble<'_>) -> Result<files::Named, Fault> {
        let secret = home::secret(self.conn, &self.schema).await?;
        let secret = self.seals.1.as_ref().zip(secret).and_then(|(seal, secret)| seal.seal(CURSORS, &secret).ok());
        self.writer.put(&Header::line(tenant, secret.map(|sealed| Json::from(hex::encode(sealed)))))?;
        for table in table::fixed(how.content) {
            self.table(&table).await?;
        }
        if how.content == ArchiveContent::Metadata {
            return Ok(files::Named::new());
        }
        self.waiting().await?;
        let rows = read(self.conn, &self.schema).await?;
        let model = assemble(tenant.id, &rows).ok_or_else(|| StoreError::Damaged("the model".to_owned()))?;
        let there = Catalog::read(self.conn, &self.schema).await?;
        for table in table::of_model(&model) {
            if there.tables.contains_key(&table.name) {
                self.table(&table).await?;
            }
        }
        files::named(self.conn, &self.schema).await
    }

    fn begin(&mut self, table: &Archived) -> Result<(), StoreError> {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        self.report.tables += 1;
        self.writer.put(&json!({ "table": table.name, "columns": columns }))
    }

    /// All rows of a table, a page after the key of the last.
    async fn table(&mut self, table: &Archived) -> Result<(), Fault> {
        self.begin(table)?;
        let dialect = self.conn.dialect();
        let selected: Vec<String> = table.columns.iter().map(|(name, kind)| cell::selected(name, *kind, dialect)).collect();
        let shapes: Vec<_> = table.columns.iter().map(|(_, kind)| cell::shape(*kind)).collect();
        let key: Vec<String> = table.key.iter().map(|name| format!("t.\"{name}\"")).collect();
        let key = key.join(", ");
        let places: Vec<(usize, ColumnType)> = table.key.iter().filter_map(|name| place(table, name)).collect();
        let after: Vec<String> = (1..=places.len()).map(|place| format!("${place}")).collect();
        let page = format!("select {} from \"{}\".\"{}\" as t", selected.join(", "), self.schema, table.name);
        let first = format!("{page} order by {key} limit {ROWS_AT_ONCE}");
        let next = format!("{page} where ({key}) > ({}) order by {key} limit {ROWS_AT_ONCE}", after.join(", "));
        let mut rows = self.conn.fetch(&first, &[], &shapes).await?;
        loop {
            let full = rows.len() == ROWS_AT_ONCE;
            let last: Vec<Arg> = match rows.last() {
                Some(row) => places.iter().map(|(place, kind)| argument(row.get(*place), *kind, dialect)).collect::<Result<_, _>>()?,
                None => return Ok(()),
            };
            for row in &rows {
                self.row(table, row)?;
            }
            if !full {
                return Ok(());
            }
            rows = self.conn.fetch(&numbered(&next, self.conn), &last, &shapes).await?;
        }
    }

    fn row(&mut self, table: &Archived, row: &[Value]) -> Result<(), StoreError> {
        let mut cells: Vec<Json> = row.iter().map(cell::written).collect::<Result<_, _>>()?;
        for (place, (name, kind)) in table.columns.iter().enumerate() {
            let Some(bound) = bound_to(&table.name, name, *kind, &cells, table) else { continue };
            if let Some(cell) = cells.get_mut(place).filter(|cell| !cell.is_null()) {
                *cell = self.sealed_anew(&bound, cell)?;
            }
        }
        self.report.rows += 1;
        self.writer.put(&Json::Array(cells))
    }

    /// A secret under the key of the archive, or nothing.
    fn sealed_anew(&mut self, bound: &str, cell: &Json) -> Result<Json, StoreError> {
        let Some(archive) = &self.seals.1 else {
            self.report.secrets_left += 1;
            return Ok(Json::Null);
        };
        let sealed = moved(&self.seals.0, archive, bound, cell).ok_or_else(|| StoreError::Damaged("a sealed secret".to_owned()))?;
        self.report.secrets += 1;
        Ok(sealed)
    }

    /// What is not in the audit chain yet.
    async fn waiting(&mut self) -> Result<(), Fault> {
        let Some(table) = table::outbox() else { return Ok(()) };
        self.begin(&table)?;
        let mut cursor = seal::head(self.conn, &self.schema).await?.cursor;
        loop {
            let (rows, next, more) = queue::take(self.conn, &self.schema, &cursor).await?;
            for row in rows {
                let cells = [Value::Int(row.seq), Value::DateTime(row.at), Value::Text(row.payload.to_string())];
                self.row(&table, &cells)?;
            }
            if !more {
                return Ok(());
            }
            cursor = next;
        }
    }
}

fn place(table: &Archived, name: &str) -> Option<(usize, ColumnType)> {
    let place = table.columns.iter().position(|(column, _)| column == name)?;
    table.columns.get(place).map(|(_, kind)| (place, *kind))
}

fn argument(value: Option<&Value>, kind: ColumnType, dialect: Dialect) -> Result<Arg, StoreError> {
    let value = value.ok_or(StoreError::Plan("a key that is not read"))?;
    Ok(Arg::One(kind_of(kind), scalar(value, kind_of(kind), &Mode::Plain, dialect)?))
}

/// What a cell's secret is bound to when it is sealed; none for cells that hold none.
pub(super) fn bound_to(table: &str, column: &str, kind: ColumnType, cells: &[Json], of: &Archived) -> Option<String> {
    let text = |name: &str| of.columns.iter().position(|(column, _)| column == name).and_then(|at| cells.get(at)?.as_str());
    match (table, column, kind) {
        (_, _, ColumnType::Sealed) => Some(column.to_owned()),
        ("member", "totp", _) => Some(crate::credentials::second_factor::sealed_for(text("user")?.parse().ok()?)),
        ("oidc_provider", "secret", _) => Some(crate::federation::providers::sealed_for(text("name")?)),
        ("package_secret", "sealed", _) => Some(crate::package_values::sealed_for(text("package")?, text("name")?)),
        _ => None,
    }
}

/// A secret that one seal opens, under another.
pub(super) fn moved(from: &Seal, to: &Seal, bound: &str, cell: &Json) -> Option<Json> {
    let opened = from.open(bound, &hex::decode(cell.as_str()?).ok()?)?;
    let sealed = to.seal(bound, std::str::from_utf8(&opened).ok()?).ok()?;
    Some(Json::from(hex::encode(sealed)))
}
