//! What is known of a person, as one JSON document: the record with its history, the records that were merged into it, what
//! refers to it, ids in other systems, and the entries of the audit trail about and by him.

use std::sync::Arc;

use serde_json::json;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::{LinkEnd, Object, Part, RelationShape, State, system};
use tenon_query::{Action, Answer, AuthorizedTable, Deleted, HistoryFetch, HistoryRow, Output, Params, Predicate, Read, Select, Window};
use tenon_store::{AuditFilter, AuditKind, AuditNote, AuditOrder, Lock, Store, StoreError, Tx, record_json};
use tenon_value::{Json, RecordId, Uuid, Value};

use super::{PERSON_RECORDS_MAX, nobody, object_named, permitted, same};
use crate::RecordsError;

/// Versions and entries of the trail handed out at most, the newest.
const ENTRIES_MAX: u32 = 10_000;

/// Everything of a person. That it was handed out is in the audit trail before it is.
///
/// # Errors
/// FORBIDDEN for everybody but administrators, `NOT_FOUND`, EXHAUSTED `person_records`; what the store says.
pub async fn export(store: &Store, cx: &OpContext, policy: &Policy, (object, id): (&str, RecordId)) -> Result<Json, RecordsError> {
    permitted(policy)?;
    let object = object_named(cx, object)?;
    let mut tx = store.begin(cx).await?;
    let gathered = gather(&mut tx, (store, cx, policy), (object, id)).await;
    tx.rollback().await?;
    let mut document = gathered?;
    store.audit_seal(cx.model.tenant).await?;
    let mut about = trail(store, cx, AuditFilter { record: Some(id), ..AuditFilter::default() }).await?;
    let mut held = files(store, cx, (object, id)).await?;
    for one in merged_ids(&document).into_iter().map(RecordId) {
        about.extend(trail(store, cx, AuditFilter { record: Some(one), ..AuditFilter::default() }).await?);
        held.extend(files(store, cx, (object, one)).await?);
    }
    let by = trail(store, cx, AuditFilter { by: Some(id.0), ..AuditFilter::default() }).await?;
    store.audit_note(cx, AuditNote::new(AuditKind::PersonExported).about(object.name.as_str(), Some(id))).await?;
    if let Some(members) = document.as_object_mut() {
        members.insert("audit".to_owned(), json!({ "about": about, "by": by }));
        members.insert("membership".to_owned(), membership(store, cx, id).await?);
        members.insert("files".to_owned(), json!(held));
    }
    Ok(document)
}

async fn gather(
    tx: &mut Tx,
    (store, cx, policy): (&Store, &OpContext, &Policy),
    (object, id): (&Object, RecordId),
) -> Result<Json, RecordsError> {
    let name = object.name.as_str();
    let table = policy.whole(&cx.model, object.ix, Action::Read).map_err(|_| nobody(name))?;
    let person = same::person(tx, &table, id).await?;
    let mut known = Vec::new();
    for one in &person {
        known.extend(known_of(tx, (store, cx), (object, &table), *one).await?);
    }
    let mut known = known.into_iter();
    let own = known.next().filter(|own| own.id == id).ok_or_else(|| nobody(name))?;
    let merged: Vec<Json> = known
        .map(|one| json!({ "id": one.id.to_string(), "record": one.record, "external_ids": one.external, "history": one.history }))
        .collect();
    let personal: Vec<&str> = object.fields.iter().filter(|field| field.personal).map(|field| field.name.as_str()).collect();
    Ok(json!({
        "object": name,
        "id": id.to_string(),
        "exported_at": cx.now.to_string(),
        "personal_fields": personal,
        "record": own.record,
        "external_ids": own.external,
        "history": own.history,
        "merged": merged,
        "referring": referring(tx, cx, policy, (object, id)).await?,
    }))
}

/// The ids of the records that were merged into the one handed out.
fn merged_ids(document: &Json) -> Vec<Uuid> {
    let merged = document.get("merged").and_then(Json::as_array).into_iter().flatten();
    merged.filter_map(|one| one.get("id")?.as_str()?.parse().ok()).collect()
}

/// What is known of one record.
struct Known {
    id: RecordId,
    record: Json,
    external: Vec<Json>,
    history: Vec<Json>,
}

/// None where there is no such record any more.
async fn known_of(
    tx: &mut Tx,
    (store, cx): (&Store, &OpContext),
    (object, table): (&Object, &AuthorizedTable),
    id: RecordId,
) -> Result<Option<Known>, RecordsError> {
    let Some(record) = tx.load(table, &[id], Deleted::Include, Lock::None).await?.pop() else { return Ok(None) };
    let external = tx.external_ids(table, &[id]).await?.into_iter();
    let external = external.map(|(_, external)| json!({ "system": external.system, "id": external.key })).collect();
    let history = history(tx, (store, cx), table.clone(), id).await?.iter().map(version).collect();
    Ok(Some(Known { id, record: record_json(object, &record), external, history }))
}

