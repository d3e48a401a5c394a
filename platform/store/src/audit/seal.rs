//! Sealing: committed rows of the outbox become entries of the chain.
//!
//! Called by the server's sealer when it is told of commits, by `verify`, and by whoever reads the trail, so that nobody
//! reads less than has happened. One at a time per tenant, on all nodes: a reader waits for another who is at it, the sealer
//! comes back later.

use std::collections::HashMap;

use tenon_value::{Json, TenantId, Value};

use crate::audit::digest;
use crate::audit::entry::{self, Entry, Found};
use crate::audit::past::{self, Key};
use crate::audit::queue::{self, Cursor, Waiting};
use crate::db::{Bulk, Conn, Fault, Kind, Scalar, Shape, Target};
use crate::lower::schema_of;
use crate::metadata::change::{lock_key, undo};
use crate::{Dialect, Store, StoreError};

/// Batches linked in one call at most; what is left is for the next.
const BATCHES_MAX: usize = 64;
/// What the lock of the sealer adds to the tenant's lock number.
pub(crate) const LOCK: i64 = 2;

/// What a call has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Entries that are linked now.
    pub entries: u64,
    /// Something is left: another node is at it, or there was too much for one call.
    pub more: bool,
}

/// What is done where another seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Wait,
    Leave,
}

/// The end of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) batch: i64,
    pub(crate) hash: String,
    pub(crate) last: i64,
    pub(crate) cursor: Cursor,
}

/// Where one batch is linked.
struct Link<'a> {
    conn: &'a mut Conn,
    schema: &'a str,
    tenant: TenantId,
    clock: i64,
}

impl Store {
    /// Links what has been committed and is not linked yet; waits for another who is at it.
    ///
    /// # Errors
    /// What the database says; then the call linked whole batches, or nothing.
    pub async fn audit_seal(&self, tenant: TenantId) -> Result<Sealed, StoreError> {
        self.seal(tenant, Turn::Wait).await
    }

    /// The same, but leaves it to another who is at it.
    ///
    /// # Errors
    /// As [`Store::audit_seal`].
    pub async fn audit_seal_if_free(&self, tenant: TenantId) -> Result<Sealed, StoreError> {
        self.seal(tenant, Turn::Leave).await
    }

    async fn seal(&self, tenant: TenantId, turn: Turn) -> Result<Sealed, StoreError> {
        self.write_waiting(tenant).await?;
        let mut sealed = Sealed::default();
        for _ in 0..BATCHES_MAX {
            let (entries, more) = self.seal_once(tenant, turn).await?;
            sealed.entries += entries;
            sealed.more = more.unwrap_or(true);
            if more != Some(true) {
                return Ok(sealed);
            }
        }
        Ok(sealed)
    }

    /// One batch, whole or not at all: how many entries, and whether there are more. Nobody knows where another is at it.
    async fn seal_once(&self, tenant: TenantId, turn: Turn) -> Result<(u64, Option<bool>), StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.writer(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let begun = match turn {
            Turn::Wait => self.seal_wait(&mut conn, tenant).await.map(|()| true)?,
            Turn::Leave => self.seal_begin(&mut conn, tenant).await?,
        };
        if !begun {
            undo(&mut conn).await?;
            return Ok((0, None));
        }
        let mut link = Link { conn: &mut conn, schema: &schema, tenant, clock: self.clock().millis() };
        match link.batch().await {
            Ok((0, more)) => {
                undo(&mut conn).await?;
                Ok((0, Some(more)))
            }
            Ok((entries, more)) => {
                conn.script("commit").await?;
                conn.mark(true);
                Ok((entries, Some(more)))
            }
            Err(fault) => {
                undo(&mut conn).await?;
                Err(fault.into())
            }
        }
    }

    /// Begins as the one who seals, after any other.
    async fn seal_wait(&self, conn: &mut Conn, tenant: TenantId) -> Result<(), Fault> {
        if conn.dialect() == Dialect::Sqlite {
            return conn.script("begin immediate").await;
        }
        let lock = lock_key(tenant).wrapping_add(LOCK);
        conn.script(&format!("begin; select pg_advisory_xact_lock({lock})")).await
    }

