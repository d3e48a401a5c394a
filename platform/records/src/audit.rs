//! What saves in the audit trail changed: old and new values, as far as the reader's own rights go.
//!
//! The trail itself holds ids and names of fields; values stand in history, and are read from there under the reader's
//! policy. Invariant: a value the reader may not read in clear is not shown, nor one of a record he may not see.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::json;
use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_model::{Model, Object, Part, system};
use tenon_query::{Action, Answer, Change, ColumnRef, Deleted, HistoryFetch, Output, Params, Predicate, Read, Select, Window};
use tenon_store::{AuditEntry, Store, StoreError};
use tenon_value::{Json, RecordId, Uuid, Value};

/// Records of one entry whose changes are read at the doors; a bulk write has more, and their histories tell.
pub const RECORDS_SHOWN_MAX: usize = 20;
/// Versions of one record that are looked at.
const VERSIONS_MAX: i64 = 10_000;

/// What one save changed in one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The record.
    pub record: RecordId,
    /// The version that the save made.
    pub version: i64,
    /// What changed. Values are null where the reader may not read them.
    pub changes: Vec<Change>,
}

/// What each entry changed in its first `records` records, in the order of the entries; nothing where a record is gone or
/// not the reader's to see.
///
/// # Errors
/// What the store says.
pub async fn changes(
    store: &Store,
    cx: &OpContext,
    policy: &Policy,
    (entries, records): (&[AuditEntry], usize),
) -> Result<Vec<Vec<Changed>>, StoreError> {
    let mut wanted: BTreeMap<u16, Vec<Uuid>> = BTreeMap::new();
    for entry in entries {
        if let Some(object) = object_of(&cx.model, entry) {
            wanted.entry(object.ix.0).or_default().extend(entry.records.iter().take(records).map(|(record, _)| record.0));
        }
    }
    let mut known: HashMap<(Uuid, i64), Vec<Change>> = HashMap::new();
    for (object, mut ids) in wanted {
        ids.sort_unstable();
        ids.dedup();
        if let Some(object) = cx.model.objects.get(usize::from(object)) {
            known.extend(of_object(store, cx, policy, object, ids).await?);
        }
    }
    let changed = |(record, version): &(RecordId, i64)| {
        let changes = known.get(&(record.0, *version))?.clone();
        Some(Changed { record: *record, version: *version, changes })
    };
    Ok(entries.iter().map(|entry| entry.records.iter().take(records).filter_map(changed).collect()).collect())
}

/// An entry as it is handed out.
#[must_use]
pub fn entry_json(entry: &AuditEntry, changed: &[Changed]) -> Json {
    let changes: Vec<Json> = changed
        .iter()
        .flat_map(|one| one.changes.iter().map(move |change| (one, change)))
        .map(|(one, change)| {
            json!({ "record": one.record.to_string(), "version": one.version, "field": change.field, "old": change.old, "new": change.new })
        })
        .collect();
    let records: Vec<Json> =
        entry.records.iter().map(|(record, version)| json!({ "id": record.to_string(), "version": version })).collect();
    let (kind, id, display) = &entry.by;
    json!({
        "number": entry.number,
        "batch": entry.batch,
        "kind": entry.kind,
        "at": entry.at.to_string(),
        "clock": entry.clock.to_string(),
        "by": { "kind": kind, "id": id.to_string(), "display": display },
        "via": entry.via,
        "request": entry.request,
        "reason": entry.reason,
        "object": entry.object,
        "record": entry.record.map(|record| record.to_string()),
        "records": records,
        "changed": entry.changed,
        "changes": changes,
        "facts": entry.facts,
        "detail": entry.detail,
    })
}

fn object_of<'m>(model: &'m Model, entry: &AuditEntry) -> Option<&'m Object> {
    let table = entry.table.as_deref()?;
    model.objects.iter().map(|object| &**object).find(|object| object.table == table)
}

async fn of_object(
    store: &Store,
    cx: &OpContext,
    policy: &Policy,
    object: &Object,
    ids: Vec<Uuid>,
) -> Result<HashMap<(Uuid, i64), Vec<Change>>, StoreError> {
    // Not the reader's to see: nothing is known of it.
    let Ok(table) = policy.table(&cx.model, object.ix, Action::Read, Place::History) else { return Ok(HashMap::new()) };
    let mut params = Params::default();
    let list = params.push(Value::List(ids.into_iter().map(Value::Id).collect()));
    let size = params.push(Value::Int(VERSIONS_MAX));
    let select = Select {
        table,
        filter: Some(Predicate::In { column: ColumnRef { field: system::ID, part: Part::Whole }, list }),
        deleted: Deleted::Include,
        order: Vec::new(),
        window: Window::All,
        output: Output { histories: vec![HistoryFetch { size, before_version: None, seen: Vec::new() }], ..Output::default() },
        count: None,
    };
    let prepared = store.prepare(&Arc::clone(&cx.model), Read::Select(select))?;
    let Answer::Page(page) = store.read(cx, &prepared, &params).await? else { return Ok(HashMap::new()) };
    let mut known = HashMap::new();
    for row in page.rows {
        for version in row.histories.into_iter().flat_map(|(versions, _)| versions) {
            let changes = version.changes.into_iter().map(|change| told(policy, object, change)).collect();
            known.insert((row.id, version.version), changes);
        }
    }
    Ok(known)
}

/// The change as the reader may know it.
fn told(policy: &Policy, object: &Object, change: Change) -> Change {
    let field = object.fields.iter().find(|field| field.name.as_str() == change.field);
    let relation = object.relations.iter().find(|relation| relation.name.as_str() == change.field);
    let may = match (field, relation) {
        (Some(field), _) => policy.may_read_field(object.ix, field.ix),
        (None, Some(relation)) => policy.may_read_relation(object.ix, relation.ix),
        (None, None) => false,
    };
    if may { change } else { Change { old: Json::Null, new: Json::Null, ..change } }
}