async fn history(
    tx: &mut Tx,
    (store, cx): (&Store, &OpContext),
    table: AuthorizedTable,
    id: RecordId,
) -> Result<Vec<HistoryRow>, RecordsError> {
    let mut params = Params::default();
    let (wanted, size) = (params.push(Value::Id(id.0)), params.push(Value::Int(i64::from(ENTRIES_MAX))));
    let select = Select {
        table,
        filter: Some(Predicate::equals(system::ID, Part::Whole, wanted)),
        deleted: Deleted::Include,
        order: Vec::new(),
        window: Window::One,
        output: Output { histories: vec![HistoryFetch { size, before_version: None, seen: Vec::new() }], ..Output::default() },
        count: None,
    };
    let prepared = store.prepare(&Arc::clone(&cx.model), Read::Select(select))?;
    let Answer::Page(page) = tx.read(&prepared, &params).await? else { return Ok(Vec::new()) };
    Ok(page.rows.into_iter().flat_map(|row| row.histories).flat_map(|(versions, _)| versions).collect())
}

fn version(row: &HistoryRow) -> Json {
    let changes: Vec<Json> =
        row.changes.iter().map(|change| json!({ "field": change.field, "old": change.old, "new": change.new })).collect();
    let (kind, id, display) = &row.by;
    json!({
        "version": row.version,
        "at": row.at.to_string(),
        "by": { "kind": kind, "id": id.to_string(), "display": display },
        "via": row.via,
        "reason": row.reason,
        "changes": changes,
    })
}

/// Records that refer to the person: by a relation of theirs, or by a link. Whose records he owns or has made is his work,
/// not his data: the trail has it.
async fn referring(tx: &mut Tx, cx: &OpContext, policy: &Policy, (object, id): (&Object, RecordId)) -> Result<Json, RecordsError> {
    let mut all = Vec::new();
    for other in cx.model.objects.iter().filter(|other| other.state == State::Active) {
        for relation in other.relations.iter().filter(|relation| !relation.system && relation.targets.contains(&object.ix)) {
            let Ok(table) = policy.whole(&cx.model, other.ix, Action::Read) else { continue };
            let ids: Vec<RecordId> = match relation.shape {
                RelationShape::Many(link) => {
                    let Ok(here) = policy.whole(&cx.model, object.ix, Action::Read) else { continue };
                    let links = tx.links(link, LinkEnd::Target, &[id], (&table, &here)).await?;
                    links.into_iter().map(|link| link.source).collect()
                }
                _ => tx.referrers(&table, relation.ix, &[id], Deleted::Include).await?.into_iter().map(|(child, _)| child).collect(),
            };
            if ids.is_empty() {
                continue;
            }
            if all.len() + ids.len() > PERSON_RECORDS_MAX {
                let (max, actual) = (PERSON_RECORDS_MAX as u64, (all.len() + ids.len()) as u64);
                return Err(RecordsError::problem(None, Problem::exhausted("person_records", max, actual)));
            }
            for record in tx.load(&table, &ids, Deleted::Include, Lock::None).await? {
                all.push(
                    json!({ "object": other.name.as_str(), "relation": relation.name.as_str(), "record": record_json(other, &record) }),
                );
            }
        }
    }
    Ok(Json::Array(all))
}

/// How he signs in, if he does; nothing that would let somebody else do it.
async fn membership(store: &Store, cx: &OpContext, id: RecordId) -> Result<Json, StoreError> {
    let Some(member) = store.member(cx.model.tenant, id.0).await? else { return Ok(Json::Null) };
    let sessions = store.sessions(cx.model.tenant, id.0).await?;
    let sessions: Vec<Json> = sessions
        .iter()
        .map(|session| {
            json!({
                "created_at": session.created_at.to_string(),
                "seen_at": session.seen_at.to_string(),
                "user_agent": session.user_agent,
                "address": session.address,
            })
        })
        .collect();
    Ok(json!({
        "login": member.login,
        "email": member.email,
        "roles": member.roles,
        "state": member.state.word(),
        "created_at": member.created_at.to_string(),
        "last_sign_in_at": member.last_sign_in_at.map(|at| at.to_string()),
        "second_factor": member.has_totp,
        "sessions": sessions,
    }))
}

/// The files the record holds: what they are, and where their bytes are fetched.
async fn files(store: &Store, cx: &OpContext, (object, id): (&Object, RecordId)) -> Result<Vec<Json>, StoreError> {
    let held = store.files_held(cx, object.ix, id).await?;
    let ids: Vec<Uuid> = held.iter().map(|(_, file)| *file).collect();
    let stored = store.files(cx.model.tenant, &ids).await?;
    let one = |(field, id): &(tenon_model::FieldIx, Uuid)| {
        let file = stored.iter().find(|file| file.id == *id)?;
        Some(json!({
            "field": object.field(*field)?.name.as_str(),
            "id": file.id.to_string(),
            "name": file.name,
            "mime_type": file.mime,
            "size": file.size,
            "sha256": file.sha256,
            "at": file.at.to_string(),
        }))
    };
    Ok(held.iter().filter_map(one).collect())
}

async fn trail(store: &Store, cx: &OpContext, filter: AuditFilter) -> Result<Vec<Json>, StoreError> {
    let entries = store.audit_page(cx.model.tenant, &filter, AuditOrder::Newest(None), ENTRIES_MAX).await?;
    let told = entries.iter().map(|entry| {
        json!({
            "number": entry.number,
            "kind": entry.kind,
            "at": entry.at.to_string(),
            "clock": entry.clock.to_string(),
            "by": { "kind": entry.by.0, "id": entry.by.1.to_string() },
            "via": entry.via,
            "object": entry.object,
            "record": entry.record.map(|record| record.to_string()),
            "detail": entry.detail,
        })
    });
    Ok(told.collect())
}
