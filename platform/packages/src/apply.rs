//! Carrying a plan out: computed again under the exclusive model lock, written in one transaction, live when it returns.
//!
//! Invariant: a crash or an error at any step leaves the tenant as it was; after commit there is nothing left to do but load.

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_diagnostics::{Diagnostic, Severity};
use tenon_model::{Element, ElementPath, Model, ModelVersion};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, MetadataTx};
use tenon_value::{DateTime, Json, Name, TenantId};

use crate::compute::{Computed, compute, rows_after};
use crate::elements::Elements;
use crate::measure::Gauge;
use crate::settings::changed;
use crate::{Draft, Operation, Packages, PackagesError, Plan, Risk, SettingsChange, journal, physical, shaping};

/// What was done.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The version that is live now.
    pub version: ModelVersion,
    /// The steps, as they were carried out.
    pub operations: Vec<Operation>,
    /// The model that is live now.
    pub model: Arc<Model>,
}

/// What the caller has agreed to.
#[derive(Clone, Copy)]
pub(crate) enum Consent<'a> {
    /// Steps at these paths, however destructive.
    Paths(&'a [String]),
    /// Whatever the package brings.
    Package,
}

impl Consent<'_> {
    fn covers(self, operation: &Operation) -> bool {
        match self {
            Self::Paths(paths) => paths.contains(&operation.path),
            Self::Package => true,
        }
    }
}

/// A draft to be carried out.
#[derive(Clone)]
pub(crate) struct Work<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) cx: Option<&'a OpContext>,
    pub(crate) target: Name,
    pub(crate) draft: &'a Draft,
    /// The plan that is carried out, as it was told.
    pub(crate) expect: Option<&'a Plan>,
    pub(crate) consent: Consent<'a>,
}

impl Packages {
    /// Carries a draft out in a transaction of its own.
    pub(crate) async fn carry_out(&self, work: Work<'_>) -> Result<Applied, PackagesError> {
        let mut tx = self.store.metadata_begin(work.tenant).await?;
        let version = tx.version();
        let done = self.under_lock(&mut tx, &work).await;
        let done = done.map(|applied| applied.map(|applied| (applied.clone(), applied.model)));
        let Some(applied) = self.ended(tx, done).await? else {
            return Ok(Applied { version, operations: Vec::new(), model: self.live(work.tenant, version).await? });
        };
        tracing::info!(tenant = %work.tenant, version = applied.version.0, steps = applied.operations.len(), "metadata applied");
        Ok(applied)
    }

    /// Everything but the commit. None where there is nothing to do.
    pub(crate) async fn under_lock(&self, tx: &mut MetadataTx, work: &Work<'_>) -> Result<Option<Applied>, PackagesError> {
        let now = work.cx.map_or_else(self.clock, |cx| cx.now);
        let (mut planned, plan) = Planned::under_lock(tx, work.tenant, (&work.target, work.draft), now, |_| Vec::new()).await?;
        if let Some(told) = work.expect {
            if told.hash != plan.hash {
                return Err(PackagesError::PlanStale);
            }
            stay_blocked(&mut planned.operations, &told.operations);
        }
        planned.sound(&plan)?;
        planned.permitted(work.consent)?;
        if plan.is_empty() {
            return Ok(None);
        }
        let version = planned.version();
        let name = work.cx.map_or("Tenon", |cx| cx.principal.display.as_str());
        let by = work.cx.map_or_else(|| AuditBy { via: "install", ..AuditBy::system(now) }, AuditBy::of);
        let (model, operations) = planned.write(tx, work, (name, &by, now)).await?;
        Ok(Some(Applied { version, operations, model }))
    }
}

/// A draft of a layer, worked out under the lock and ready to be written.
pub(crate) struct Planned {
    computed: Computed,
    operations: Vec<Operation>,
    /// The layer as it is.
    own: Elements,
}

