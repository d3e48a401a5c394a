//! The trail as it is read: entries by who, what, when, in the order of the chain.

use std::collections::HashMap;

use tenon_value::{DateTime, Json, RecordId, TenantId, Uuid, Value};

use crate::audit::entry::{self, COLUMNS, Entry, SHAPES};
use crate::audit::past::{self, Key};
use crate::db::{Arg, Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::tenant::numbered;
use crate::{Store, StoreError};

/// Which entries. What is absent is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Machine time, from here on.
    pub from: Option<DateTime>,
    /// Machine time, before here.
    pub to: Option<DateTime>,
    /// Words of kinds; empty means all.
    pub kinds: Vec<String>,
    /// Who did it.
    pub by: Option<Uuid>,
    /// API name of an object, as it was.
    pub object: Option<String>,
    /// A record.
    pub record: Option<RecordId>,
}

/// In which order, and after which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOrder {
    /// The newest first, before this number.
    Newest(Option<i64>),
    /// The oldest first, after this number.
    Oldest(i64),
}

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its place in the chain.
    pub number: i64,
    /// The batch it was linked with.
    pub batch: i64,
    /// What happened: `created`, `signed_in`.
    pub kind: String,
    /// Business time.
    pub at: DateTime,
    /// Machine time.
    pub clock: DateTime,
    /// Who: kind, id, display name as far as known.
    pub by: (String, Uuid, String),
    /// The door.
    pub via: String,
    /// The request.
    pub request: Option<String>,
    /// The caller's own words.
    pub reason: Option<String>,
    /// API name of the object, as it was.
    pub object: Option<String>,
    /// The table of the object's records, by which the model knows it whatever its name.
    pub table: Option<String>,
    /// The one record it is about.
    pub record: Option<RecordId>,
    /// Saved records, with the version each got.
    pub records: Vec<(RecordId, i64)>,
    /// API names of the fields that changed.
    pub changed: Vec<String>,
    /// What else is known.
    pub facts: Json,
    /// What else is known and may be personal; null once erased.
    pub detail: Json,
}

impl Store {
    /// Entries of the chain that have not expired, at most `first`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        order: AuditOrder,
        first: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let schema = schema_of(tenant, self.dialect());
        let mut conn = self.reader(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let page = page(&mut conn, &schema, filter, (order, first)).await?;
        conn.mark(true);
        Ok(page)
    }
}

async fn page(conn: &mut Conn, schema: &str, filter: &AuditFilter, (order, first): (AuditOrder, u32)) -> Result<Vec<AuditEntry>, Fault> {
    let (condition, args) = condition(filter, order);
    let way = if matches!(order, AuditOrder::Newest(_)) { "desc" } else { "asc" };
    let sql = format!(
        "select {COLUMNS}, w.\"display\" from \"{schema}\".\"audit\" as a left join \"{schema}\".\"actor\" as w on w.\"kind\" = a.\"by_kind\" and w.\"id\" = a.\"by_id\" \
         where {condition} order by a.\"number\" {way} limit {first}"
    );
    let mut shapes = SHAPES.to_vec();
    shapes.push(Shape::Text);
    let rows = conn.fetch_planned(&numbered(&sql, conn), &args, &shapes).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for mut row in rows {
        let display = row.pop().and_then(|display| if let Value::Text(display) = display { Some(display) } else { None });
        let entry = Entry::read(row).ok_or_else(|| StoreError::Damaged("an entry of the audit trail".to_owned()))?;
        entries.push((entry, display));
    }
    let firsts = entries.iter().filter_map(|(entry, _)| entry.keys().into_iter().next());
    let past = past::rows(conn, schema, firsts).await?;
    Ok(entries.into_iter().filter_map(|(entry, display)| shown(entry, display, &past)).collect())
}

