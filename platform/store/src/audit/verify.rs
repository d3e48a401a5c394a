//! Walks the chain from its beginning, computes everything again that is still there, and names the first broken place.
//!
//! Something that is not there any more must be explained by the trail itself: the record was destroyed, the person
//! erased, the payload expired. It reads one state of the database; nothing is changed.

use std::collections::{HashMap, HashSet};

use tenon_value::{DateTime, Json, TenantId, Uuid, Value};

use crate::audit::entry::{COLUMNS, Entry, Found, SHAPES};
use crate::audit::past::{self, Key};
use crate::audit::{AuditKind, digest};
use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

/// Batches read at once.
const BATCHES: i64 = 100;

/// What a walk over the chain has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Batches of the chain.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries and parts that were computed again and are as they were.
    pub checked: u64,
    /// Parts that were erased or destroyed, as the trail itself says.
    pub erased: u64,
    /// Entries whose payload has expired, as the trail itself says.
    pub expired: u64,
    /// The hash of the last batch: who keeps it elsewhere can tell later that nothing was cut off or made anew.
    pub head: Option<String>,
    /// The first broken place.
    pub broken: Option<AuditBreak>,
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBreak {
    /// The batch.
    pub batch: i64,
    /// The entry, where it is one.
    pub entry: Option<i64>,
    /// What is wrong, in words.
    pub what: String,
}

/// Something that is not there, and must be explained.
struct Missing {
    place: AuditBreak,
    /// Whoever of these was destroyed or erased explains it.
    about: Vec<Uuid>,
}

struct Batch {
    number: i64,
    before: String,
    hash: String,
    first: i64,
    last: i64,
    sealed_at: DateTime,
}

/// A walk under way.
struct Walk<'c> {
    conn: &'c mut Conn,
    schema: String,
    tenant: TenantId,
    report: AuditReport,
    /// Hash and last entry of the batch before.
    before: (String, i64),
    missing: Vec<Missing>,
    /// Entries without payload, up to this one.
    expired: Option<AuditBreak>,
    gone: HashSet<Uuid>,
    expired_upto: i64,
    /// A hash that must be met.
    wanted: Option<String>,
}

impl Store {
    /// Verifies the chain of a tenant. With `head`, a hash that `verify` gave before, it must still be part of it.
    ///
    /// # Errors
    /// What the database says. A broken chain is no error: it is in the report.
    pub async fn audit_verify(&self, tenant: TenantId, head: Option<&str>) -> Result<AuditReport, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let schema = schema_of(tenant, self.dialect());
        let begin = match self.dialect() {
            Dialect::Postgres => "begin isolation level repeatable read read only; set local statement_timeout = 0",
            Dialect::Sqlite => "begin",
        };
        conn.script(begin).await?;
        let mut walk = Walk {
            conn: &mut conn,
            schema,
            tenant,
            report: AuditReport::default(),
            before: (digest::BEGINNING.to_owned(), 0),
            missing: Vec::new(),
            expired: None,
            gone: HashSet::new(),
            expired_upto: 0,
            wanted: head.map(str::to_owned),
        };
        let walked = walk.all().await;
        let report = walk.report;
        conn.script("rollback").await?;
        conn.mark(true);
        walked?;
        Ok(report)
    }
}

fn broken(batch: i64, entry: Option<i64>, what: impl Into<String>) -> AuditBreak {
    AuditBreak { batch, entry, what: what.into() }
}

