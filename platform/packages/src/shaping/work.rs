//! What a job is about: the models of now and of then, and what is to be done to the records between them.

use std::sync::Arc;

use tenon_model::{Element, Field, Model, ModelVersion, Object, RelationShape, UniqueKey, columns_id, shadow_id};
use tenon_store::{MetadataRows, ShapeLook};
use tenon_value::{ElementId, Name, TenantId, Uuid};

use crate::{Packages, PackagesError};

/// What a job is about.
#[derive(Clone, Debug)]
pub struct Shaping {
    /// The layer of its element.
    pub(crate) layer: Name,
    /// Its element as it will be.
    pub(crate) element: Element,
    /// The model as it is.
    pub now: Arc<Model>,
    /// The model as it will be.
    pub then: Arc<Model>,
    /// The object, as it is and as it will be.
    pub objects: (Arc<Object>, Arc<Object>),
    /// The field, as it is and as it will be; none where it is about a relation, or about keys alone.
    pub fields: Option<(Field, Field)>,
    /// What is looked at in each record; none where it is about keys alone.
    pub look: Option<ShapeLook>,
    /// Values become values of another type.
    pub converts: bool,
    /// No live record may be without it.
    pub required: bool,
    /// Keys that no two live records may share, and that nobody has kept so far.
    pub keys: Vec<UniqueKey>,
}

impl Packages {
    /// What a job is about; none where its element is no longer its.
    ///
    /// # Errors
    /// `Refused` where the model would have mistakes by now; where the store does not answer.
    pub async fn shaping(&self, tenant: TenantId, (job, fills): (Uuid, bool)) -> Result<Option<Shaping>, PackagesError> {
        let rows = self.store.metadata(tenant).await?;
        shaping(tenant, &rows, (job, fills))
    }
}

/// The same, of rows that were read.
pub(crate) fn shaping(tenant: TenantId, rows: &MetadataRows, (job, fills): (Uuid, bool)) -> Result<Option<Shaping>, PackagesError> {
    let Some((layer, id)) = found(rows, job) else { return Ok(None) };
    let now = tenon_catalog::model_of(tenant, rows)?;
    let mut next = MetadataRows { version: ModelVersion(rows.version.0 + 1), ..rows.clone() };
    let of_job = |one: &&mut Element| one.building() == Some(job);
    let Some(element) = next.layers.iter_mut().flat_map(|layer| &mut layer.elements).find(of_job) else { return Ok(None) };
    element.built();
    let element = element.clone();
    if let Some(shadow) = next.physical.names.remove(&shadow_id(id)) {
        next.physical.names.insert(columns_id(id), shadow);
    }
    let (then, found) = tenon_catalog::assemble_rows(tenant, &next);
    let Some(then) = then else { return Err(PackagesError::Refused(found)) };
    let objects = now.objects.iter().zip(&then.objects).find(|(object, _)| holds(object, id));
    let Some((before, after)) = objects.map(|(before, after)| (before.clone(), after.clone())) else { return Ok(None) };
    let fields = before.fields.iter().find(|field| field.id == id).cloned().zip(after.fields.iter().find(|field| field.id == id).cloned());
    let relations = before.relations.iter().find(|one| one.id == id).zip(after.relations.iter().find(|one| one.id == id));
    let (converts, required) = match (&fields, relations) {
        (Some((old, new)), _) => (old.columns != new.columns, new.required && !old.required),
        (None, Some((old, new))) => (false, new.required && !old.required),
        (None, None) => (false, false),
    };
    let is_new = |key: &&UniqueKey| !before.unique.iter().any(|old| old.index == key.index);
    let keys = after.unique.iter().filter(is_new).cloned().collect();
    let look = look(&before, (fields.as_ref(), relations.map(|(old, _)| old)), (converts, fills)).filter(|_| converts || required);
    let layer = layer.clone();
    let (now, then) = (Arc::new(now), Arc::new(then));
    Ok(Some(Shaping { layer, element, now, then, objects: (before, after), fields, look, converts, required, keys }))
}

/// The element that a job is at.
pub(crate) fn found(rows: &MetadataRows, job: Uuid) -> Option<(&Name, ElementId)> {
    let mut all = rows.layers.iter().flat_map(|layer| layer.elements.iter().map(move |element| (&layer.package, element)));
    all.find(|(_, element)| element.building() == Some(job)).map(|(layer, element)| (layer, element.id))
}

pub(super) fn holds(object: &Object, id: ElementId) -> bool {
    object.id == id || object.fields.iter().any(|field| field.id == id) || object.relations.iter().any(|relation| relation.id == id)
}

/// What is looked at in each record: the value where it becomes another, or is filled in; else whether there is one.
fn look(
    object: &Object,
    (fields, relation): (Option<&(Field, Field)>, Option<&tenon_model::Relation>),
    (converts, fills): (bool, bool),
) -> Option<ShapeLook> {
    let table = object.table.clone();
    if let Some((old, new)) = fields {
        let column = old.columns.first()?;
        let shadow = match (converts, fills) {
            (true, _) => new.columns.clone(),
            (false, true) => old.columns.clone(),
            (false, false) => Vec::new(),
        };
        let kind = (!shadow.is_empty()).then_some(column.kind);
        return Some(ShapeLook { table, column: column.name.clone(), kind, shadow });
    }
    let column = relation.filter(|one| !matches!(one.shape, RelationShape::Many(_)))?.column.clone();
    Some(ShapeLook { table, column, kind: None, shadow: Vec::new() })
}
