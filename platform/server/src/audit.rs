//! A tenant's audit trail for an operator: verified, and taken out.

use serde_json::json;
use tenon_records::audit::{changes, entry_json};
use tenon_store::{AuditFilter, AuditKind, AuditNote, AuditOrder};
use tenon_value::{DateTime, Json};

use crate::declined::Declined;
use crate::engine::Engine;

/// Entries taken out in one piece.
const PIECE: u32 = 100;
/// Records of one entry whose changes are taken out.
const RECORDS_MAX: usize = 2_000;

/// Which part of a trail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice<'a> {
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
    /// Entries after this one.
    pub(crate) after: i64,
}

impl Engine {
    /// Links what waits, then walks the whole chain. With `head`, a hash that this gave before must still be part of it.
    ///
    /// # Errors
    /// Where there is no such tenant, or the database fails. A broken chain is no error: it is in the report.
    pub(crate) async fn audit_verify(&self, tenant: &str, head: Option<&str>) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        self.store.audit_seal(tenant.id).await?;
        let report = self.store.audit_verify(tenant.id, head).await?;
        let broken = report.broken.map(|place| json!({ "batch": place.batch, "entry": place.entry, "what": place.what }));
        Ok(json!({
            "tenant": tenant.name,
            "batches": report.batches,
            "entries": report.entries,
            "checked": report.checked,
            "erased": report.erased,
            "expired": report.expired,
            "head": report.head,
            "broken": broken,
        }))
    }

    /// A piece of the trail, the oldest first, and after which entry the next one begins.
    ///
    /// # Errors
    /// Where there is no such tenant, a moment is none, or the database fails.
    pub(crate) async fn audit_export(&self, tenant: &str, slice: Slice<'_>) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let filter = AuditFilter { from: moment("from", slice.from)?, to: moment("to", slice.to)?, ..AuditFilter::default() };
        let cx = self.system_context(&tenant).await?;
        if slice.after == 0 {
            self.store.audit_seal(tenant.id).await?;
            let facts = json!({ "from": slice.from, "to": slice.to, "format": "jsonl" });
            self.store.audit_note(&cx, AuditNote::new(AuditKind::AuditExported).facts(facts)).await?;
        }
        let entries = self.store.audit_page(tenant.id, &filter, AuditOrder::Oldest(slice.after), PIECE).await?;
        let policy = tenon_access::Policy::resolve(&cx.model, &cx.principal);
        let changed = changes(&self.store, &cx, &policy, (&entries, RECORDS_MAX)).await?;
        let next = entries.last().map(|last| last.number);
        let entries: Vec<Json> = entries.iter().zip(&changed).map(|(entry, changed)| entry_json(entry, changed)).collect();
        Ok(json!({ "entries": entries, "next": next }))
    }
}

/// A moment, or a day, which begins at midnight UTC.
fn moment(name: &str, text: Option<&str>) -> anyhow::Result<Option<DateTime>> {
    let Some(text) = text else { return Ok(None) };
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let parsed = whole
        .parse()
        .map_err(|_| Declined::invalid("range", format!("`--{name} {text}` is no moment: write `2026-02-28` or `2026-02-28T08:00:00Z`")))?;
    Ok(Some(parsed))
}
