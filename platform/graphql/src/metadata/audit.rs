//! The audit trail by the metadata API, for who holds the special right `audit`.
//!
//! What has happened is linked before it is read, so nobody reads less than has happened; each reading is an entry itself.
//! Old and new values are cut to the reader's own rights.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_model::Special;
use tenon_records::audit::{Changed, RECORDS_SHOWN_MAX, changes};
use tenon_store::{AuditKind, AuditNote, AuditOrder};
use tenon_value::{Json, RecordId, Uuid};

use super::door::{Failure, door};
use super::scalars::{DateTime, Long};

/// Entries of a page where nothing is said.
const PAGE_DEFAULT: i32 = 50;
/// Entries of a page at most.
const PAGE_MAX: i32 = 500;

/// Reads of the audit trail.
#[derive(Default)]
pub(super) struct AuditQuery;

/// Which entries. Machine time counts.
#[derive(InputObject, Default)]
pub(super) struct AuditFilter {
    /// From this moment on.
    from: Option<DateTime>,
    /// Before this moment.
    to: Option<DateTime>,
    /// `created`, `signed_in`, …; none named means all.
    kinds: Option<Vec<String>>,
    /// Who did it.
    by: Option<ID>,
    /// API name of an object.
    object: Option<String>,
    /// A record.
    record: Option<ID>,
}

/// A page of the trail, the newest first.
#[derive(SimpleObject)]
pub(super) struct AuditPage {
    nodes: Vec<AuditEntry>,
    has_next_page: bool,
    /// What `after` takes to go on.
    end_cursor: Option<String>,
}

/// Something that happened.
#[derive(SimpleObject)]
pub(super) struct AuditEntry {
    /// Its place in the chain.
    number: Long,
    /// The batch it is linked with.
    batch: Long,
    /// What: `created`, `updated`, `signed_in`, …
    kind: String,
    /// Business time.
    at: DateTime,
    /// Machine time.
    clock: DateTime,
    by: AuditActor,
    /// The door.
    via: String,
    /// The request, as in `X-Request-Id`.
    request: Option<String>,
    /// The caller's own words.
    reason: Option<String>,
    /// API name of the object, as it was.
    object: Option<String>,
    /// The record, where it is one.
    record: Option<ID>,
    /// Saved records, with the version each got.
    records: Vec<AuditRecord>,
    /// API names of what changed.
    changed: Vec<String>,
    /// Old and new values, of at most 20 records, as far as the reader may read them.
    changes: Vec<AuditChange>,
    facts: Option<Json>,
    /// What may be personal; null once erased.
    detail: Option<Json>,
}

/// Who did it.
#[derive(SimpleObject)]
pub(super) struct AuditActor {
    kind: String,
    id: ID,
    display: String,
}

/// A record in the version a save made.
#[derive(SimpleObject)]
pub(super) struct AuditRecord {
    id: ID,
    version: Long,
}

/// What one save changed in one field.
#[derive(SimpleObject)]
pub(super) struct AuditChange {
    record: ID,
    version: Long,
    field: String,
    old: Json,
    new: Json,
}

/// What the store or the pipeline says, in words for the caller; the operator is told the rest.
pub(super) fn told(error: &impl Classify) -> Failure {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        tracing::error!(%error, "metadata request failed");
    }
    error.problem().into()
}

#[Object]
impl AuditQuery {
    /// The audit trail, the newest first. Needs the special right `audit`; only who saw the system as oneself
    /// (`kinds: ["impersonated"], record: <own id>`) is everybody's to ask.
    async fn audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<AuditPage, Failure> {
        let door = door(ctx);
        let size = page_size(first)?;
        let wanted = wanted(filter.unwrap_or_default())?;
        let is_auditor = door.policy.may_special(Special::Audit);
        if !is_auditor && !is_own(&wanted, door.cx.principal.id) {
            return Err(Problem::of_kind(Kind::Forbidden).into());
        }
        let after = after.map(|after| after.parse::<i64>().map_err(|_| Failure::from(bad("cursor", "after")))).transpose()?;
        let (store, cx) = (&door.store, &door.cx);
        store.audit_seal(cx.model.tenant).await.map_err(|error| told(&error))?;
        let page = store.audit_page(cx.model.tenant, &wanted, AuditOrder::Newest(after), size + 1).await;
        let mut entries = page.map_err(|error| told(&error))?;
        let size = usize::try_from(size).unwrap_or_default();
        let has_next_page = entries.len() > size;
        entries.truncate(size);
        if is_auditor {
            let note = AuditNote::new(AuditKind::AuditRead).facts(facts(&wanted, entries.len()));
            store.audit_note(cx, note).await.map_err(|error| told(&error))?;
        }
        let is_asked = ctx.look_ahead().field("nodes").field("changes").exists();
        let changed = if is_asked {
            changes(store, cx, &door.policy, (&entries, RECORDS_SHOWN_MAX)).await.map_err(|error| told(&error))?
        } else {
            vec![Vec::new(); entries.len()]
        };
        let end_cursor = entries.last().map(|last| last.number.to_string());
        let nodes = entries.into_iter().zip(changed).map(|(entry, changed)| shown(entry, &changed)).collect();
        Ok(AuditPage { nodes, has_next_page, end_cursor })
    }
}

