//! Records take files and let them go: noted in the transaction that writes the record, whichever door it came by.
//!
//! Invariant: who takes a file writes its row first. A sweep that would remove it at that moment waits for the row, and then
//! finds it held.

use std::collections::BTreeSet;

use tenon_model::{Field, Object};
use tenon_query::Record;
use tenon_value::{RecordId, Uuid, Value};

use super::among;
use crate::StoreError;
use crate::db::{Arg, Fault, Kind, Scalar, Shape, Target};
use crate::tx::Tx;

/// A file, the column and the record that hold it.
type Hold = (Uuid, String, Uuid);

fn columns() -> [Target; 4] {
    [Target::new("file", Kind::Id), Target::new("object", Kind::Text), Target::new("field", Kind::Text), Target::new("record", Kind::Id)]
}

fn holds(fields: &[&Field], record: &Record, changed: impl Fn(&Field) -> bool) -> Vec<Hold> {
    let hold = |field: &&Field| match (record.field(field.ix), field.columns.first()) {
        (Value::Id(file), Some(column)) if changed(field) => Some((*file, column.name.clone(), record.id.0)),
        _ => None,
    };
    fields.iter().filter_map(hold).collect()
}

impl Tx {
    /// Notes which files these writes take and let go.
    pub(crate) async fn hold_files(
        &mut self,
        object: &Object,
        inserts: &[Record],
        updates: &[(&Record, Record)],
        destroys: &[RecordId],
    ) -> Result<(), Fault> {
        let fields: Vec<&Field> = object.fields.iter().filter(|field| field.kind.is_file()).collect();
        if fields.is_empty() {
            return Ok(());
        }
        let mut taken: Vec<Hold> = inserts.iter().flat_map(|record| holds(&fields, record, |_| true)).collect();
        let mut left: Vec<Hold> = Vec::new();
        for (old, new) in updates {
            let differs = |field: &Field| old.field(field.ix) != new.field(field.ix);
            left.extend(holds(&fields, old, differs));
            taken.extend(holds(&fields, new, differs));
        }
        left.extend(self.held_by(object, destroys).await?);
        if taken.is_empty() && left.is_empty() {
            return Ok(());
        }
        taken.sort_unstable();
        taken.dedup();
        self.touch_files(taken.iter().map(|(file, ..)| *file), true).await?;
        self.touch_files(left.iter().map(|(file, ..)| *file), false).await?;
        let row = |(file, field, record): Hold| {
            vec![Scalar::Id(file), Scalar::Text(object.table.clone()), Scalar::Text(field), Scalar::Id(record)]
        };
        let table = self.table("file_holder");
        self.delete(&table, &columns(), left.into_iter().map(row).collect()).await?;
        if !taken.is_empty() {
            self.insert(&table, &columns(), taken.into_iter().map(row).collect(), "on conflict do nothing").await?;
        }
        Ok(())
    }

    /// What records hold that are destroyed.
    async fn held_by(&mut self, object: &Object, records: &[RecordId]) -> Result<Vec<Hold>, Fault> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let named = among(self.dialect(), "h.\"record\"", "$2", Kind::Id);
        let sql = format!(
            "select h.\"file\", h.\"field\", h.\"record\" from {} as h where h.\"object\" = $1 and {named}",
            self.table("file_holder")
        );
        let args = [Arg::text(object.table.clone()), Arg::ids(records.iter().map(|record| record.0))];
        let rows = self.ask(&sql, &args, &[Shape::Id, Shape::Text, Shape::Id]).await?;
        let hold = |row: &Vec<Value>| Some((row.first()?.as_id()?, row.get(1)?.as_text()?.to_owned(), row.get(2)?.as_id()?));
        Ok(rows.iter().filter_map(hold).collect())
    }

    /// From now on they are held, or no longer by somebody. Locked in the order of ids. A file to be taken that is gone is
    /// looked for anew by the next try, which can say so.
    async fn touch_files(&mut self, files: impl Iterator<Item = Uuid>, must_be: bool) -> Result<(), Fault> {
        let files: BTreeSet<Uuid> = files.collect();
        if files.is_empty() {
            return Ok(());
        }
        let (count, table) = (files.len(), self.table("file"));
        let named = among(self.dialect(), "\"id\"", "$1", Kind::Id);
        let ids = Arg::ids(files);
        if self.is_postgres() {
            let sql = format!("select \"id\" from {table} where {named} order by \"id\" for no key update");
            self.ask(&sql, std::slice::from_ref(&ids), &[Shape::Id]).await?;
        }
        let sql = format!("update {table} set \"since\" = $2, \"was_held\" = $3 where {named}");
        let args = [ids, Arg::moment(self.author.clock), Arg::One(Kind::Bool, Scalar::Bool(true))];
        let touched = self.tell(&sql, &args).await?;
        if must_be && touched != u64::try_from(count).unwrap_or(u64::MAX) {
            return Err(StoreError::Serialization.into());
        }
        Ok(())
    }

    /// Files of an erased person that nobody else holds are due at once: the next sweep removes them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn expire_files(&mut self, files: &[Uuid]) -> Result<u64, StoreError> {
        if files.is_empty() {
            return Ok(0);
        }
        let named = among(self.dialect(), "\"id\"", "$1", Kind::Id);
        let (files_table, holders) = (self.table("file"), self.table("file_holder"));
        let sql = format!(
            "update {files_table} set \"since\" = $2, \"was_held\" = $3 where {named} \
             and not exists (select 1 from {holders} as h where h.\"file\" = \"id\")"
        );
        let long_ago = tenon_value::DateTime::from_millis(0);
        let args = [Arg::ids(files.iter().copied()), Arg::moment(long_ago), Arg::One(Kind::Bool, Scalar::Bool(true))];
        Ok(self.tell(&sql, &args).await?)
    }
}
