//! A person is erased: the record keeps its id, and nothing that tells whose it was.
//!
//! The personal fields are emptied like any other update, in one transaction with everything that repeats them: old values
//! in history, the outbox, stored answers, ids in other systems, details of the audit trail. A user loses his membership
//! and his name on what he did. Text elsewhere that happens to name him is the administrator's to find.

use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_model::{Field, FieldIx, FieldKind, Object};
use tenon_query::{Action, AuthorizedTable, Deleted, Record};
use tenon_store::{AuditKind, AuditNote, Erased, Lock, OutboxEntry, RowWrite, Store, Tx};
use tenon_value::{RecordId, Value};

use super::{nobody, object_named, permitted};
use crate::RecordsError;
use crate::limits::RETRIES_MAX;

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
        store.member_remove(cx.model.tenant, id.0).await?;
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
    let acts = name == ACTOR;
    let old = tx.load(table, &[id], Deleted::Include, Lock::Update).await?.pop().ok_or_else(|| nobody(name))?;
    let (new, emptied) = emptied(&old, fields);
    if !emptied.is_empty() {
        tx.outbox(OutboxEntry { word: "updated", object: object.id, records: vec![(id, old.version() + 1)], changed: emptied.clone() });
        tx.write(cx, table, &[RowWrite::Update { old, new }]).await?;
    }
    let all: Vec<FieldIx> = fields.iter().map(|field| field.ix).collect();
    let beside = tx.erase_person(table, id, &all, acts).await?;
    let facts = serde_json::json!({
        "fields": emptied,
        "versions": beside.versions,
        "entries": beside.entries,
        "answers": beside.answers,
        "external_ids": beside.external_ids,
    });
    tx.audit_note(AuditNote::new(AuditKind::PersonErased).about(name, Some(id)).facts(facts));
    Ok(ErasedPerson { fields: emptied, beside })
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
