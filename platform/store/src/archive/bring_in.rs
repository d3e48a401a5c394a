//! Bringing in: a home of its own, then row by row what the archive says, pending until the last line has been read.

use std::io::BufRead;

use tenon_model::{ColumnType, Model};
use tenon_value::{Json, TenantId, Value};

use super::line::{Header, Reader};
use super::table::{self, Archived};
use super::take_out::{CURSORS, bound_to, moved};
use super::{ArchiveIn, ArchiveReport, Assemble, ROWS_AT_ONCE, cell, files};
use crate::audit::queue;
use crate::db::{Arg, Conn, Fault, Scalar, Shape, Target};
use crate::ddl::{fixtures, object, shape};
use crate::files::blobs::Blobs;
use crate::home;
use crate::lower::bind::kind_of;
use crate::lower::schema_of;
use crate::metadata::{change::undo, read};
use crate::seal::Seal;
use crate::store::Home;
use crate::tenant::numbered;
use crate::{Dialect, Store, StoreError, TenantInfo, TenantState};

/// What brings in.
struct Incoming<'a, 'r> {
    conn: &'a mut Conn,
    blobs: &'a Blobs,
    tenant: TenantId,
    schema: String,
    reader: Reader<'r>,
    how: &'a ArchiveIn,
    assemble: Assemble<'a>,
    /// What opens the archive's secrets, and what seals them here.
    seals: (Option<Seal>, Seal),
    model: Option<Model>,
    report: ArchiveReport,
}

impl Store {
    /// Makes a tenant of an archive. Until all of it is there, there is no such tenant.
    ///
    /// # Errors
    /// `Archive` with the line where it is wrong; `TenantExists` where its name, or its id, is taken; what the database says.
    pub async fn tenant_bring_in(
        &self,
        source: &mut (dyn BufRead + Send),
        how: &ArchiveIn,
        assemble: Assemble<'_>,
    ) -> Result<(TenantInfo, ArchiveReport), StoreError> {
        let mut reader = Reader::new(source);
        let first = reader.next()?.ok_or_else(|| reader.wrong("nothing is there"))?;
        let header = Header::read(&first).ok_or_else(|| reader.wrong("is no archive of a tenant"))?;
        if header.readable_by > fixtures::VERSION {
            return Err(reader.wrong("was taken out by a newer Tenon"));
        }
        let original = header.tenant.id;
        let cursors = header.secret.zip(how.secrets.as_ref()).and_then(|(sealed, key)| opened(&Seal::new(key, original).ok()?, &sealed));
        let mut tenant = header.tenant;
        tenant.name = how.name.clone().unwrap_or(tenant.name);
        tenant.sandbox = how.sandbox.unwrap_or(tenant.sandbox);
        if how.anew {
            (tenant.id, tenant.created_at) = (TenantId::generate(), how.created_at);
        }
        self.inner.system.insert(&tenant).await?;
        let filled = self.fill(&tenant, (original, cursors), reader, how, assemble).await;
        self.forget(tenant.id);
        match filled {
            Ok(report) => {
                self.inner.system.set_state(tenant.id, TenantState::Active).await?;
                tenant.state = TenantState::Active;
                Ok((tenant, report))
            }
            Err(fault) => {
                self.tear_down(tenant.id).await?;
                Err(fault.into())
            }
        }
    }

    async fn fill(
        &self,
        tenant: &TenantInfo,
        (original, cursors): (TenantId, Option<String>),
        reader: Reader<'_>,
        how: &ArchiveIn,
        assemble: Assemble<'_>,
    ) -> Result<ArchiveReport, Fault> {
        if let Home::Sqlite(files) = &self.inner.home {
            files.create(tenant.id).await?;
        }
        let schema = schema_of(tenant.id, self.dialect());
        let seals = (how.secrets.as_ref().map(|key| Seal::new(key, original)).transpose()?, self.sealer(tenant.id).await?);
        let mut conn = self.writer_as_found(tenant.id).await?;
        conn.limit(None);
        conn.mark(false);
        conn.script(&format!("begin;\n{}", fixtures::making(self.dialect(), &schema).join(";\n"))).await?;
        home::say(&mut conn, &schema).await?;
        if let Some(secret) = cursors.filter(|_| !how.anew) {
            home::keep_secret(&mut conn, &schema, &secret).await?;
        }
        conn.script("commit").await?;
        let now = match self.dialect() {
            Dialect::Postgres => Some(queue::snapshot(&mut conn).await?),
            Dialect::Sqlite => None,
        };
        let (report, blobs) = (ArchiveReport::default(), &self.inner.blobs);
        let mut incoming =
            Incoming { conn: &mut conn, blobs, tenant: tenant.id, schema, reader, how, assemble, seals, model: None, report };
        let brought = match incoming.all().await {
            Ok(end) => incoming.ended(now).await.map(|()| (incoming.reader, end, incoming.report)),
            Err(fault) => Err(fault),
        };
        let Ok((reader, end, report)) = brought else {
            undo(&mut conn).await?;
            return brought.map(|(_, _, report)| report);
        };
        reader.close(&end, &report)?;
        conn.mark(true);
        Ok(report)
    }
}

