//! Erasing a person: what tells of him is taken out of history, outbox, stored answers and the audit trail.
//!
//! Called by the record pipeline inside the transaction that has emptied the record. Ids stay, so does every hash; salts
//! go with what they salted. Nobody links meanwhile: a row is erased before it is linked, or after.

use std::collections::BTreeSet;

use tenon_model::{FieldIx, Object};
use tenon_query::AuthorizedTable;
use tenon_value::{Json, RecordId, Uuid, Value};

use crate::audit::entry::{COLUMNS, Entry, SHAPES, records, salts_json};
use crate::audit::seal;
use crate::db::{Arg, Fault, Shape};
use crate::lower::columns;
use crate::metadata::change::lock_key;
use crate::tx::Tx;
use crate::{Dialect, StoreError};

/// What a stored answer becomes.
const ANSWER: &str =
    r#"{"data":null,"errors":[{"message":"the stored answer was erased","extensions":{"code":"CONFLICT","rule":"erased"}}]}"#;
/// What is read instead of the name of somebody who was erased.
const NOBODY: &str = "";
/// Entries looked at in one step.
const STEP: i64 = 500;

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Versions in history.
    pub versions: u64,
    /// Entries of the audit trail.
    pub entries: u64,
    /// Stored answers to requests.
    pub answers: u64,
    /// Ids in other systems.
    pub external_ids: u64,
    /// Files that nobody else holds.
    pub files: u64,
}

impl std::ops::AddAssign for Erased {
    fn add_assign(&mut self, more: Self) {
        self.versions += more.versions;
        self.entries += more.entries;
        self.answers += more.answers;
        self.external_ids += more.external_ids;
        self.files += more.files;
    }
}

impl Tx {
    /// Erases what is known of a person beside the record itself: old values of these fields, reasons, ids in other
    /// systems, stored answers, details of the trail. A person who `acts` here loses his name on what he did, too.
    ///
    /// # Errors
    /// What the database says.
    pub async fn erase_person(
        &mut self,
        table: &AuthorizedTable,
        id: RecordId,
        fields: &[FieldIx],
        acts: bool,
    ) -> Result<Erased, StoreError> {
        self.write_outbox().await?;
        if self.dialect() == Dialect::Postgres {
            let lock = lock_key(self.tenant).wrapping_add(seal::LOCK);
            self.conn()?.script(&format!("select pg_advisory_xact_lock({lock})")).await?;
        }
        let object = self.object(table.object())?;
        let stems = stems(object, fields);
        let known: BTreeSet<String> = columns::of_object(object).into_iter().map(|column| column.name).collect();
        let table = object.table.clone();
        let files = self.files_of_past(&table, id, &stems_of_files(object, fields)).await?;
        let mut erased = Erased { versions: self.erase_history((&table, &known), id, &stems).await?, ..Erased::default() };
        erased.files = self.expire_files(&files).await?;
        if acts {
            self.erase_name(id.0).await?;
        }
        erased.external_ids =
            self.erase_rows("external_id", "\"object\" = $1 and \"record\" = $2", &[Arg::text(table), Arg::id(id.0)]).await?;
        erased.answers = self.erase_answers(id).await?;
        self.erase_outbox(id).await?;
        erased.entries = self.erase_entries(id, acts).await?;
        Ok(erased)
    }

    async fn erase_history(&mut self, (table, known): (&str, &BTreeSet<String>), id: RecordId, stems: &[String]) -> Result<u64, Fault> {
        let history = self.table("history");
        let named = [Arg::text(table), Arg::id(id.0)];
        let sql = format!("select h.\"version\", h.\"changes\" from {history} as h where h.\"object\" = $1 and h.\"record\" = $2");
        let rows = self.ask(&sql, &named, &[Shape::Int, Shape::Json]).await?;
        let sql = format!(
            "update {history} set \"changes\" = $4, \"reason\" = null where \"object\" = $1 and \"record\" = $2 and \"version\" = $3"
        );
        let mut versions = 0;
        for row in rows {
            let Ok([Value::Int(version), Value::Json(Json::Object(mut changes))]) = <[Value; 2]>::try_from(row) else { continue };
            // Of a field that was let go nobody knows whether it was personal.
            for (key, old) in changes.iter_mut() {
                if stems.contains(key) || !known.contains(key) {
                    *old = Json::Null;
                }
            }
            let [table, id] = named.clone();
            let changes = Arg::text(Json::Object(changes).to_string());
            versions += self.tell(&sql, &[table, id, Arg::int(version), changes]).await?;
        }
        Ok(versions)
    }

    /// Files that these fields have held before: those they held last were let go when the record was emptied, and stand in
    /// its newest version.
    async fn files_of_past(&mut self, table: &str, id: RecordId, stems: &[String]) -> Result<Vec<Uuid>, Fault> {
        if stems.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("select h.\"changes\" from {} as h where h.\"object\" = $1 and h.\"record\" = $2", self.table("history"));
        let rows = self.ask(&sql, &[Arg::text(table), Arg::id(id.0)], &[Shape::Json]).await?;
        let changes = rows.iter().filter_map(|row| if let Some(Value::Json(json)) = row.first() { Some(json) } else { None });
        Ok(changes.flat_map(|json| stems.iter().filter_map(|stem| json.get(stem.as_str())?.as_str()?.parse().ok())).collect())
    }

