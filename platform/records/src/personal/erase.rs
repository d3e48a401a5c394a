//! A person is erased: the record keeps its id, and nothing that tells whose it was.
//!
//! The personal fields are emptied like any other update, in one transaction with everything that repeats them: old values
//! in history, the outbox, stored answers, ids in other systems, merges, details of the audit trail; and the same for the
//! records that were merged into it. A user loses his membership and his name on what he did. Text elsewhere that happens to name him is the administrator's to find.

use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_model::{Field, FieldIx, FieldKind, Object};
use tenon_query::{Action, AuthorizedTable, Deleted, Record};
use tenon_store::{AuditBy, AuditKind, AuditNote, AuditNotes, Erased, Lock, OutboxEntry, RowWrite, Store, Tx};
use tenon_value::{ElementId, RecordId, Value};

use super::{nobody, object_named, permitted, same};
use crate::RecordsError;
use crate::limits::RETRIES_MAX;
use crate::merge::log::Log;

/// The object whose records act here.
const ACTOR: &str = "user";
/// What a required text becomes.
const ERASED: &str = "[erased]";

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedPerson {
    /// API names of the fields that were emptied.
    pub fields: Vec<String>,
    /// What was taken out beside the record.
    pub beside: Erased,
}

/// Erases a person. `confirm` is the record's id once more: this cannot be undone.
///
/// # Errors
/// FORBIDDEN for everybody but administrators, `NOT_FOUND`, REFUSED without the confirmation, INVALID where the object has
/// no personal fields; what the store says. Nothing was erased then.
pub async fn erase(
    store: &Store,
    cx: &OpContext,
    policy: &Policy,
    (object, id): (&str, RecordId),
    confirm: &str,
) -> Result<ErasedPerson, RecordsError> {
    permitted(policy)?;
    let object = object_named(cx, object)?;
    let fields: Vec<&Field> = object.fields.iter().filter(|field| field.personal && !field.system).collect();
    if fields.is_empty() {
        let (name, en) = (&object.name, "mark them with `personal: true` first");
        let problem =
            Problem::invalid("personal", format!("`{name}` has no personal fields; {en}"), format!("`{name}` 没有标记为个人信息的字段"));
        return Err(RecordsError::problem(None, problem.object(name.as_str())));
    }
    if confirm != id.to_string() {
        let message = Message::new(
            "say the id once more in `confirm`: this cannot be undone",
            "请在 `confirm` 中再次填写该记录的标识,此操作不可撤销",
        );
        return Err(RecordsError::problem(
            None,
            Problem { rule: Some("not_confirmed".into()), message, ..Problem::of_kind(Kind::Refused) },
        ));
    }
    let table = policy.table(&cx.model, object.ix, Action::Update, Place::Write).map_err(|_| nobody(object.name.as_str()))?;
    if object.name.as_str() == ACTOR && !cx.dry_run {
        // First of all he can no longer come in. Done twice it does no harm, so it need not be one transaction.
        let facts = serde_json::json!({ "after": "removed" });
        let note = AuditNote::new(AuditKind::MemberChanged).about(ACTOR, Some(id)).facts(facts);
        store.member_remove(cx.model.tenant, id.0, &AuditNotes::new(AuditBy::of(cx), [note])).await?;
    }
    let mut tries = 0;
    loop {
        match once(store, cx, (object, &table), id, &fields).await {
            Err(RecordsError::Store(error)) if error.is_retryable() && tries < RETRIES_MAX => tries += 1,
            done => return done,
        }
    }
}