impl Incoming<'_, '_> {
    /// Everything up to the last line, which is given back.
    async fn all(&mut self) -> Result<Json, Fault> {
        let mut at: Option<(Archived, Vec<usize>)> = None;
        let mut rows = Vec::new();
        loop {
            let line = self.reader.next()?.ok_or_else(|| self.reader.wrong("the archive ends before its end"))?;
            if let (Json::Array(cells), Some((table, columns))) = (&line, &at) {
                rows.push(self.row(table, columns, cells)?);
                self.report.rows += 1;
                if rows.len() < ROWS_AT_ONCE {
                    continue;
                }
            }
            if let Some((table, columns)) = &at {
                self.put(table, columns, std::mem::take(&mut rows)).await?;
            }
            if let Some(end) = line.get("end") {
                return Ok(end.clone());
            }
            if let Some(name) = line.get("table").and_then(Json::as_str) {
                at = Some(self.table(name, &line).await?);
                self.report.tables += 1;
            } else if line.get("blob").is_some() {
                files::bring_in(self.blobs, self.tenant, &line, &mut self.reader, &mut self.report).await?;
                at = None;
            } else if !line.is_array() || at.is_none() {
                return Err(self.reader.wrong("is neither a table nor a row").into());
            }
        }
    }

    /// The table a line names, and where its columns stand in ours.
    async fn table(&mut self, name: &str, line: &Json) -> Result<(Archived, Vec<usize>), Fault> {
        let table = match table::fixed_named(name) {
            Some(table) => table,
            None => self.table_of_model(name).await?,
        };
        let named = line.get("columns").and_then(Json::as_array).into_iter().flatten();
        let mut columns = Vec::new();
        for column in named {
            let there = column.as_str().and_then(|column| table.columns.iter().position(|(own, _)| own == column));
            columns.push(there.ok_or_else(|| self.reader.wrong(format!("names a column that is not: {column}")))?);
        }
        Ok((table, columns))
    }

    /// A table of an object or link, made now. What describes the tenant has come before it.
    async fn table_of_model(&mut self, name: &str) -> Result<Archived, Fault> {
        if self.model.is_none() {
            let rows = read(self.conn, &self.schema).await?;
            self.model = (self.assemble)(self.tenant, &rows);
        }
        let model = self.model.as_ref().ok_or_else(|| self.reader.wrong("comes after metadata that makes no model"))?;
        let dialect = self.conn.dialect();
        let objects = model.objects.iter().filter(|object| object.table == name).flat_map(|one| object::create(dialect, &self.schema, one));
        let links = model.links.iter().filter(|link| link.table == name).flat_map(|one| object::create_link(dialect, &self.schema, one));
        let statements: Vec<String> = objects.chain(links).collect();
        let table = table::of_model(model).into_iter().find(|table| table.name == name);
        let table = table.ok_or_else(|| self.reader.wrong("names a table that belongs to nothing"))?;
        self.conn.script(&format!("begin;\n{};\ncommit", statements.join(";\n"))).await?;
        Ok(table)
    }

    fn row(&mut self, table: &Archived, columns: &[usize], cells: &[Json]) -> Result<Vec<Scalar>, StoreError> {
        if cells.len() != columns.len() {
            return Err(self.reader.wrong(format!("has {} cells where {} columns are named", cells.len(), columns.len())));
        }
        // In the order of our columns, as what a secret is bound to is found by them.
        let mut ordered = vec![Json::Null; table.columns.len()];
        for (place, cell) in columns.iter().zip(cells) {
            if let Some(own) = ordered.get_mut(*place) {
                own.clone_from(cell);
            }
        }
        let dialect = self.conn.dialect();
        let mut row = Vec::with_capacity(columns.len());
        for place in columns {
            let Some((name, kind)) = table.columns.get(*place) else { continue };
            let mut cell = ordered.get(*place).cloned().unwrap_or_default();
            if let Some(bound) = bound_to(&table.name, name, *kind, &ordered, table).filter(|_| !cell.is_null()) {
                cell = self.sealed_here(&bound, &cell)?;
            }
            row.push(cell::read(&cell, *kind, dialect).ok_or_else(|| self.reader.wrong(format!("`{name}` does not take {cell}")))?);
        }
        Ok(row)
    }