    /// The name of somebody who acted here, wherever it stands beside his id.
    async fn erase_name(&mut self, id: Uuid) -> Result<(), Fault> {
        let (history, actor) = (self.table("history"), self.table("actor"));
        self.tell(&format!("update {history} set \"by_display\" = $2 where \"by_id\" = $1"), &[Arg::id(id), Arg::text(NOBODY)]).await?;
        self.tell(&format!("update {actor} set \"display\" = $2 where \"id\" = $1"), &[Arg::id(id), Arg::text(NOBODY)]).await?;
        if let Ok(mut actors) = self.memory.actors.lock() {
            actors.retain(|(_, actor), _| *actor != id);
        }
        Ok(())
    }

    async fn erase_rows(&mut self, table: &str, condition: &str, args: &[Arg]) -> Result<u64, Fault> {
        let table = self.table(table);
        self.tell(&format!("delete from {table} where {condition}"), args).await
    }

    /// Answers that name the record may show it.
    async fn erase_answers(&mut self, id: RecordId) -> Result<u64, Fault> {
        let table = self.table("idempotency");
        let sql = format!("update {table} set \"response\" = $2 where \"response\" like $1 and \"response\" <> $2");
        self.tell(&sql, &[Arg::text(format!("%{id}%")), Arg::text(ANSWER)]).await
    }

    async fn erase_outbox(&mut self, id: RecordId) -> Result<(), Fault> {
        let table = self.table("outbox");
        let sql = format!("select o.\"seq\", o.\"payload\" from {table} as o where o.\"payload\" like $1");
        let rows = self.ask(&sql, &[Arg::text(format!("%{id}%"))], &[Shape::Int, Shape::Json]).await?;
        let sql = format!("update {table} set \"payload\" = $2 where \"seq\" = $1");
        for row in rows {
            let Ok([Value::Int(seq), Value::Json(mut payload)]) = <[Value; 2]>::try_from(row) else { continue };
            let is_actor = payload.pointer("/by/id").and_then(Json::as_str) == Some(id.to_string().as_str());
            let mut changed = false;
            if let Some(detail) = payload.get_mut("detail").filter(|detail| !detail.is_null()) {
                *detail = Json::Null;
                changed = true;
            }
            if let Some(display) = payload.pointer_mut("/by/display").filter(|_| is_actor) {
                *display = Json::from(NOBODY);
                changed = true;
            }
            if changed {
                self.tell(&sql, &[Arg::int(seq), Arg::text(payload.to_string())]).await?;
            }
        }
        Ok(())
    }

    /// Details of notes about or by the person, and the salts of what has been erased in history.
    async fn erase_entries(&mut self, id: RecordId, acts: bool) -> Result<u64, Fault> {
        let table = self.table("audit");
        let sql = format!(
            "select {COLUMNS} from {table} as a where (a.\"record\" = $1 or a.\"by_id\" = $1 or a.\"record\" is null and a.\"payload\" like $2) and a.\"number\" > $3 order by a.\"number\" limit {STEP}"
        );
        let put = format!("update {table} set \"detail\" = null, \"salts\" = $2 where \"number\" = $1");
        let (mut after, mut touched) = (0, 0);
        loop {
            let args = [Arg::id(id.0), Arg::text(format!("%{id}%")), Arg::int(after)];
            let rows = self.ask(&sql, &args, &SHAPES).await?;
            let entries: Vec<Entry> = rows.into_iter().filter_map(Entry::read).collect();
            let Some(last) = entries.last() else { return Ok(touched) };
            after = last.number;
            for entry in entries {
                if let Some(salts) = without(&entry, id.0, acts) {
                    touched += self.tell(&put, &[Arg::int(entry.number), Arg::text(salts_json(&salts))]).await?;
                }
            }
        }
    }
}

/// The salts that an entry keeps; none where it keeps all.
fn without(entry: &Entry, id: Uuid, acts: bool) -> Option<Vec<Option<String>>> {
    if entry.is_detailed() {
        let found = entry.found.as_ref()?;
        let concerned = found.record == Some(id) || acts && found.by_id == id;
        return (concerned && entry.detail.is_some()).then(|| vec![None; entry.salts.len()]);
    }
    let saved = entry.payload.as_ref().map(records).unwrap_or_default();
    let theirs = |at: usize| saved.get(at).is_some_and(|(record, _)| *record == id);
    let salts: Vec<Option<String>> = entry.salts.iter().enumerate().map(|(at, salt)| salt.clone().filter(|_| !theirs(at))).collect();
    (salts != entry.salts).then_some(salts)
}

/// The same, of fields that hold files.
fn stems_of_files(object: &Object, fields: &[FieldIx]) -> Vec<String> {
    let held: Vec<FieldIx> = fields.iter().copied().filter(|ix| object.field(*ix).is_some_and(|field| field.kind.is_file())).collect();
    stems(object, &held)
}

/// What history names fields by: the keys of old values in history.
fn stems(object: &Object, fields: &[FieldIx]) -> Vec<String> {
    let stem = |ix: &FieldIx| object.field(*ix).and_then(tenon_model::Field::stem).map(str::to_owned);
    fields.iter().filter_map(stem).collect()
}
