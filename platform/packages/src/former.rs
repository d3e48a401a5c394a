//! Former names end on their day, unless somebody still uses them: then they go on until that has been over for a while.
//!
//! What is used is counted by the data API (`tenon_store::SchemaUse`): a name counts as used where any coordinate made of it
//! was. Invariant: a name that ends gives way for good; `was` stays written in the file, where it does nothing more.

use std::sync::Arc;

use serde_json::json;
use tenon_model::{Element, Model, ModelVersion, Place, Property};
use tenon_store::{AuditBy, AuditKind, AuditNote, MetadataRows, MetadataTx, USAGE_RECENT_DAYS};
use tenon_value::{Date, DateTime, Json, Name, TenantId, camel, pascal, plural_of, screaming};

use crate::{Packages, PackagesError};

const UNTIL: &str = "alias_until";

/// A coordinate by a former name, and the last day on which it was used.
type Used = (String, Date);

impl Packages {
    /// Ends former names whose day is over, and prolongs those that were used lately; the paths of both.
    ///
    /// # Errors
    /// Where the store does not answer; then everything is as it was.
    pub async fn former_names(&self, tenant: TenantId, now: DateTime) -> Result<Vec<String>, PackagesError> {
        let rows = self.store.metadata(tenant).await?;
        let today = now.date_in(&rows.settings.zone);
        if !elements(&rows).any(|(_, element)| is_due(element, today)) {
            return Ok(Vec::new());
        }
        let used = self.store.former_used(tenant, later(today, 1 - USAGE_RECENT_DAYS)).await?;
        let mut tx = self.store.metadata_begin(tenant).await?;
        let done = under_lock(&mut tx, (tenant, now), &used).await;
        Ok(self.ended(tx, done).await?.unwrap_or_default())
    }
}

fn elements(rows: &MetadataRows) -> impl Iterator<Item = (&Name, &Element)> {
    rows.layers.iter().flat_map(|layer| layer.elements.iter().map(move |element| (&layer.package, element)))
}

fn later(day: Date, days: i32) -> Date {
    Date::from_days(day.days().saturating_add(days))
}

fn until(element: &Element) -> Option<Date> {
    element.properties.get(UNTIL)?.value.as_str()?.parse().ok()
}

/// Whether its former name ends so soon that its use counts.
fn is_due(element: &Element, today: Date) -> bool {
    until(element).is_some_and(|until| until < later(today, USAGE_RECENT_DAYS))
}

/// What becomes of an element whose former name is due; none where it stays as it is.
fn settled(element: &Element, today: Date, used: &[Used]) -> Option<Element> {
    let until = until(element).filter(|_| is_due(element, today))?;
    let was = element.properties.get("was").and_then(|was| was.value.as_str()).unwrap_or_default();
    let stems = [was.to_owned(), plural_of(was)].map(|word| [pascal(&word), camel(&word), screaming(&word)]).concat();
    let is_of_it = |coordinate: &str| stems.iter().any(|stem| !stem.is_empty() && coordinate.contains(stem.as_str()));
    let last = used.iter().filter(|(coordinate, _)| is_of_it(coordinate)).map(|(_, day)| *day).max();
    let mut next = element.clone();
    match last.map(|last| later(last, USAGE_RECENT_DAYS)) {
        Some(longer) if longer > until => {
            let value = Json::from(longer.to_string());
            next.properties.insert(UNTIL.to_owned(), Property { value, place: Place::Nowhere });
        }
        None if until < today => {
            next.properties.shift_remove(UNTIL);
        }
        _ => return None,
    }
    Some(next)
}

async fn under_lock(
    tx: &mut MetadataTx,
    (tenant, now): (TenantId, DateTime),
    used: &[Used],
) -> Result<Option<(Vec<String>, Arc<Model>)>, PackagesError> {
    let rows = tx.rows().await?;
    let today = now.date_in(&rows.settings.zone);
    let changed: Vec<(&Name, Element)> =
        elements(&rows).filter_map(|(layer, element)| Some((layer, settled(element, today, used)?))).collect();
    if changed.is_empty() {
        return Ok(None);
    }
    tx.set_time(now);
    let mut told = Vec::new();
    for (layer, element) in &changed {
        tx.put_elements(layer, std::slice::from_ref(element)).await?;
        told.push(json!({ "layer": layer.as_str(), "path": element.path.0, "until": until(element).map(|day| day.to_string()) }));
    }
    let version = ModelVersion(rows.version.0 + 1);
    tx.journal(now, &json!({ "by": "Tenon", "former": told })).await?;
    let facts = json!({ "version": version.0, "former": told });
    tx.audit_note(&AuditBy::system(now), AuditNote::new(AuditKind::MetadataChanged).facts(facts)).await?;
    tracing::debug!(%tenant, version = version.0, "former names are settled");
    let paths = changed.into_iter().map(|(_, element)| element.path.0).collect();
    let model = tenon_catalog::model_of(tenant, &MetadataRows { version, ..tx.rows().await? })?;
    Ok(Some((paths, Arc::new(model))))
}
