//! A draft worked out over what is stored: the steps, the mistakes, and everything as it would be. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use tenon_catalog::CatalogError;
use tenon_diagnostics::{Diagnostic, Severity};
use tenon_model::{ElementPath, Layer, Model, ModelVersion};
use tenon_store::MetadataRows;
use tenon_value::{DateTime, Json, Name, TenantId};

use crate::desired::{Desired, desired};
use crate::diff::diff;
use crate::elements::{Stored, TENANT_LAYER, property};
use crate::judge::{Judged, judge};
use crate::{Draft, Op};

/// How long a renamed element's old name goes on working.
const ALIAS_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

const UNDER_WAY: &str = "a job is at it already: wait until it has ended, or cancel it";

/// A draft worked out.
pub(crate) struct Computed {
    pub(crate) base: ModelVersion,
    /// The steps, with what remains to be asked about them.
    pub(crate) steps: Vec<Judged>,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The layer as it would be.
    pub(crate) wish: Desired,
    /// The model as it is.
    pub(crate) before: Arc<Model>,
    /// The rows as they would be, and the model they make, where they make one.
    pub(crate) rows: MetadataRows,
    pub(crate) after: Option<Model>,
}

/// Works a draft of layer `target` out.
pub(crate) fn compute(
    tenant: TenantId,
    rows: &MetadataRows,
    target: &Name,
    draft: &Draft,
    now: DateTime,
) -> Result<Computed, CatalogError> {
    let before = Arc::new(tenon_catalog::model_of(tenant, rows)?);
    let rows = &with_layer(rows, target);
    let mut stored = Stored::new(&rows.layers, &rows.physical, target);
    let mut wish = desired(&mut stored, draft);
    stamp_aliases(&mut wish, now, &rows.settings.zone);
    let steps = diff(&stored, &wish);
    let next = rows_after(rows, target, &wish, ModelVersion(rows.version.0 + 1));
    let (after, found) = tenon_catalog::assemble_rows(tenant, &next);
    let mut diagnostics = std::mem::take(&mut wish.diagnostics);
    diagnostics.extend(found);
    in_order(&mut diagnostics);
    let mut steps = judge(steps, &before, after.as_ref());
    wait_for_jobs(&mut steps, &stored);
    Ok(Computed { base: rows.version, steps, diagnostics, wish, before, rows: next, after })
}

/// What a job is at changes no further until the job has ended; what people call it does.
fn wait_for_jobs(steps: &mut [Judged], stored: &Stored<'_>) {
    let is_told = |step: &Judged| match (&step.operation.op, &step.operation.after) {
        (Op::Rename | Op::Restore, _) => true,
        (Op::Change, Some(Json::Object(after))) => after.keys().all(|key| matches!(key.as_str(), "label" | "about")),
        _ => false,
    };
    for step in steps.iter_mut().filter(|step| !is_told(step)) {
        let path = ElementPath(step.operation.path.split(".options").next().unwrap_or_default().to_owned());
        if stored.own.get(&path).is_some_and(|element| element.building().is_some()) {
            step.operation.blocked(UNDER_WAY);
            step.questions.clear();
        }
    }
}

/// The same rows where they have the layer; else with an empty one above all packages and below the tenant.
fn with_layer<'r>(rows: &'r MetadataRows, target: &Name) -> Cow<'r, MetadataRows> {
    if rows.layers.iter().any(|layer| layer.package == *target) {
        return Cow::Borrowed(rows);
    }
    let mut rows = rows.clone();
    let tenant = rows.layers.iter().position(|layer| layer.package.as_str() == TENANT_LAYER);
    let place = tenant.filter(|_| target.as_str() != TENANT_LAYER).unwrap_or(rows.layers.len());
    rows.layers.insert(place, Layer { package: target.clone(), elements: Vec::new() });
    Cow::Owned(rows)
}

/// The rows as they will be: the layer in its new form.
pub(crate) fn rows_after(rows: &MetadataRows, target: &Name, wish: &Desired, version: ModelVersion) -> MetadataRows {
    let mut next = MetadataRows { version, ..rows.clone() };
    if let Some(layer) = next.layers.iter_mut().find(|one| one.package == *target) {
        layer.elements = wish.elements.values().cloned().collect();
    }
    next
}

/// Old names go on working for 90 days, to the end of that day in the tenant's zone.
fn stamp_aliases(wish: &mut Desired, now: DateTime, zone: &str) {
    let until = DateTime::from_millis(now.millis().saturating_add(ALIAS_MILLIS)).date_in(zone);
    for (_, to) in &wish.renames {
        if let Some(element) = wish.elements.get_mut(to) {
            element.properties.insert("alias_until".to_owned(), property(Json::from(until.to_string())));
        }
    }
}

/// Errors first, and nothing said twice.
fn in_order(diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for one in diagnostics.drain(..) {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen.sort_by_key(|one| one.severity != Severity::Error);
    *diagnostics = seen;
}
