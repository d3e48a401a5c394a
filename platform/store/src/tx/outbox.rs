//! The outbox: one row per save, in the transaction of the save.

use tenon_value::{DateTime, Json, TenantId, Value};

use super::{Entry, Tx};
use crate::db::{Arg, Bulk, Kind, Scalar, Shape, Target};
use crate::{OutboxEntry, OutboxRow, Store, StoreError};

impl Tx {
    /// Notes a save; it is written with the next rows, at the latest at commit. A rolled back savepoint takes its notes
    /// with it.
    pub fn outbox(&mut self, entry: OutboxEntry) {
        self.entries.push(Entry::Save(entry));
    }

    /// Writes what has been noted and not written yet.
    pub(crate) async fn write_outbox(&mut self) -> Result<(), StoreError> {
        let noted = self.noted();
        self.conn()?.insert_with(noted, "", Vec::new()).await?;
        Ok(())
    }

    /// What has been noted, as rows: it must be written now.
    pub(crate) fn noted(&mut self) -> Bulk {
        let entries = std::mem::take(&mut self.entries);
        let now = self.author.now.millis();
        let rows: Vec<Vec<Scalar>> =
            entries.iter().map(|entry| vec![Scalar::DateTime(now), Scalar::Text(self.said(entry).to_string())]).collect();
        self.has_noted |= !rows.is_empty();
        let columns = vec![Target::new("at", Kind::DateTime), Target::new("payload", Kind::Text)];
        Bulk { table: self.table("outbox"), columns, rows }
    }

    fn said(&self, entry: &Entry) -> Json {
        match entry {
            Entry::Save(entry) => self.payload(entry),
            Entry::Note(note) => note.payload(&self.author.audit_by(), self.author.clock),
        }
    }

    fn payload(&self, entry: &OutboxEntry) -> Json {
        let object = self.model.objects.iter().find(|object| object.id == entry.object);
        let (name, table) = object.map_or(("", ""), |object| (object.name.as_str(), object.table.as_str()));
        // What is destroyed has no history that could hold the reason.
        let reason = self.author.reason.as_ref().filter(|_| entry.word == "destroyed");
        let gone = |(id, _): &(tenon_value::RecordId, i64)| Some((id.to_string(), self.was.get(&id.to_string())?.clone()));
        let was: serde_json::Map<String, Json> =
            if self.was.is_empty() { Default::default() } else { entry.records.iter().filter_map(gone).collect() };
        let mut payload = serde_json::json!({
            "type": format!("{name}.{}", entry.word),
            "object": entry.object.to_string(),
            "table": table,
            "records": entry.records.iter().map(|(id, version)| serde_json::json!({ "id": id.to_string(), "version": version })).collect::<Vec<_>>(),
            "changed": entry.changed,
            "via": self.author.via,
            "by": { "kind": self.author.kind, "id": self.author.id.to_string(), "display": self.author.display },
            "clock": self.author.clock.to_string(),
            "request": self.author.request.as_str(),
            "detail": reason.map(|reason| serde_json::json!({ "by_reason": reason })),
        });
        if let Some(members) = payload.as_object_mut().filter(|_| !was.is_empty() && entry.word == "destroyed") {
            members.insert("was".to_owned(), Json::Object(was));
        }
        payload
    }
}

impl Store {
    /// Outbox rows after a number, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_after(&self, tenant: TenantId, seq: i64, max: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let table = self.fixture(tenant, "outbox");
        let sql =
            format!("select o.\"seq\", o.\"at\", o.\"payload\" from {table} as o where o.\"seq\" > $1 order by o.\"seq\" limit {max}");
        let rows = self.ask(tenant, &sql, &[Arg::int(seq)], &[Shape::Int, Shape::DateTime, Shape::Json]).await?;
        let row = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
            Ok([Value::Int(seq), Value::DateTime(at), Value::Json(payload)]) => {
                Some(OutboxRow { seq, at: DateTime::from_millis(at.millis()), payload })
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}
