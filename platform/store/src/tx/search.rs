//! The words by which records are found, kept in the transaction that writes them.

use std::sync::Arc;

use tenon_model::{Field, Object};
use tenon_query::Record;
use tenon_value::{Address, RecordId, TenantId, Value, words};

use super::Tx;
use crate::db::{Arg, Bulk, Fault, Kind, Scalar, Shape, Target};
use crate::lower::Lower;
use crate::{Store, StoreError};

/// Records taken up at once, of those that were there before there was a search.
const TAKEN_UP: u32 = 500;

/// The words of a record, each behind its field's column, between spaces; empty where it has none.
fn found_as(object: &Object, record: &Record) -> String {
    let mut text = String::new();
    for field in object.searched() {
        let (Some(column), Some(wording)) = (field.columns.first(), field.kind.wording()) else { continue };
        let Some(value) = spelt(record.field(field.ix)) else { continue };
        for word in words(&value, wording) {
            text.push(' ');
            text += &column.name;
            text.push('_');
            text += &word;
        }
    }
    if !text.is_empty() {
        text.push(' ');
    }
    text
}

/// A value as text.
fn spelt(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text.into()),
        Value::Address(address) => Some(spelt_address(address).into()),
        _ => None,
    }
}

fn spelt_address(address: &Address) -> String {
    let parts = [&address.region, &address.city, &address.district, &address.street, &address.postal_code];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn differs(field: &Field, old: &Record, new: &Record) -> bool {
    old.field(field.ix) != new.field(field.ix)
}

fn columns() -> Vec<Target> {
    vec![Target::new("object", Kind::Text), Target::new("record", Kind::Id), Target::new("words", Kind::Text)]
}

fn row(object: &Object, record: &Record) -> Vec<Scalar> {
    vec![Scalar::Text(object.table.clone()), Scalar::Id(record.id.0), Scalar::Text(found_as(object, record))]
}

impl Tx {
    /// By what new records are found.
    pub(crate) fn found_by(&self, object: &Object, inserts: &[Record]) -> Bulk {
        let rows = inserts.iter().map(|record| row(object, record));
        let rows = rows.filter(|row| !matches!(row.last(), Some(Scalar::Text(words)) if words.is_empty())).collect();
        Bulk { table: self.table("search"), columns: columns(), rows }
    }

    /// By what changed records are found from now on.
    pub(crate) async fn found_anew(&mut self, object: &Object, updates: &[(&Record, Record)]) -> Result<(), Fault> {
        let changed = updates.iter().filter(|(old, new)| object.searched().any(|field| differs(field, old, new)));
        let rows: Vec<Vec<Scalar>> = changed.map(|(_, new)| row(object, new)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let table = self.table("search");
        let tail = "on conflict (\"object\", \"record\") do update set \"words\" = excluded.\"words\"";
        self.insert(&table, &columns(), rows, tail).await.map(|_| ())
    }

    /// Takes up some records that were there before there was a search; false: there is nothing left to do.
    ///
    /// # Errors
    /// What the database says.
    pub async fn search_take_up(&mut self) -> Result<bool, StoreError> {
        match self.take_up().await {
            Ok(more) => Ok(more),
            Err(fault) => Err(self.told(fault)),
        }
    }

    async fn take_up(&mut self) -> Result<bool, Fault> {
        let missing = self.table("search_missing");
        let lock = if self.is_postgres() { " for update" } else { "" };
        let sql = format!("select m.\"object\", m.\"after\" from {missing} as m order by m.\"object\" limit 1{lock}");
        let rows = self.ask(&sql, &[], &[Shape::Text, Shape::Id]).await?;
        let Some((Some(name), after)) = rows.first().map(|row| (row.first().and_then(Value::as_text), row.get(1).and_then(Value::as_id)))
        else {
            return Ok(false);
        };
        let name = name.to_owned();
        let model = Arc::clone(&self.model);
        let object = model.objects.iter().find(|object| object.table == name);
        let records = match object {
            Some(object) if object.searched().next().is_some() => self.after(object, after).await?,
            _ => Vec::new(),
        };
        let Some((object, last)) = object.zip(records.last().map(|record| record.id)) else {
            self.tell(&format!("delete from {missing} where \"object\" = $1"), &[Arg::text(name)]).await?;
            return Ok(true);
        };
        let table = self.table("search");
        let rows: Vec<Vec<Scalar>> = records.iter().map(|record| row(object, record)).collect();
        self.insert(&table, &columns(), rows, "on conflict (\"object\", \"record\") do nothing").await?;
        self.tell(&format!("update {missing} set \"after\" = $1 where \"object\" = $2"), &[Arg::id(last.0), Arg::text(name)]).await?;
        Ok(true)
    }

    /// Records of an object after an id, in the order of ids: their texts, nothing else of them.
    async fn after(&mut self, object: &Object, after: Option<tenon_value::Uuid>) -> Result<Vec<Record>, Fault> {
        let model = Arc::clone(&self.model);
        let object = model.object(object.ix).ok_or(StoreError::Plan("no such object"))?;
        let mut lower = Lower::new(&model, self.dialect());
        let (from, scope) = lower.whole_table(object);
        let mut columns = crate::lower::output::Columns::default();
        columns.add(scope.column("id"), Shape::Id);
        let fields: Vec<&Field> = object.searched().collect();
        let readers: Vec<_> = fields.iter().map(|field| lower.whole_field(&scope, field, &mut columns)).collect::<Result<_, _>>()?;
        let beyond = after.map(|after| format!(" where {} > {}", scope.column("id"), lower.fixed(Arg::id(after)))).unwrap_or_default();
        let sql = format!("select {} from {from}{beyond} order by {} limit {TAKEN_UP}", columns.expressions.join(", "), scope.column("id"));
        let statement = lower.finish(sql, columns.shapes);
        let rows = self.run(&statement, &tenon_query::Params::default(), &[]).await?;
        let record = |mut cells: Vec<Value>| {
            let mut record = Record::empty(object, RecordId(cells.first()?.as_id()?));
            for (field, reader) in fields.iter().zip(&readers) {
                record.set_field(field.ix, crate::run::rows::read(reader, &mut cells));
            }
            Some(record)
        };
        Ok(rows.into_iter().filter_map(record).collect())
    }
}

impl Store {
    /// Whether some records of a tenant are not found yet that were there before there was a search.
    ///
    /// # Errors
    /// What the database says.
    pub async fn search_is_behind(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let sql = format!("select m.\"object\" from {} as m limit 1", self.fixture(tenant, "search_missing"));
        Ok(!self.ask(tenant, &sql, &[], &[Shape::Text]).await?.is_empty())
    }
}