async fn once(
    store: &Store,
    cx: &OpContext,
    (object, table): (&Object, &AuthorizedTable),
    id: RecordId,
    fields: &[&Field],
) -> Result<ErasedPerson, RecordsError> {
    let mut tx = store.begin(cx).await?;
    match carry_out(&mut tx, cx, (object, table), id, fields).await {
        Ok(_) if cx.dry_run => {
            tx.rollback().await?;
            Ok(ErasedPerson { fields: Vec::new(), beside: Erased::default() })
        }
        Ok(erased) => {
            tx.commit().await?;
            // The bytes go at once; where that fails, the next sweep does it.
            if erased.beside.files > 0
                && let Err(error) = store.files_sweep(cx.model.tenant).await
            {
                tracing::warn!(%error, "files of an erased person wait for the next sweep");
            }
            Ok(erased)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

async fn carry_out(
    tx: &mut Tx,
    cx: &OpContext,
    (object, table): (&Object, &AuthorizedTable),
    id: RecordId,
    fields: &[&Field],
) -> Result<ErasedPerson, RecordsError> {
    let name = object.name.as_str();
    if let Some(survivor) = tx.survivor_of(id).await? {
        let en = "this record was merged into another: erase that one, and this goes with it";
        let problem = Problem::conflict("merged", en, "该记录已并入另一条记录,请删除那一条的个人信息");
        return Err(RecordsError::problem(None, problem.object(name).with("survivor", survivor.to_string())));
    }
    let person = same::person(tx, table, id).await?;
    let mut ids = person.clone();
    ids.sort_unstable();
    let records = tx.load(table, &ids, Deleted::Include, Lock::Update).await?;
    if records.iter().all(|record| record.id != id) {
        return Err(nobody(name));
    }
    let mut erased = ErasedPerson { fields: Vec::new(), beside: Erased::default() };
    for one in &person {
        // What was destroyed since it was merged has nothing left but what is beside it.
        let old = records.iter().find(|record| record.id == *one);
        let (emptied, beside) = erase_one(tx, cx, (object, table), (*one, old), fields).await?;
        erased.fields.extend(emptied.into_iter().filter(|name| !erased.fields.contains(name)).collect::<Vec<_>>());
        erased.beside += beside;
    }
    forget_in_merges(tx, table, &person, fields).await?;
    Ok(erased)
}

/// Empties one record, and takes out what is beside it. Each has a note of its own: by it the chain explains what is gone.
async fn erase_one(
    tx: &mut Tx,
    cx: &OpContext,
    (object, table): (&Object, &AuthorizedTable),
    (id, old): (RecordId, Option<&Record>),
    fields: &[&Field],
) -> Result<(Vec<String>, Erased), RecordsError> {
    let name = object.name.as_str();
    let (new, emptied) = old.map(|old| emptied(old, fields)).unzip();
    let emptied = emptied.unwrap_or_default();
    if let Some((old, new)) = old.zip(new).filter(|_| !emptied.is_empty()) {
        tx.outbox(OutboxEntry { word: "updated", object: object.id, records: vec![(id, old.version() + 1)], changed: emptied.clone() });
        tx.write(cx, table, &[RowWrite::Update { old: old.clone(), new }]).await?;
    }
    let all: Vec<FieldIx> = fields.iter().map(|field| field.ix).collect();
    let beside = tx.erase_person(table, id, &all, name == ACTOR).await?;
    let facts = serde_json::json!({
        "fields": emptied,
        "versions": beside.versions,
        "entries": beside.entries,
        "answers": beside.answers,
        "external_ids": beside.external_ids,
        "files": beside.files,
    });
    tx.audit_note(AuditNote::new(AuditKind::PersonErased).about(name, Some(id)).facts(facts));
    Ok((emptied, beside))
}

/// Merges keep what the survivor had, so that they can be taken back: that goes, too.
async fn forget_in_merges(tx: &mut Tx, table: &AuthorizedTable, person: &[RecordId], fields: &[&Field]) -> Result<(), RecordsError> {
    let fields: Vec<ElementId> = fields.iter().map(|field| field.id).collect();
    for one in person {
        for merge in tx.merges_of(table, *one).await? {
            let Some(before) = Log::of_json(&merge.log) else { continue };
            let mut log = before.clone();
            log.forget(merge.survivor, (person, fields.as_slice()));
            if log != before {
                tx.merge_log(merge.id, &log.to_json()).await?;
            }
        }
    }
    Ok(())
}

/// The record without what is personal, and which fields had something.
fn emptied(old: &Record, fields: &[&Field]) -> (Record, Vec<String>) {
    let (mut new, mut names) = (old.clone(), Vec::new());
    for field in fields {
        let nothing = nothing(field, old.id);
        if *old.field(field.ix) != nothing && *old.field(field.ix) != Value::Null {
            new.set_field(field.ix, nothing);
            names.push(field.name.to_string());
        }
    }
    (new, names)
}

/// What a field holds instead: a required text says that it was erased, so that lists have something to show.
fn nothing(field: &Field, id: RecordId) -> Value {
    match &field.kind {
        FieldKind::Boolean => Value::Bool(false),
        FieldKind::Text { .. } if field.required && field.unique => Value::text(format!("{ERASED} {id}")),
        FieldKind::Text { .. } | FieldKind::LongText | FieldKind::RichText if field.required => Value::text(ERASED),
        _ => Value::Null,
    }
}