impl Walk<'_> {
    async fn all(&mut self) -> Result<(), Fault> {
        loop {
            let batches = self.batches(self.report.batches).await?;
            if batches.is_empty() {
                break;
            }
            for batch in batches {
                if let Some(found) = self.batch(&batch).await? {
                    self.report.broken = Some(found);
                    return Ok(());
                }
            }
        }
        self.report.broken = self.end().await?;
        Ok(())
    }

    async fn batches(&mut self, after: u64) -> Result<Vec<Batch>, Fault> {
        let sql = format!(
            "select b.\"number\", b.\"before\", b.\"hash\", b.\"first\", b.\"last\", b.\"sealed_at\" from \"{}\".\"audit_batch\" as b where b.\"number\" > {} order by b.\"number\" limit {BATCHES}",
            self.schema,
            i64::try_from(after).unwrap_or(i64::MAX)
        );
        let rows =
            self.conn.fetch_planned(&sql, &[], &[Shape::Int, Shape::Text, Shape::Text, Shape::Int, Shape::Int, Shape::DateTime]).await?;
        let batch = |row: Vec<Value>| match <[Value; 6]>::try_from(row) {
            Ok(
                [
                    Value::Int(number),
                    Value::Text(before),
                    Value::Text(hash),
                    Value::Int(first),
                    Value::Int(last),
                    Value::DateTime(sealed_at),
                ],
            ) => Ok(Batch { number, before, hash, first, last, sealed_at }),
            _ => Err(StoreError::Damaged("a batch of the audit chain".to_owned()).into()),
        };
        rows.into_iter().map(batch).collect()
    }

    async fn batch(&mut self, batch: &Batch) -> Result<Option<AuditBreak>, Fault> {
        let number = batch.number;
        let expected = i64::try_from(self.report.batches).unwrap_or(i64::MAX).saturating_add(1);
        if number != expected {
            return Ok(Some(broken(expected, None, "the batch is missing")));
        }
        if batch.before != self.before.0 || batch.first != self.before.1 + 1 {
            return Ok(Some(broken(number, None, "the batch does not follow the one before it")));
        }
        let entries = self.entries(batch).await?;
        if let Some(place) = gap(batch, &entries) {
            return Ok(Some(place));
        }
        let hashed =
            digest::Batch { tenant: self.tenant, number, before: &batch.before, first: batch.first, sealed_at: batch.sealed_at.millis() };
        if digest::of_batch(&hashed, entries.iter().map(|entry| entry.digest.as_str())) != batch.hash {
            return Ok(Some(broken(number, None, "the hash of the batch is not that of its entries")));
        }
        if self.wanted.as_deref() == Some(batch.hash.as_str()) {
            self.wanted = None;
        }
        let keys: Vec<Key> = entries.iter().flat_map(Entry::keys).collect();
        let past = past::rows(self.conn, &self.schema, keys).await?;
        for entry in &entries {
            if let Some(what) = self.entry(entry, &past) {
                return Ok(Some(broken(number, Some(entry.number), what)));
            }
        }
        self.report.batches += 1;
        self.report.entries += u64::try_from(entries.len()).unwrap_or_default();
        self.before = (batch.hash.clone(), batch.last);
        self.report.head = Some(batch.hash.clone());
        Ok(None)
    }

    async fn entries(&mut self, batch: &Batch) -> Result<Vec<Entry>, Fault> {
        let sql =
            format!("select {COLUMNS} from \"{}\".\"audit\" as a where a.\"number\" between $1 and $2 order by a.\"number\"", self.schema);
        let sql = crate::tenant::numbered(&sql, self.conn);
        let rows = self.conn.fetch(&sql, &[Arg::int(batch.first), Arg::int(batch.last)], &SHAPES).await?;
        let read = |row| Entry::read(row).ok_or_else(|| StoreError::Damaged("an entry of the audit trail".to_owned()).into());
        rows.into_iter().map(read).collect()
    }

    /// What is wrong with an entry.
    fn entry(&mut self, entry: &Entry, past: &HashMap<Key, Json>) -> Option<String> {
        let place = |what: &str| broken(entry.batch, Some(entry.number), what);
        let (Some(payload), Some(salt)) = (&entry.payload, &entry.salt) else {
            if entry.payload.is_some() || entry.found.is_some() || entry.detail.is_some() {
                return Some("the salt was taken away and the payload was not".to_owned());
            }
            self.report.expired += 1;
            self.expired = Some(place("the payload was taken away before its time"));
            return None;
        };
        if digest::of_entry(salt, payload) != entry.digest {
            return Some("the payload was changed".to_owned());
        }
        let found = Found::of(payload);
        if found != entry.found {
            return Some("what it is searched by is not what it says".to_owned());
        }
        self.report.checked += 1;
        self.explain(payload, found.as_ref());
        self.parts(entry, past, found.as_ref())
    }

    /// What this entry says of things that are gone.
    fn explain(&mut self, payload: &Json, found: Option<&Found>) {
        let Some(found) = found else { return };
        if found.kind == "destroyed" {
            self.gone.extend(super::entry::records(payload).into_iter().map(|(record, _)| record));
        } else if found.kind == AuditKind::PersonErased.word() {
            self.gone.extend(found.record);
        } else if found.kind == AuditKind::AuditExpired.word() {
            let upto = payload.pointer("/facts/upto").and_then(Json::as_i64).unwrap_or_default();
            self.expired_upto = self.expired_upto.max(upto);
        }
    }

    fn parts(&mut self, entry: &Entry, past: &HashMap<Key, Json>, found: Option<&Found>) -> Option<String> {
        let keys = entry.keys();
        let parts = entry.parts();
        if parts.len() != entry.salts.len() {
            return Some("its salts are not those of its parts".to_owned());
        }
        for (at, (part, salt)) in parts.iter().zip(&entry.salts).enumerate() {
            let Some(part) = part else { continue };
            let (there, about) = match keys.get(at) {
                Some(key) => (past.get(key), vec![key.record]),
                None => (entry.detail.as_ref(), found.into_iter().flat_map(|found| [Some(found.by_id), found.record]).flatten().collect()),
            };
            let words = keys
                .get(at)
                .map_or_else(|| "its details".to_owned(), |key| format!("the history of {} at version {}", key.record, key.version));
            match (there, salt) {
                (Some(there), Some(salt)) if digest::of_part(salt, there) == *part => self.report.checked += 1,
                (Some(_), Some(_)) => return Some(format!("{words} was changed")),
                _ => {
                    self.report.erased += 1;
                    let place = broken(entry.batch, Some(entry.number), format!("{words} is gone, and nothing says why"));
                    self.missing.push(Missing { place, about });
                }
            }
        }
        None
    }

    /// What the end of the chain says of all of it.
    async fn end(&mut self) -> Result<Option<AuditBreak>, Fault> {
        let last = self.before.1;
        let sql = format!("select count(*) from \"{}\".\"audit\" as a where a.\"number\" > {last} or a.\"number\" < 1", self.schema);
        let rows = self.conn.fetch_planned(&sql, &[], &[Shape::Int]).await?;
        let batches = i64::try_from(self.report.batches).unwrap_or(i64::MAX);
        if rows.first().and_then(|row| row.first()).and_then(Value::as_int) != Some(0) {
            return Ok(Some(broken(batches, None, "there are entries behind the last batch")));
        }
        if let Some(place) = self.expired.take_if(|place| place.entry.is_some_and(|entry| entry > self.expired_upto)) {
            return Ok(Some(place));
        }
        let missing = std::mem::take(&mut self.missing);
        let unexplained = missing.into_iter().find(|one| !one.about.iter().any(|id| self.gone.contains(id)));
        if let Some(unexplained) = unexplained {
            return Ok(Some(unexplained.place));
        }
        Ok(self
            .wanted
            .take()
            .map(|hash| broken(batches, None, format!("no batch has the hash {hash}: the chain was cut off or made anew"))))
    }
}

fn gap(batch: &Batch, entries: &[Entry]) -> Option<AuditBreak> {
    for (number, at) in (batch.first..=batch.last).zip(0..) {
        let there = entries.get(at).is_some_and(|entry: &Entry| entry.number == number && entry.batch == batch.number);
        if !there {
            return Some(broken(batch.number, Some(number), "the entry is missing"));
        }
    }
    None
}