fn condition(filter: &AuditFilter, order: AuditOrder) -> (String, Vec<Arg>) {
    let (mut met, mut args) = (vec!["a.\"salt\" is not null".to_owned()], Vec::new());
    let mut add = |text: &str, arg: Arg| {
        args.push(arg);
        met.push(text.replace('$', &format!("${}", args.len())));
    };
    match order {
        AuditOrder::Newest(None) => {}
        AuditOrder::Newest(Some(before)) => add("a.\"number\" < $", Arg::int(before)),
        AuditOrder::Oldest(after) => add("a.\"number\" > $", Arg::int(after)),
    }
    if let Some(from) = filter.from {
        add("a.\"clock\" >= $", Arg::moment(from));
    }
    if let Some(to) = filter.to {
        add("a.\"clock\" < $", Arg::moment(to));
    }
    if let Some(by) = filter.by {
        add("a.\"by_id\" = $", Arg::id(by));
    }
    if let Some(object) = &filter.object {
        add("a.\"object\" = $", Arg::text(object.as_str()));
    }
    if let Some(record) = filter.record {
        // A bulk write is one entry that lists its records.
        let listed = format!("%{record}%");
        add("(a.\"record\" = $ or a.\"record\" is null", Arg::id(record.0));
        add("a.\"payload\" like $)", Arg::text(listed));
    }
    for (at, kind) in filter.kinds.iter().enumerate() {
        let (open, close) = (if at == 0 { "(" } else { "" }, if at + 1 == filter.kinds.len() { ")" } else { "" });
        add(&format!("{open}a.\"kind\" = ${close}"), Arg::text(kind.as_str()));
    }
    // Within a list of kinds one is enough.
    let mut condition = String::new();
    let kinds = filter.kinds.len();
    let begins = met.len() - kinds;
    for (at, text) in met.iter().enumerate() {
        if at > 0 {
            condition += if at > begins { " or " } else { " and " };
        }
        condition += text;
    }
    (condition, args)
}

fn shown(entry: Entry, display: Option<String>, past: &HashMap<Key, Json>) -> Option<AuditEntry> {
    let reason =
        entry.keys().first().and_then(|key| past.get(key)).and_then(|past| past.get("reason")).and_then(Json::as_str).map(str::to_owned);
    let Entry { number, batch, found, payload, detail, .. } = entry;
    let (found, payload, mut detail) = (found?, payload?, detail.unwrap_or_default());
    let text = |key: &str| payload.get(key).and_then(Json::as_str).map(str::to_owned);
    let mut own =
        |key: &str| detail.as_object_mut().and_then(|detail| detail.remove(key)).and_then(|text| text.as_str().map(str::to_owned));
    let (named, said) = (own("by_display"), own("by_reason"));
    Some(AuditEntry {
        number,
        batch,
        kind: found.kind,
        at: found.at,
        clock: found.clock,
        by: (found.by_kind, found.by_id, named.or(display).unwrap_or_default()),
        via: text("via").unwrap_or_default(),
        request: text("request"),
        reason: said.or(reason),
        object: found.object,
        table: text("table"),
        record: found.record.map(RecordId),
        records: entry::records(&payload).into_iter().map(|(record, version)| (RecordId(record), version)).collect(),
        changed: payload
            .get("changed")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        facts: payload.get("facts").cloned().unwrap_or_default(),
        detail: if detail.as_object().is_some_and(serde_json::Map::is_empty) { Json::Null } else { detail },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_as_they_are_meant() {
        let filter = AuditFilter {
            by: Some(Uuid::nil()),
            record: Some(RecordId(Uuid::nil())),
            kinds: vec!["created".to_owned(), "updated".to_owned()],
            ..AuditFilter::default()
        };
        let (text, args) = condition(&filter, AuditOrder::Newest(Some(9)));
        let expected = "a.\"salt\" is not null and a.\"number\" < $1 and a.\"by_id\" = $2 and (a.\"record\" = $3 or a.\"record\" is null and \
                        a.\"payload\" like $4) and (a.\"kind\" = $5 or a.\"kind\" = $6)";
        assert_eq!((text.as_str(), args.len()), (expected, 6));
    }
}