impl Planned {
    /// Works a draft out. `also` finds what is wrong with it beside what the compiler finds.
    pub(crate) async fn under_lock(
        tx: &mut MetadataTx,
        tenant: TenantId,
        (target, draft): (&Name, &Draft),
        now: DateTime,
        also: impl FnOnce(&MetadataRows) -> Vec<Diagnostic>,
    ) -> Result<(Self, Plan), PackagesError> {
        let rows = tx.rows().await?;
        let own = own_elements(&rows, target);
        tx.set_time(now);
        let mut computed = compute(tenant, &rows, target, draft, now)?;
        computed.diagnostics.extend(also(&rows));
        let plan = crate::measure::settle(&mut Gauge::Locked(tx), &mut computed, now).await?;
        Ok((Self { computed, operations: plan.operations.clone(), own }, plan))
    }

    /// True where nothing would change.
    pub(crate) const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The version it makes.
    pub(crate) const fn version(&self) -> ModelVersion {
        self.computed.rows.version
    }

    /// Refuses what has mistakes.
    pub(crate) fn sound(&self, plan: &Plan) -> Result<(), PackagesError> {
        let errors: Vec<Diagnostic> = plan.errors().cloned().collect();
        if errors.is_empty() { Ok(()) } else { Err(PackagesError::Refused(errors)) }
    }

    /// Refuses blocked steps, and those that need to be agreed to and are not.
    pub(crate) fn permitted(&self, consent: Consent<'_>) -> Result<(), PackagesError> {
        permitted(&self.operations, consent)
    }

    /// Writes layer, shape, journal and audit note, and leaves jobs; the model that will be live, and the steps as they are done.
    pub(crate) async fn write(
        self,
        tx: &mut MetadataTx,
        work: &Work<'_>,
        (name, by, now): (&str, &AuditBy, DateTime),
    ) -> Result<(Arc<Model>, Vec<Operation>), PackagesError> {
        let Self { mut computed, mut operations, own } = self;
        let entry = journal::entry(name, work.target.as_str(), &operations, (&own, &computed.wish.elements));
        let version = computed.rows.version;
        let jobs = shaping::defer(&mut computed, &own, &mut operations);
        if !jobs.is_empty() {
            computed.rows = rows_after(&computed.rows, &work.target, &computed.wish, version);
            let (_, found) = tenon_catalog::assemble_rows(work.tenant, &computed.rows);
            let wrong: Vec<Diagnostic> = found.into_iter().filter(|one| one.severity == Severity::Error).collect();
            if !wrong.is_empty() {
                return Err(PackagesError::Refused(wrong));
            }
        }
        let model = write(tx, (work.tenant, &work.target), computed, &own).await?;
        shaping::leave(tx, work, &jobs).await?;
        name_index_jobs(tx, &model, &mut operations);
        tx.journal(now, &entry).await?;
        tx.audit_note(by, journal::noted(work.target.as_str(), version, &operations)).await?;
        Ok((model, operations))
    }
}

/// Writes settings. None where nothing would change.
pub(crate) async fn settings_under_lock(
    tx: &mut MetadataTx,
    cx: &OpContext,
    change: &SettingsChange,
) -> Result<Option<ModelVersion>, PackagesError> {
    let rows = tx.rows().await?;
    let new = changed(&rows.settings, change).map_err(|problem| PackagesError::Setting(Box::new(problem)))?;
    if new == rows.settings {
        return Ok(None);
    }
    if new.base_currency != rows.settings.base_currency {
        refuse_stored_money(tx, cx.model.tenant, &rows).await?;
    }
    tx.put_settings(&new).await?;
    let mut note = tenon_value::JsonMap::new();
    note.insert("by".to_owned(), Json::from(cx.principal.display.as_str()));
    note.insert("settings".to_owned(), journal::settings(&new));
    note.insert("overwritten".to_owned(), journal::settings(&rows.settings));
    tx.journal(cx.now, &Json::Object(note)).await?;
    let facts = serde_json::json!({ "before": journal::settings(&rows.settings), "after": journal::settings(&new) });
    tx.audit_note(&AuditBy::of(cx), AuditNote::new(AuditKind::SettingsChanged).facts(facts)).await?;
    Ok(Some(ModelVersion(rows.version.0 + 1)))
}

