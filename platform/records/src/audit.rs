//! What saves in the audit trail changed: old and new values, as far as the reader's own rights go.
//!
//! The trail itself holds ids and names of fields; values stand in history, and are read from there under the reader's
//! policy. Invariant: a value the reader may not read in clear is not shown, nor one of a record he may not see.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_model::{Model, Object, Part, system};
use tenon_query::{Action, Answer, Change, ColumnRef, Deleted, HistoryFetch, Output, Params, Predicate, Read, Select, Window};
use tenon_store::{AuditEntry, Store, StoreError};
use tenon_value::{Json, RecordId, Uuid, Value};

/// Records of one entry whose changes are looked up; a bulk write has more, and their histories tell.
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

/// What each entry changed, in the order of the entries; nothing where the record is gone or not the reader's to see.
///
/// # Errors
/// What the store says.
pub async fn changes(store: &Store, cx: &OpContext, policy: &Policy, entries: &[AuditEntry]) -> Result<Vec<Vec<Changed>>, StoreError> {
    let mut wanted: BTreeMap<u16, Vec<Uuid>> = BTreeMap::new();
    for entry in entries {
        if let Some(object) = object_of(&cx.model, entry) {
            wanted.entry(object.ix.0).or_default().extend(shown(entry).map(|(record, _)| record.0));
        }
    }
    let mut known: HashMap<(Uuid, i64), Vec<Change>> = HashMap::new();
    for (object, ids) in wanted {
        if let Some(object) = cx.model.objects.get(usize::from(object)) {
            known.extend(of_object(store, cx, policy, object, ids).await?);
        }
    }
    let changed = |(record, version): &(RecordId, i64)| {
        let changes = known.get(&(record.0, *version))?.clone();
        Some(Changed { record: *record, version: *version, changes })
    };
    Ok(entries.iter().map(|entry| shown(entry).filter_map(changed).collect()).collect())
}

fn shown(entry: &AuditEntry) -> impl Iterator<Item = &(RecordId, i64)> {
    entry.records.iter().take(RECORDS_SHOWN_MAX)
}

fn object_of<'m>(model: &'m Model, entry: &AuditEntry) -> Option<&'m Object> {
    let table = entry.table.as_deref()?;
    model.objects.iter().find(|object| object.table == table)
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
        output: Output { histories: vec![HistoryFetch { size, before_version: None }], ..Output::default() },
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
