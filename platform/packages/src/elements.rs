//! Elements of layers, as this crate handles them: by path, with the layers below at hand.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use tenon_model::{Element, ElementPath, Layer, Physical, Place, Property, PropertyMap, STILL, State};
use tenon_value::{ElementId, Json, JsonMap, Name};

/// The name of the tenant's own layer.
pub const TENANT_LAYER: &str = "tenant";
/// Properties that the server writes and no author sees.
pub(crate) const SERVER_PROPERTIES: [&str; 2] = ["alias_until", STILL];

/// Elements by path, in order.
pub(crate) type Elements = IndexMap<ElementPath, Element>;

/// Everything stored, seen from one layer.
pub(crate) struct Stored<'a> {
    /// The layer that changes.
    pub(crate) target: Name,
    /// Its elements as they are.
    pub(crate) own: Elements,
    /// Elements of the layers below, lowest first.
    pub(crate) below: HashMap<&'a ElementPath, Vec<&'a Element>>,
    /// Ids that are taken, or were.
    used: HashSet<ElementId>,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(layers: &'a [Layer], physical: &Physical, target: &Name) -> Self {
        let mut below: HashMap<&ElementPath, Vec<&Element>> = HashMap::new();
        let mut own = Elements::new();
        let mut used: HashSet<ElementId> = physical.names.keys().copied().collect();
        for layer in layers {
            used.extend(layer.elements.iter().map(|element| element.id));
        }
        for layer in layers.iter().take_while(|layer| layer.package != *target) {
            for element in &layer.elements {
                below.entry(&element.path).or_default().push(element);
            }
        }
        if let Some(layer) = layers.iter().find(|layer| layer.package == *target) {
            own.extend(layer.elements.iter().map(|element| (element.path.clone(), element.clone())));
        }
        Self { target: target.clone(), own, below, used }
    }

    /// The id a package's element has, if a layer below has this path.
    pub(crate) fn below_id(&self, path: &ElementPath) -> Option<ElementId> {
        self.below.get(path)?.first().map(|element| element.id)
    }

    /// An id for a new element: derived from its path, and never one that was used before.
    pub(crate) fn new_id(&mut self, path: &ElementPath) -> ElementId {
        let package = self.target.as_str();
        let mut id = ElementId::derive(package, &path.0);
        let mut again = 1_u32;
        while self.used.contains(&id) {
            again += 1;
            id = ElementId::derive(package, &format!("{path}#{again}"));
        }
        self.used.insert(id);
        id
    }

    /// What the layers below say of an element, merged.
    pub(crate) fn below_properties(&self, path: &ElementPath) -> JsonMap<String, Json> {
        let mut merged = JsonMap::new();
        for element in self.below.get(path).into_iter().flatten() {
            merged.extend(json_of(&element.properties));
        }
        merged
    }

    /// True where a layer below has the element in use.
    pub(crate) fn active_below(&self, path: &ElementPath) -> bool {
        self.below.get(path).and_then(|elements| elements.last()).is_some_and(|element| element.state == State::Active)
    }
}

/// Properties as a JSON mapping, without those of the server.
pub(crate) fn json_of(properties: &PropertyMap) -> JsonMap<String, Json> {
    let seen = properties.iter().filter(|(key, _)| !SERVER_PROPERTIES.contains(&key.as_str()));
    seen.map(|(key, property)| (key.clone(), property.value.clone())).collect()
}

/// A property that was not written in a file.
pub(crate) const fn property(value: Json) -> Property {
    Property { value, place: Place::Nowhere }
}

/// Properties of a JSON mapping; those that are `null` are left out.
pub(crate) fn properties_of(map: &JsonMap<String, Json>) -> PropertyMap {
    map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), property(value.clone()))).collect()
}

/// A new element in use.
pub(crate) const fn element(path: ElementPath, id: ElementId, properties: PropertyMap) -> Element {
    Element { path, id, properties, state: State::Active, place: Place::Nowhere }
}

/// True where somebody is given or denied something: a role, its rights on an object, a sharing rule.
pub(crate) fn is_law(path: &ElementPath) -> bool {
    path.role_name().is_some() || matches!(path.split().1, Some(("access" | "sharing", _)))
}

/// The object a path belongs to, as a path. A role stands for itself.
pub(crate) fn object_of(path: &ElementPath) -> ElementPath {
    ElementPath::object(path.split().0)
}

/// What a path names: `object`, `field`, `relation`, `view`, `layout`, `role`, `rights`, `sharing rule`.
pub(crate) fn noun(path: &ElementPath) -> &'static str {
    match path.split().1 {
        None if path.role_name().is_some() => "role",
        None => "object",
        Some(("fields", _)) => "field",
        Some(("relations", _)) => "relation",
        Some(("views", _)) => "view",
        Some(("layouts", _)) => "layout",
        Some(("access", _)) => "rights",
        Some(("sharing", _)) => "sharing rule",
        Some(_) => "element",
    }
}

/// The path with its last word replaced.
pub(crate) fn renamed(path: &ElementPath, name: &str) -> ElementPath {
    match path.0.rsplit_once('.') {
        Some((stem, _)) => ElementPath(format!("{stem}.{name}")),
        None if path.role_name().is_some() => ElementPath::role(name),
        None => ElementPath::object(name),
    }
}