/// Amounts are stored in the base currency too: with records in place it cannot change any more.
async fn refuse_stored_money(tx: &mut MetadataTx, tenant: TenantId, rows: &MetadataRows) -> Result<(), PackagesError> {
    let model = tenon_catalog::model_of(tenant, rows)?;
    let has_money =
        |object: &tenon_model::Object| object.fields.iter().any(|field| matches!(field.kind, tenon_model::FieldKind::Money { .. }));
    for object in model.objects.iter().filter(|object| has_money(object)) {
        if tx.row_count(object).await? > 0 {
            let problem = tenon_diagnostics::Problem::invalid(
                "locked",
                format!("`{}` has records with amounts in the base currency, it can no longer change", object.name),
                format!("`{}` 已有以本位币计的记录,本位币不可再更改", object.name),
            );
            return Err(PackagesError::Setting(Box::new(problem.field("baseCurrency"))));
        }
    }
    Ok(())
}

/// What stood in the way of a step that could be left to a job was counted when it was planned, and is not counted again while
/// nobody can write: planning again says whether it still does.
fn stay_blocked(operations: &mut [Operation], told: &[Operation]) {
    for operation in operations.iter_mut().filter(|one| one.risk == Risk::Job) {
        let was = told.iter().find(|told| told.path == operation.path && told.op == operation.op && told.risk == Risk::Blocked);
        if let Some(was) = was {
            *operation = was.clone();
        }
    }
}

/// Steps in force at once may leave indexes to a job: those of its object name it, unless they name one already.
fn name_index_jobs(tx: &MetadataTx, model: &Model, operations: &mut [Operation]) {
    for (id, job) in tx.indexing() {
        let Some(object) = model.objects.iter().find(|object| object.id == *id) else { continue };
        let of_object = |one: &&mut Operation| one.job.is_none() && ElementPath(one.path.clone()).split().0 == object.name.as_str();
        operations.iter_mut().filter(of_object).for_each(|operation| operation.job = Some(*job));
    }
}

/// Blocked steps are refused; those that need it must be agreed to.
pub(crate) fn permitted(operations: &[Operation], consent: Consent<'_>) -> Result<(), PackagesError> {
    let blocked: Vec<Operation> = operations.iter().filter(|one| one.risk == Risk::Blocked).cloned().collect();
    if !blocked.is_empty() {
        return Err(PackagesError::Blocked(blocked));
    }
    let open: Vec<String> =
        operations.iter().filter(|one| one.needs_confirmation() && !consent.covers(one)).map(|one| one.path.clone()).collect();
    if open.is_empty() { Ok(()) } else { Err(PackagesError::Unconfirmed(open)) }
}

async fn write(
    tx: &mut MetadataTx,
    (tenant, target): (TenantId, &Name),
    computed: Computed,
    own: &Elements,
) -> Result<Arc<Model>, PackagesError> {
    let Computed { wish, before, mut rows, after, .. } = computed;
    put_layer(tx, target, own, &wish.elements).await?;
    if let Some(after) = &after {
        physical::allocate(tx, after, &mut rows.physical).await?;
    }
    shaping::name_columns(tx, &before, (tenant, &mut rows)).await?;
    let after = tenon_catalog::model_of(tenant, &rows)?;
    tx.shape(Some(&before), &after).await?;
    Ok(Arc::new(after))
}

/// Writes a layer in its order. The store puts new elements at the end; where they belong elsewhere, all are put again.
async fn put_layer(tx: &mut MetadataTx, target: &Name, before: &Elements, after: &Elements) -> Result<(), PackagesError> {
    let stay: Vec<&ElementPath> = before.keys().filter(|path| after.contains_key(*path)).collect();
    let in_place = after.keys().take(stay.len()).eq(stay.iter().copied());
    let gone: Vec<ElementPath> = before.keys().filter(|path| !in_place || !after.contains_key(*path)).cloned().collect();
    if !gone.is_empty() {
        tx.remove_elements(target, &gone).await?;
    }
    let put = after.iter().filter(|(path, element)| !in_place || before.get(*path) != Some(*element));
    let put: Vec<Element> = put.map(|(_, element)| element.clone()).collect();
    tx.put_elements(target, &put).await?;
    Ok(())
}

fn own_elements(rows: &MetadataRows, target: &Name) -> Elements {
    let layer = rows.layers.iter().find(|layer| layer.package == *target);
    layer.into_iter().flat_map(|layer| &layer.elements).map(|element| (element.path.clone(), element.clone())).collect()
}
