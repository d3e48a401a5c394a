//! Elements that a job is bringing to what their author wishes: what they still are meanwhile, and who is at it.
//!
//! A layer's element says what is wished; its server property `still` says which of its properties are not in force yet, with
//! the values they have until then: `{"job": "…", "keys": {"type": "integer", "required": null}}`. Invariant: a model is made
//! of what is in force, so it goes on answering with the old shape until the job's last transaction takes `still` away.

use std::borrow::Cow;

use tenon_value::{ElementId, Json, JsonMap, Uuid};

use crate::{Element, Layer, Physical, Place, Property};

/// The server property that holds what an element still is.
pub const STILL: &str = "still";

/// A job that brings an element to what its author wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Building {
    /// The job.
    pub job: Uuid,
    /// The stem of the columns that are to hold a field in its new type.
    pub shadow: Option<String>,
}

/// The id under which the columns of a field whose type was changed have their physical name.
#[must_use]
pub fn columns_id(field: ElementId) -> ElementId {
    ElementId::derive(&field.to_string(), "columns")
}

/// The same of columns that are being filled.
#[must_use]
pub fn shadow_id(field: ElementId) -> ElementId {
    ElementId::derive(&field.to_string(), "shadow")
}

impl Element {
    /// The job that is at it.
    #[must_use]
    pub fn building(&self) -> Option<Uuid> {
        self.properties.get(STILL)?.value.get("job")?.as_str()?.parse().ok()
    }

    /// The properties that are not in force yet, with the values they have until then; null where there is none.
    #[must_use]
    pub fn still(&self) -> Option<&JsonMap<String, Json>> {
        self.properties.get(STILL)?.value.get("keys")?.as_object()
    }

    /// Notes that a job brings it to what it says; until then these properties are as they were.
    pub fn build(&mut self, job: Uuid, keys: JsonMap<String, Json>) {
        let mut value = JsonMap::new();
        value.insert("job".to_owned(), Json::from(job.to_string()));
        value.insert("keys".to_owned(), Json::Object(keys));
        self.properties.insert(STILL.to_owned(), Property { value: Json::Object(value), place: Place::Nowhere });
    }

    /// It is what it says: the job has ended well.
    pub fn built(&mut self) {
        self.properties.shift_remove(STILL);
    }

    /// It is what it was: the job has ended otherwise.
    pub fn unbuild(&mut self) {
        let keys = self.still().cloned().unwrap_or_default();
        self.built();
        for (key, value) in keys {
            if value.is_null() {
                self.properties.shift_remove(&key);
            } else {
                self.properties.insert(key, Property { value, place: Place::Nowhere });
            }
        }
    }
}

/// The layers with what is in force.
#[must_use]
pub fn in_force(layers: &[Layer]) -> Cow<'_, [Layer]> {
    if !layers.iter().flat_map(|layer| &layer.elements).any(|element| element.properties.contains_key(STILL)) {
        return Cow::Borrowed(layers);
    }
    let mut layers = layers.to_vec();
    layers.iter_mut().flat_map(|layer| &mut layer.elements).for_each(Element::unbuild);
    Cow::Owned(layers)
}

/// Every element that a job is at.
pub fn buildings<'l>(layers: &'l [Layer], physical: &'l Physical) -> impl Iterator<Item = (ElementId, Building)> + 'l {
    layers.iter().flat_map(|layer| &layer.elements).filter_map(|element| {
        let shadow = physical.names.get(&shadow_id(element.id)).cloned();
        Some((element.id, Building { job: element.building()?, shadow }))
    })
}