    /// Begins as the one who seals; false where another does.
    pub(crate) async fn seal_begin(&self, conn: &mut Conn, tenant: TenantId) -> Result<bool, Fault> {
        if conn.dialect() == Dialect::Sqlite {
            conn.script("begin immediate").await?;
            return Ok(true);
        }
        let lock = lock_key(tenant).wrapping_add(LOCK);
        let taken = conn.script_text(&format!("begin; select pg_try_advisory_xact_lock({lock})::text")).await?;
        Ok(taken.as_deref() == Some("true"))
    }
}

/// The end of the chain as stored.
pub(crate) async fn head(conn: &mut Conn, schema: &str) -> Result<Head, Fault> {
    let sql = format!(
        "select b.\"number\", b.\"hash\", b.\"last\", b.\"cursor\" from \"{schema}\".\"audit_batch\" as b order by b.\"number\" desc limit 1"
    );
    let rows = conn.fetch(&sql, &[], &[Shape::Int, Shape::Text, Shape::Int, Shape::Text]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(Head { batch: 0, hash: digest::BEGINNING.to_owned(), last: 0, cursor: Cursor::default() });
    };
    match <[Value; 4]>::try_from(row) {
        Ok([Value::Int(batch), Value::Text(hash), Value::Int(last), Value::Text(cursor)]) => {
            Ok(Head { batch, hash, last, cursor: queue::parse(&cursor)? })
        }
        _ => Err(StoreError::Damaged("the end of the audit chain".to_owned()).into()),
    }
}

impl Link<'_> {
    /// Links one batch; how many entries, and whether there are more.
    async fn batch(&mut self) -> Result<(u64, bool), Fault> {
        let head = head(self.conn, self.schema).await?;
        let (waiting, cursor, more) = queue::take(self.conn, self.schema, &head.cursor).await?;
        if waiting.is_empty() {
            return Ok((0, more));
        }
        let said = without_details(&waiting);
        let entries = self.entries(&head, waiting).await?;
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        self.put(&head, &entries, &cursor).await?;
        self.unsay(said).await?;
        Ok((count, more))
    }

    /// What may be personal is kept once: with the entry, where it can expire and be erased.
    async fn unsay(&mut self, said: Vec<Vec<Scalar>>) -> Result<(), Fault> {
        if !said.is_empty() {
            let columns = vec![Target::new("seq", Kind::Int), Target::new("payload", Kind::Text)];
            let bulk = Bulk { table: format!("\"{}\".\"outbox\"", self.schema), columns, rows: said };
            self.conn.update_with(bulk, &["seq"], Vec::new()).await?;
        }
        Ok(())
    }

    async fn entries(&mut self, head: &Head, waiting: Vec<Waiting>) -> Result<Vec<Entry>, Fault> {
        let keys: Vec<Key> = waiting.iter().flat_map(|row| keys(&row.payload)).collect();
        let past = past::rows(self.conn, self.schema, keys).await?;
        let numbered = waiting.into_iter().zip(head.last + 1..);
        numbered.map(|(row, number)| entry(row, (number, head.batch + 1), &past)).collect()
    }

    async fn put(&mut self, head: &Head, entries: &[Entry], cursor: &Cursor) -> Result<(), Fault> {
        let (number, first) = (head.batch + 1, head.last + 1);
        let batch = digest::Batch { tenant: self.tenant, number, before: &head.hash, first, sealed_at: self.clock };
        let hash = digest::of_batch(&batch, entries.iter().map(|entry| entry.digest.as_str()));
        let columns = [
            ("number", Kind::Int),
            ("before", Kind::Text),
            ("hash", Kind::Text),
            ("first", Kind::Int),
            ("last", Kind::Int),
            ("sealed_at", Kind::DateTime),
            ("cursor", Kind::Text),
        ];
        let cursor = serde_json::to_string(cursor).map_err(|_| StoreError::Value("a cursor"))?;
        let row = vec![
            Scalar::Int(number),
            Scalar::Text(head.hash.clone()),
            Scalar::Text(hash),
            Scalar::Int(first),
            Scalar::Int(head.last + i64::try_from(entries.len()).unwrap_or_default()),
            Scalar::DateTime(self.clock),
            Scalar::Text(cursor),
        ];
        let table = |name: &str| format!("\"{}\".\"{name}\"", self.schema);
        let columns = columns.iter().map(|(name, kind)| Target::new(name, *kind)).collect();
        let batch = Bulk { table: table("audit_batch"), columns, rows: vec![row] };
        self.conn.insert_with(entry::bulk(table("audit"), entries), "", vec![batch]).await?;
        Ok(())
    }
}