/// Who has seen the system as this person: that is for the person to know.
fn is_own(wanted: &tenon_store::AuditFilter, principal: Uuid) -> bool {
    wanted.record == Some(RecordId(principal)) && wanted.kinds == [AuditKind::Impersonated.word()]
}

fn page_size(first: Option<i32>) -> Result<u32, Failure> {
    let first = first.unwrap_or(PAGE_DEFAULT);
    if first > PAGE_MAX {
        return Err(Problem::exhausted("page_size", u64::from(PAGE_MAX.unsigned_abs()), u64::from(first.unsigned_abs())).into());
    }
    u32::try_from(first).map_err(|_| Problem::invalid("range", "`first` is not negative", "`first` 不能为负").into())
}

fn bad(rule: &'static str, name: &str) -> Problem {
    Problem::invalid(rule, format!("`{name}` is none of ours"), format!("`{name}` 无效"))
}

pub(super) fn id(name: &str, id: &ID) -> Result<Uuid, Failure> {
    id.parse().map_err(|_| bad("id", name).into())
}

fn wanted(filter: AuditFilter) -> Result<tenon_store::AuditFilter, Failure> {
    Ok(tenon_store::AuditFilter {
        from: filter.from.map(|at| at.0),
        to: filter.to.map(|at| at.0),
        kinds: filter.kinds.unwrap_or_default(),
        by: filter.by.as_ref().map(|by| id("by", by)).transpose()?,
        object: filter.object,
        record: filter.record.as_ref().map(|record| id("record", record)).transpose()?.map(RecordId),
    })
}

/// What was read: who asks about whom is an entry of its own.
fn facts(filter: &tenon_store::AuditFilter, entries: usize) -> Json {
    serde_json::json!({
        "from": filter.from.map(|at| at.to_string()),
        "to": filter.to.map(|at| at.to_string()),
        "kinds": filter.kinds.iter().take(50).collect::<Vec<_>>(),
        "by": filter.by.map(|by| by.to_string()),
        "object": filter.object.as_ref().map(|object| object.chars().take(40).collect::<String>()),
        "record": filter.record.map(|record| record.to_string()),
        "entries": entries,
    })
}

fn long(number: i64) -> Long {
    Long(u64::try_from(number).unwrap_or_default())
}

fn shown(entry: tenon_store::AuditEntry, changed: &[Changed]) -> AuditEntry {
    let changes = changed.iter().flat_map(|one| one.changes.iter().map(move |change| (one, change))).map(|(one, change)| AuditChange {
        record: one.record.to_string().into(),
        version: long(one.version),
        field: change.field.clone(),
        old: change.old.clone(),
        new: change.new.clone(),
    });
    let (kind, id, display) = entry.by;
    let some = |json: Json| Some(json).filter(|json| !json.is_null());
    AuditEntry {
        number: long(entry.number),
        batch: long(entry.batch),
        kind: entry.kind,
        at: DateTime(entry.at),
        clock: DateTime(entry.clock),
        by: AuditActor { kind, id: id.to_string().into(), display },
        via: entry.via,
        request: entry.request,
        reason: entry.reason,
        object: entry.object,
        record: entry.record.map(|record| record.to_string().into()),
        records: entry
            .records
            .iter()
            .map(|(record, version)| AuditRecord { id: record.to_string().into(), version: long(*version) })
            .collect(),
        changed: entry.changed,
        changes: changes.collect(),
        facts: some(entry.facts),
        detail: some(entry.detail),
    }
}
