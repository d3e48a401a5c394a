//! An apply leaves steps to jobs.

use tenon_model::{Element, Model, columns_id, shadow_id};
use tenon_store::{JobBy, MetadataRows, MetadataTx, NewJob, PhysicalKind};
use tenon_value::{ElementId, Json, JsonMap, TenantId, Uuid};

use super::SHAPE;
use crate::apply::Work;
use crate::compute::Computed;
use crate::elements::Elements;
use crate::{Op, Operation, PackagesError, Risk};

/// Properties by which a field is kept otherwise.
const OF_TYPE: [&str; 3] = ["type", "scale", "sort"];
/// Properties that are in force at once, whatever becomes of the others.
const AT_ONCE: [&str; 5] = ["label", "about", "was", "alias_until", "personal"];

/// A job to be left: its id, the element's path, and whether records get the default of a new field.
pub(crate) struct Deferred {
    id: Uuid,
    path: String,
    fills: bool,
}

/// Has the elements of steps that are left to jobs be what they were, until those have ended.
pub(crate) fn defer(computed: &mut Computed, own: &Elements, operations: &mut [Operation]) -> Vec<Deferred> {
    let mut jobs: Vec<Deferred> = Vec::new();
    for operation in operations.iter_mut().filter(|operation| operation.risk == Risk::Job) {
        if let Some(known) = jobs.iter().find(|job| job.path == operation.path) {
            operation.job = Some(known.id);
            continue;
        }
        let path = tenon_model::ElementPath(operation.path.clone());
        let Some(element) = computed.wish.elements.get_mut(&path) else { continue };
        let id = Uuid::now_v7();
        let old = own.values().find(|old| old.id == element.id);
        let keys = if operation.op == Op::Add { not_yet(element) } else { kept(old, element) };
        element.build(id, keys);
        operation.job = Some(id);
        jobs.push(Deferred { id, path: operation.path.clone(), fills: operation.op == Op::Add });
    }
    jobs
}

/// What a new field is not until its job has ended: required, unique. An auto number is unique unless it says otherwise.
fn not_yet(new: &Element) -> JsonMap<String, Json> {
    let wished = ["required", "unique"].into_iter().filter(|key| new.properties.contains_key(*key));
    let mut keys: JsonMap<String, Json> = wished.map(|key| (key.to_owned(), Json::Null)).collect();
    if new.properties.get("type").is_some_and(|kind| kind.value == "auto_number") {
        keys.entry("unique".to_owned()).or_insert(Json::Bool(false));
    }
    keys
}

/// The properties that stay as they are, with the values that the layer has for them; null where it has none.
fn kept(old: Option<&Element>, new: &Element) -> JsonMap<String, Json> {
    let before = |key: &str| old.and_then(|old| old.properties.get(key)).map(|one| one.value.clone());
    let after = |key: &str| new.properties.get(key).map(|one| one.value.clone());
    let is_of_type = OF_TYPE.iter().any(|key| before(key) != after(key));
    let stays = |key: &str| if is_of_type { !AT_ONCE.contains(&key) } else { matches!(key, "required" | "unique") };
    let all = old.into_iter().flat_map(|old| old.properties.keys()).chain(new.properties.keys());
    let changed = all.filter(|key| stays(key) && before(key) != after(key));
    changed.map(|key| (key.clone(), before(key).unwrap_or_default())).collect()
}

/// Leaves the jobs, with the change itself.
pub(crate) async fn leave(tx: &mut MetadataTx, work: &Work<'_>, jobs: &[Deferred]) -> Result<(), PackagesError> {
    for job in jobs {
        let payload = serde_json::json!({ "path": job.path, "layer": work.target.as_str(), "fills": job.fills });
        let by = work.cx.map_or_else(JobBy::system, JobBy::of);
        let new = NewJob { id: job.id, kind: SHAPE, payload, total: None, due: None, key: None, receiving: false, by };
        tx.job_put(&new).await?;
    }
    Ok(())
}

/// Gives names to the columns of fields that change their type: those of a job beside the ones in use, those of a table
/// without records instead of them.
pub(crate) async fn name_columns(
    tx: &mut MetadataTx,
    before: &Model,
    (tenant, rows): (TenantId, &mut MetadataRows),
) -> Result<(), PackagesError> {
    let is_of_type = |element: &&Element| element.still().is_some_and(|keys| OF_TYPE.iter().any(|key| keys.contains_key(*key)));
    let built = rows.layers.iter().flat_map(|layer| &layer.elements).filter(is_of_type);
    let mut unnamed: Vec<ElementId> = built.map(|element| shadow_id(element.id)).collect();
    unnamed.retain(|id| !rows.physical.names.contains_key(id));
    let after = tenon_catalog::model_of(tenant, rows)?;
    for object in &after.objects {
        let Some(old) = before.objects.iter().find(|old| old.id == object.id) else { continue };
        for field in object.fields.iter().filter(|field| !field.system) {
            let was = old.fields.iter().find(|was| was.id == field.id);
            let clashes = |column: &tenon_model::Column| {
                was.is_some_and(|was| was.columns.iter().any(|one| one.name == column.name && one.kind != column.kind))
            };
            if field.columns.iter().any(clashes) {
                unnamed.push(columns_id(field.id));
            }
        }
    }
    if unnamed.is_empty() {
        return Ok(());
    }
    let wanted: Vec<(ElementId, PhysicalKind)> = unnamed.into_iter().map(|id| (id, PhysicalKind::Field)).collect();
    let names = tx.name_all(&wanted).await?;
    rows.physical.names.extend(wanted.into_iter().map(|(id, _)| id).zip(names));
    Ok(())
}