/// Rows of the outbox that have details, without them.
fn without_details(waiting: &[Waiting]) -> Vec<Vec<Scalar>> {
    let has = |row: &&Waiting| row.payload.get("detail").is_some_and(|detail| !detail.is_null());
    let bare = |row: &Waiting| {
        let mut payload = row.payload.clone();
        payload.as_object_mut().and_then(|members| members.remove("detail"));
        vec![Scalar::Int(row.seq), Scalar::Text(payload.to_string())]
    };
    waiting.iter().filter(has).map(bare).collect()
}

/// Rows of history that belong to a row of the outbox.
fn keys(payload: &Json) -> Vec<Key> {
    let Some(table) = payload.get("table").and_then(Json::as_str) else { return Vec::new() };
    let listed = payload.get("records").and_then(Json::as_array).into_iter().flatten();
    let key = |record: &Json| {
        let id = record.get("id").and_then(Json::as_str)?.parse().ok()?;
        Some(Key { table: table.to_owned(), record: id, version: record.get("version").and_then(Json::as_i64)? })
    };
    listed.filter_map(key).collect()
}

/// The entry of a row: what identifies a person is in its parts only.
fn entry(row: Waiting, (number, batch): (i64, i64), past: &HashMap<Key, Json>) -> Result<Entry, Fault> {
    let mut said = row.payload;
    let keys = keys(&said);
    let (object, word) = match said.get("type").and_then(Json::as_str).and_then(|kind| kind.rsplit_once('.')) {
        Some(("audit", word)) => (said.get("object").cloned().unwrap_or_default(), word.to_owned()),
        Some((object, word)) => (Json::from(object), word.to_owned()),
        None => (Json::Null, String::new()),
    };
    let mut take = |key: &str| said.get_mut(key).map(Json::take).unwrap_or_default();
    let (by, detail) = (take("by"), Some(take("detail")).filter(|detail| detail.as_object().is_some_and(|members| !members.is_empty())));
    let pieces: Vec<Option<&Json>> = match &detail {
        Some(detail) => vec![Some(detail)],
        // What was destroyed before it was linked has no past any more.
        None => keys.iter().map(|key| past.get(key)).collect(),
    };
    let salts: Vec<Option<String>> = pieces.iter().map(|piece| piece.map(|_| digest::salt())).collect();
    let parts: Vec<Option<String>> = pieces
        .iter()
        .zip(&salts)
        .map(|(piece, salt)| piece.zip(salt.as_deref()).map(|(piece, salt)| digest::of_part(salt, piece)))
        .collect();
    let records: Vec<Json> = keys.iter().map(|key| serde_json::json!([key.record.to_string(), key.version])).collect();
    let payload = serde_json::json!({
        "kind": word,
        "at": row.at.to_string(),
        "clock": take("clock"),
        "by": { "kind": by.get("kind"), "id": by.get("id") },
        "via": take("via"),
        "request": take("request"),
        "object": object,
        "table": take("table"),
        "record": take("record"),
        "records": records,
        "changed": take("changed"),
        "facts": take("facts"),
        "detailed": detail.is_some(),
        "parts": parts,
    });
    let salt = digest::salt();
    let found = Found::of(&payload).ok_or_else(|| StoreError::Damaged(format!("row {} of the outbox", row.seq)))?;
    let digest = digest::of_entry(&salt, &payload);
    Ok(Entry { number, batch, found: Some(found), payload: Some(payload), detail, salt: Some(salt), salts, digest })
}