    fn sealed_here(&mut self, bound: &str, cell: &Json) -> Result<Json, StoreError> {
        let Some(archive) = &self.seals.0 else {
            self.report.secrets_left += 1;
            return Ok(Json::Null);
        };
        let here = moved(archive, &self.seals.1, bound, cell);
        self.report.secrets += 1;
        here.ok_or_else(|| self.reader.wrong("holds a secret that the key does not open"))
    }

    async fn put(&mut self, table: &Archived, columns: &[usize], rows: Vec<Vec<Scalar>>) -> Result<(), Fault> {
        if rows.is_empty() || !table::is_brought(&table.name, self.how.anew) {
            return Ok(());
        }
        let dialect = self.conn.dialect();
        let of = |place: &usize| table.columns.get(*place);
        let targets: Vec<Target> = columns
            .iter()
            .filter_map(of)
            .map(|(name, kind)| Target {
                codes: *kind == ColumnType::Codes && dialect == Dialect::Postgres,
                ..Target::new(name, kind_of(*kind))
            })
            .collect();
        let name = format!("\"{}\".\"{}\"", self.schema, table.name);
        self.conn.script("begin").await?;
        if table::is_numbered(table) && dialect == Dialect::Postgres {
            self.put_numbered(&name, &targets, rows).await?;
        } else {
            self.conn.insert(&name, &targets, rows, "").await?;
        }
        self.conn.script("commit").await
    }

    /// Rows whose numbers PostgreSQL would give by itself.
    async fn put_numbered(&mut self, table: &str, targets: &[Target], rows: Vec<Vec<Scalar>>) -> Result<(), Fault> {
        let names = crate::ddl::quoted(targets.iter().map(|target| target.name.as_str()));
        let places: Vec<String> = (1..=targets.len()).map(|place| format!("${place}")).collect();
        let sql = format!("insert into {table} ({names}) overriding system value values ({})", places.join(", "));
        for row in rows {
            let args: Vec<Arg> = targets.iter().zip(row).map(|(target, scalar)| Arg::One(target.kind, scalar)).collect();
            self.conn.execute(&sql, &args).await?;
        }
        let sql = format!("select setval(pg_get_serial_sequence('{table}', 'seq'), (select max(\"seq\") from {table}))");
        self.conn.fetch(&sql, &[], &[Shape::Int]).await.map(|_| ())
    }

    /// Everything is in: what is kept beside references is put right, and the chain goes on.
    async fn ended(&mut self, now: Option<String>) -> Result<(), Fault> {
        if let Some(model) = &self.model {
            shape::change(self.conn, &self.schema, None, model, None, &mut || {}).await?;
        }
        self.linked_from(now).await
    }

    /// The chain goes on with what came along: how far it had come elsewhere says nothing here.
    async fn linked_from(&mut self, now: Option<String>) -> Result<(), Fault> {
        let table = format!("\"{}\".\"audit_batch\"", self.schema);
        let cursor = queue::beginning(now)?;
        let sql = format!("update {table} set \"cursor\" = $1 where \"number\" = (select max(b.\"number\") from {table} as b)");
        self.conn.execute(&numbered(&sql, self.conn), &[Arg::text(cursor)]).await?;
        // Places in the changes of another home are none in this one.
        let sql =
            format!("insert into \"{}\".\"relay\" (\"id\", \"pruned\", \"transaction\", \"era\") values (1, 0, '0', $1)", self.schema);
        let (era, _) = tenon_value::Uuid::new_v4().as_u64_pair();
        self.conn.execute(&numbered(&sql, self.conn), &[Arg::int((era >> 1).cast_signed())]).await?;
        let sql = format!("select count(*) from \"{}\".\"model\"", self.schema);
        let rows = self.conn.fetch(&sql, &[], &[Shape::Int]).await?;
        match rows.first().and_then(|row| row.first()).and_then(Value::as_int) {
            Some(1) => Ok(()),
            _ => Err(self.reader.wrong("the archive holds no tenant's metadata").into()),
        }
    }
}

fn opened(seal: &Seal, sealed: &Json) -> Option<String> {
    let opened = seal.open(CURSORS, &hex::decode(sealed.as_str()?).ok()?)?;
    String::from_utf8(opened).ok()
}
