//! Rows are written, with what was before in their history: few statements for any number of rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenon_context::OpContext;
use tenon_model::{Model, Object, system};
use tenon_query::{AuthorizedTable, Record};
use tenon_value::{Json, RecordId, Value};

use super::{Tx, image};
use crate::db::pgslot::Later;
use crate::db::{Arg, Bulk, Fault, Kind, Scalar, Target};
use crate::ddl::object::unique_columns;
use crate::{RowWrite, StoreError};

/// Whether a statement is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Now,
    /// It travels with the next statement.
    Later,
}

/// What of a record decides who sees it, and says nothing of anybody: its references, by the column of each.
fn references(object: &Object, record: &Record) -> Json {
    let reference = |relation: &tenon_model::Relation| {
        let value = record.relation(relation.ix);
        (!value.is_null()).then(|| (relation.column.clone(), crate::wire::json(value, 0)))
    };
    Json::Object(image::stored(object).filter_map(reference).collect())
}

/// Which key a unique index stands for.
fn clash(object: &Object, constraint: &str) -> StoreError {
    // The version after the one that was seen has been written: somebody was faster.
    if constraint.starts_with("history") {
        return StoreError::Serialization;
    }
    // SQLite names columns, `o_1.f_2, o_1.f_3`; PostgreSQL the index.
    let columns: Vec<&str> = constraint.split(", ").filter_map(|column| column.rsplit('.').next()).collect();
    let is_key = |key: &&tenon_model::UniqueKey| key.index == constraint || unique_columns(object, key) == columns;
    match object.unique.iter().enumerate().find(|(_, key)| is_key(key)) {
        Some((key, _)) => StoreError::Unique { object: object.ix, key },
        None if columns == ["id"] || constraint == format!("{}_pkey", object.table) => StoreError::DuplicateId { object: object.ix },
        // An index that the model does not know yet: a job is making it.
        None if constraint.starts_with("u_") || constraint.starts_with(&format!("{}.", object.table)) => {
            StoreError::UniqueSoon { object: object.ix }
        }
        None => StoreError::Database(format!("unique constraint {constraint}")),
    }
}

impl Tx {
    /// Writes rows of one object. Rows of one call must not name a record twice.
    ///
    /// # Errors
    /// `Unique`, `DuplicateId`; `Serialization` where an old image is no longer what is stored; what the database says.
    #[tracing::instrument(name = "store.write", skip_all)]
    pub async fn write(&mut self, cx: &OpContext, table: &AuthorizedTable, rows: &[RowWrite]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        debug_assert_eq!(cx.model.tenant, self.tenant);
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        match self.write_rows(&model, object, table, rows).await {
            Err(Fault::Unique(constraint)) => Err(clash(object, &constraint)),
            Err(fault) => Err(self.told(fault)),
            Ok(()) => Ok(()),
        }
    }

