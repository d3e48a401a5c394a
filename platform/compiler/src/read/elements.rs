//! The elements of one layer while its files are read, and their deterministic ids.

use indexmap::IndexMap;
use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{Element, ElementPath, Inside, Layer, Place, Property, PropertyMap, State};
use tenon_value::{ElementId, Json, JsonMap, Name};

use super::OwnName;
use crate::checks::{duplicate, unknown_key, wrong_type};
use crate::yaml::{Entry, Node};

/// An element that came without a file: by the metadata API, or of a stored layer. `was` among its properties keeps
/// the id of the former name.
#[must_use]
pub fn element(package: &str, path: ElementPath, properties: JsonMap<String, Json>) -> Element {
    let was = properties.get("was").and_then(Json::as_str);
    let id = ElementId::derive(package, &first_path(&path, None, was));
    let properties = properties.into_iter().map(|(key, value)| (key, Property { value, place: Place::Nowhere })).collect();
    Element { path, id, properties, state: State::Active, place: Place::Nowhere }
}

/// The path an element had before it, or its object, was renamed.
fn first_path(path: &ElementPath, object_was: Option<&str>, was: Option<&str>) -> String {
    if path.role_name().is_some() {
        return was.map_or_else(|| path.0.clone(), |was| ElementPath::role(was).0);
    }
    match path.split() {
        (object, None) => was.unwrap_or(object).to_owned(),
        (object, Some((group, name))) => ElementPath::child(object_was.unwrap_or(object), group, was.unwrap_or(name)).0,
    }
}

struct Draft {
    properties: PropertyMap,
    place: Place,
}

/// Elements by path, in written order.
#[derive(Default)]
pub(super) struct Elements {
    drafts: IndexMap<String, Draft>,
}

impl Elements {
    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    /// The properties of an element, if it is here.
    pub(super) fn properties(&mut self, path: &str) -> Option<&mut PropertyMap> {
        self.drafts.get_mut(path).map(|draft| &mut draft.properties)
    }

    /// Makes sure that an element is here, written at `span` if it is new.
    pub(super) fn open(&mut self, path: &str, span: &(Span, Span)) {
        if !self.drafts.contains_key(path) {
            let place = Place::File { key: span.0.clone(), value: span.1.clone(), inside: Inside::new() };
            self.drafts.insert(path.to_owned(), Draft { properties: PropertyMap::new(), place });
        }
    }

    /// `object.yaml`. A file that says nothing about the object itself only adds to it, and makes no element.
    pub(super) fn object(&mut self, object: &OwnName, entries: &[Entry], file: &str, report: &mut Vec<Diagnostic>) {
        let mut properties = PropertyMap::new();
        for entry in entries {
            match entry.key.as_str() {
                "format" | "object" | "fields" | "relations" => {}
                "views" => {
                    report.push(unknown_key::in_other_file("views", "views.yaml").at(Some(entry.range.in_file(file))).of(&object.name));
                }
                "layouts" => {
                    report.push(unknown_key::in_other_file("layouts", "layout.yaml").at(Some(entry.range.in_file(file))).of(&object.name));
                }
                key @ ("roles" | "sharing") => {
                    report.push(unknown_key::in_other_file(key, "access.yaml").at(Some(entry.range.in_file(file))).of(&object.name));
                }
                _ => {
                    properties.insert(entry.key.clone(), property(entry, file));
                }
            }
        }
        if !properties.is_empty() {
            let place = Place::File { key: object.entry.in_file(file), value: object.value.in_file(file), inside: Inside::new() };
            self.add(object.name.clone(), Draft { properties, place }, report);
        }
        for entry in entries.iter().filter(|entry| matches!(entry.key.as_str(), "fields" | "relations")) {
            self.group(&object.name, &entry.key, entry, file, report);
        }
    }

    /// `roles/<name>.yaml`.
    pub(super) fn role(&mut self, role: &OwnName, entries: &[Entry], file: &str, report: &mut Vec<Diagnostic>) {
        let own = entries.iter().filter(|entry| !matches!(entry.key.as_str(), "format" | "role"));
        let properties = own.map(|entry| (entry.key.clone(), property(entry, file))).collect();
        let place = Place::File { key: role.entry.in_file(file), value: role.value.in_file(file), inside: Inside::new() };
        self.add(ElementPath::role(&role.name).0, Draft { properties, place }, report);
    }

    /// The elements below `fields:`, `relations:`, `views:`, `layouts:`, or of `access.yaml`.
    pub(super) fn group(&mut self, object: &str, group: &str, entry: &Entry, file: &str, report: &mut Vec<Diagnostic>) {
        let Some(entries) = entry.value.entries() else {
            if !entry.value.to_json().is_null() {
                let at = Some(entry.value.range.in_file(file));
                report.push(wrong_type::wrong_type(group, "a mapping", &entry.value.to_json()).at(at).of(object));
            }
            return;
        };
        for child in entries {
            let path = ElementPath::child(object, group, &child.key).0;
            match properties_of(&child.value, file) {
                Some(properties) => self.add(path, Draft { properties, place: child.outline(file) }, report),
                None => {
                    let at = Some(child.value.range.in_file(file));
                    report.push(wrong_type::wrong_type(&child.key, "a mapping", &child.value.to_json()).at(at).of(path));
                }
            }
        }
    }

    fn add(&mut self, path: String, draft: Draft, report: &mut Vec<Diagnostic>) {
        if self.drafts.contains_key(&path) {
            report.push(duplicate::duplicate(&path).at(draft.place.key("")).of(path));
        } else {
            self.drafts.insert(path, draft);
        }
    }

    /// The finished layer. Ids are given last: a rename of an object may stand in a later file than its views.
    pub(super) fn into_layer(self, package: Name) -> Layer {
        let was = |draft: &Draft| draft.properties.get("was").and_then(|property| property.value.as_str()).map(str::to_owned);
        let renamed: std::collections::HashMap<String, String> = self
            .drafts
            .iter()
            .filter(|(path, _)| !path.contains('.'))
            .filter_map(|(path, draft)| Some((path.clone(), was(draft)?)))
            .collect();
        let elements = self
            .drafts
            .into_iter()
            .map(|(path, draft)| {
                let path = ElementPath(path);
                let object_was = renamed.get(path.split().0).map(String::as_str);
                let id = ElementId::derive(package.as_str(), &first_path(&path, object_was, was(&draft).as_deref()));
                Element { path, id, properties: draft.properties, state: State::Active, place: draft.place }
            })
            .collect();
        Layer { package, elements }
    }
}

fn property(entry: &Entry, file: &str) -> Property {
    Property { value: entry.value.to_json(), place: entry.place(file) }
}

/// The properties of a mapping; a key without value has none yet.
fn properties_of(node: &Node, file: &str) -> Option<PropertyMap> {
    match node.entries() {
        Some(entries) => Some(entries.iter().map(|entry| (entry.key.clone(), property(entry, file))).collect()),
        None if node.to_json().is_null() => Some(PropertyMap::new()),
        None => None,
    }
}