    async fn write_rows(&mut self, model: &Model, object: &Object, table: &AuthorizedTable, rows: &[RowWrite]) -> Result<(), Fault> {
        self.make_table(table).await?;
        self.know_author().await?;
        let (mut inserts, mut updates, mut destroys) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match row {
                RowWrite::Insert(record) => inserts.push(self.stamped(record, None)),
                RowWrite::Update { old, new } => updates.push((old, self.stamped(new, Some(old)))),
                RowWrite::Destroy(record) => {
                    self.was.insert(record.id.0.to_string(), references(object, record));
                    destroys.push(record.id);
                }
            }
        }
        let secrets = inserts.iter().chain(updates.iter().map(|(_, new)| new)).any(|record| image::brings_secret(object, record));
        let seal = if secrets { Some(self.seal().await?) } else { None };
        let form = image::Form { model, dialect: self.dialect(), seal: seal.as_ref(), now: self.author.now };
        // History and outbox go with the first statement.
        let mut beside = vec![self.past(object, &inserts, &updates), self.noted(), self.found_by(object, &inserts)];
        beside.retain(|bulk| !bulk.rows.is_empty());
        // A write whose answer says nothing new need not be waited for.
        let waits = !self.held.may_wait(object.ix, &inserts, &updates) || !destroys.is_empty();
        let way = if waits { Way::Now } else { Way::Later };
        self.insert_records((&form, way), object, &inserts, &mut beside).await?;
        self.update_records((&form, way), object, &updates, &mut beside).await?;
        self.hold_files(object, &inserts, &updates, &destroys).await?;
        self.found_anew(object, &updates).await?;
        self.destroy_records(object, &destroys).await?;
        self.held.wrote(object.ix, inserts.iter().chain(updates.iter().map(|(_, new)| new)));
        self.held.gone(object.ix, &destroys);
        for bulk in beside {
            self.conn()?.insert_with(bulk, "", Vec::new()).await?;
        }
        Ok(())
    }

    /// The record with what every write sets.
    fn stamped(&self, record: &Record, old: Option<&Record>) -> Record {
        let mut record = record.clone();
        let author = Value::Ref(self.author.kind.to_owned(), self.author.id);
        let now = Value::DateTime(self.author.now);
        record.set_field(system::ID, Value::Id(record.id.0));
        record.set_field(system::VERSION, Value::Int(old.map_or(0, Record::version) + 1));
        record.set_field(system::UPDATED_AT, now.clone());
        record.set_relation(system::UPDATED_BY, author.clone());
        let (created_at, created_by) =
            old.map_or((now, author), |old| (old.field(system::CREATED_AT).clone(), old.relation(system::CREATED_BY).clone()));
        record.set_field(system::CREATED_AT, created_at);
        record.set_relation(system::CREATED_BY, created_by);
        record
    }

    /// Sends a statement, or keeps it for the next round trip.
    async fn send(&mut self, object: &Object, way: Way, statement: (String, Vec<Arg>), rows: u64) -> Result<(), Fault> {
        let (sql, args) = statement;
        if way == Way::Now {
            return if self.conn()?.execute(&sql, &args).await? == rows { Ok(()) } else { Err(StoreError::Serialization.into()) };
        }
        let (model, memory, object) = (Arc::clone(&self.model), Arc::clone(&self.memory), object.ix);
        // The answer comes to a later statement, which knows nothing of this one.
        let told = Box::new(move |fault| match (fault, model.object(object)) {
            (Fault::Unique(constraint), Some(object)) => Fault::Store(clash(object, &constraint)),
            (Fault::Undefined(_), _) => {
                memory.tables.forget();
                Fault::Store(StoreError::StaleModel)
            }
            (other, _) => other,
        });
        self.conn()?.later(Later { sql, args, rows, told }).await
    }

    async fn insert_records(
        &mut self,
        (form, way): (&image::Form<'_>, Way),
        object: &Object,
        records: &[Record],
        beside: &mut Vec<Bulk>,
    ) -> Result<(), Fault> {
        if records.is_empty() {
            return Ok(());
        }
        let mut rows: Vec<Vec<Scalar>> = records.iter().map(|record| image::cells(form, object, record)).collect::<Result<_, _>>()?;
        // A new record has no secret that could stay.
        let columns = image::columns(object, self.dialect());
        for row in &mut rows {
            row.iter_mut()
                .zip(&columns)
                .filter(|(cell, column)| **cell == image::STAYS && column.kind != Kind::Bool)
                .for_each(|(cell, _)| *cell = Scalar::Null);
        }
        let bulk = Bulk { table: self.table(&object.table), columns, rows }.without_empty();
        if self.is_postgres() {
            let expected = u64::try_from(bulk.rows.len()).unwrap_or(u64::MAX);
            return self.send(object, way, bulk.inserted("", std::mem::take(beside)), expected).await;
        }
        self.conn()?.insert_with(bulk, "", std::mem::take(beside)).await.map(|_| ())
    }

    /// Updates, grouped by which columns change: each group is one statement.
    async fn update_records(
        &mut self,
        (form, way): (&image::Form<'_>, Way),
        object: &Object,
        records: &[(&Record, Record)],
        beside: &mut Vec<Bulk>,
    ) -> Result<(), Fault> {
        if records.is_empty() {
            return Ok(());
        }
        let table = self.table(&object.table);
        let mut groups: BTreeMap<Vec<usize>, Bulk> = BTreeMap::new();
        for (old, new) in records {
            let mut targets = vec![Target::new("id", Kind::Id), Target::new("version", Kind::Int)];
            let mut row = vec![Scalar::Id(old.id.0), Scalar::Int(old.version())];
            let mut changed = Vec::new();
            for (place, target, cell) in image::changes(form, object, old, new)? {
                changed.push(place);
                targets.push(target);
                row.push(cell);
            }
            groups.entry(changed).or_insert_with(|| Bulk { table: table.clone(), columns: targets, rows: Vec::new() }).rows.push(row);
        }
        for bulk in groups.into_values() {
            let expected = u64::try_from(bulk.rows.len()).unwrap_or(u64::MAX);
            if self.is_postgres() {
                self.send(object, way, bulk.updated(&["id", "version"], std::mem::take(beside)), expected).await?;
                continue;
            }
            if self.conn()?.update_with(bulk, &["id", "version"], std::mem::take(beside)).await? != expected {
                return Err(StoreError::Serialization.into());
            }
        }
        Ok(())
    }

    /// Removes records with all that is only theirs.
    async fn destroy_records(&mut self, object: &Object, ids: &[RecordId]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let one = |id: &RecordId| vec![Scalar::Id(id.0)];
        let owned = |id: &RecordId| vec![Scalar::Text(object.table.clone()), Scalar::Id(id.0)];
        let table = self.table(&object.table);
        self.delete(&table, &[Target::new("id", Kind::Id)], ids.iter().map(one).collect()).await?;
        for fixture in ["history", "external_id", "search"] {
            let fixture = self.table(fixture);
            let columns = [Target::new("object", Kind::Text), Target::new("record", Kind::Id)];
            self.delete(&fixture, &columns, ids.iter().map(owned).collect()).await?;
        }
        let model = Arc::clone(&self.model);
        for link in &model.links {
            for (end, column) in [(link.source, "source"), (link.target, "target")] {
                if end == object.ix && self.is_there(&link.table).await? {
                    let table = self.table(&link.table);
                    self.delete(&table, &[Target::new(column, Kind::Id)], ids.iter().map(one).collect()).await?;
                }
            }
        }
        Ok(())
    }

    /// Stores the author's display name, for those who read who made what.
    async fn know_author(&mut self) -> Result<(), Fault> {
        let author = self.author.clone();
        let key = (author.kind.to_owned(), author.id);
        let known = self.memory.actors.lock().is_ok_and(|actors| actors.get(&key) == Some(&author.display));
        if known || self.known_author {
            return Ok(());
        }
        let table = self.table("actor");
        let columns = [Target::new("kind", Kind::Text), Target::new("id", Kind::Id), Target::new("display", Kind::Text)];
        let row = vec![Scalar::Text(author.kind.to_owned()), Scalar::Id(author.id), Scalar::Text(author.display.clone())];
        self.insert(&table, &columns, vec![row], "on conflict (\"kind\", \"id\") do update set \"display\" = excluded.\"display\"").await?;
        self.known_author = true;
        Ok(())
    }

    /// After the commit the author's name is known for good.
    pub(crate) fn remember_author(&self) {
        if let (true, Ok(mut actors)) = (self.known_author, self.memory.actors.lock()) {
            actors.insert((self.author.kind.to_owned(), self.author.id), self.author.display.clone());
        }
    }
}
