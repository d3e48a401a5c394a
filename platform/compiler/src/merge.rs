//! Layers → one set of elements: property by property, in layer order, each remembering where it was written.
//!
//! The first layer that has an element owns it (package, id, state); later ones override only what they write.
//! Invariant: nothing is copied; merged elements borrow from the layers.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{Element, Layer, Place, State};
use tenon_value::{ElementId, Json, Localized, Name};

use crate::checks::{unknown_element, unknown_object};
use crate::located::At;

/// An element with the properties of all layers.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    pub(crate) path: Cow<'a, str>,
    pub(crate) name: &'a str,
    pub(crate) id: ElementId,
    pub(crate) package: &'a Name,
    pub(crate) state: State,
    named: Named<'a>,
    /// All properties in layer order; of one key the last counts.
    pairs: Vec<(&'a str, At<'a>)>,
    /// How many of them the owner wrote.
    owned: usize,
}

/// Where an element's name stands.
#[derive(Debug)]
enum Named<'a> {
    Element(&'a Place),
    Inline(At<'a>),
}

impl<'a> Merged<'a> {
    fn new(element: &'a Element, package: &'a Name) -> Self {
        let mut merged = Self {
            path: Cow::Borrowed(&element.path.0),
            name: match element.path.split() {
                (_, Some((_, name))) => name,
                (alone, None) => element.path.role_name().unwrap_or(alone),
            },
            id: element.id,
            package,
            state: element.state,
            named: Named::Element(&element.place),
            pairs: Vec::with_capacity(element.properties.len()),
            owned: element.properties.len(),
        };
        merged.overlay(element);
        merged
    }

    fn overlay(&mut self, element: &'a Element) {
        // The tenant may retire what a package brings; nothing above revives what a package has retired.
        if element.state == State::Retired {
            self.state = State::Retired;
        }
        self.pairs.extend(element.properties.iter().map(|(key, property)| (key.as_str(), At::of(property))));
    }

    /// An attribute of a link: a field inside a property of the relation `around`.
    pub(crate) fn inline(around: &Self, name: &'a str, at: At<'a>) -> Self {
        let pairs: Vec<(&str, At<'a>)> = at.entries().collect();
        let first_name = at.get("was").and_then(|was| was.text()).unwrap_or(name);
        Self {
            path: Cow::Owned(format!("{}.link.{name}", around.path)),
            name,
            id: crate::physical::link_field_id(around.id, first_name),
            package: around.package,
            state: State::Active,
            owned: pairs.len(),
            pairs,
            named: Named::Inline(at),
        }
    }

    /// Where its name stands.
    pub(crate) fn span(&self) -> Option<Span> {
        match &self.named {
            Named::Element(place) => place.key(""),
            Named::Inline(at) => at.key_span(),
        }
    }

    /// The value of a property. `null` written by a later layer takes the property away.
    pub(crate) fn get(&self, key: &str) -> Option<&At<'a>> {
        self.pairs.iter().rev().find(|(name, _)| *name == key).map(|(_, at)| at).filter(|at| !at.json.is_null())
    }

    /// True where nothing but texts is said: of an element that somebody else should have described.
    pub(crate) fn is_only_labelled(&self) -> bool {
        !self.pairs.is_empty() && self.pairs.iter().all(|(key, _)| matches!(*key, "label" | "about"))
    }

    /// True where the property that counts is the owner's, not a later layer's.
    pub(crate) fn is_owners(&self, key: &str) -> bool {
        self.pairs.iter().rposition(|(name, _)| *name == key).is_none_or(|at| at < self.owned)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.text()
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(At::is_true)
    }

    /// Texts, language by language: a layer that writes only `zh` leaves `en` as it was.
    pub(crate) fn localized(&self, key: &str) -> Localized {
        let mut texts = Localized::default();
        for (_, at) in self.pairs.iter().filter(|(name, _)| *name == key) {
            let newer = at.localized();
            texts = Localized { en: newer.en.or(texts.en), zh: newer.zh.or(texts.zh) };
        }
        texts
    }

    /// The entries of a mapping over all layers: of one key the last counts, and `null` takes it away.
    pub(crate) fn entries(&self, key: &str) -> Vec<(&'a str, At<'a>)> {
        let mut entries: IndexMap<&'a str, At<'a>> = IndexMap::new();
        for (_, at) in self.pairs.iter().filter(|(name, _)| *name == key) {
            if at.json.is_null() {
                entries.clear();
            }
            for (name, value) in at.all_entries() {
                entries.insert(name, value);
            }
        }
        entries.into_iter().filter(|(_, value)| !value.json.is_null()).collect()
    }

    /// Every property that says something, overridden ones too: each was written by somebody who wants to be told.
    pub(crate) fn written(&self) -> impl Iterator<Item = &(&'a str, At<'a>)> {
        self.pairs.iter().filter(|(_, at)| !at.json.is_null())
    }

    /// The properties that count, in the order of their first writing.
    pub(crate) fn effective(&self) -> impl Iterator<Item = (&'a str, &'a Json)> {
        let mut seen = HashSet::new();
        self.pairs.iter().filter(move |(key, _)| seen.insert(*key)).filter_map(|(key, _)| Some((*key, self.get(key)?.json)))
    }
}

/// An object with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) object: Merged<'a>,
    pub(crate) fields: Vec<Merged<'a>>,
    pub(crate) relations: Vec<Merged<'a>>,
    pub(crate) views: Vec<Merged<'a>>,
    pub(crate) layouts: Vec<Merged<'a>>,
    pub(crate) access: Vec<Merged<'a>>,
    pub(crate) sharing: Vec<Merged<'a>>,
}

impl<'a> Parts<'a> {
    fn of(object: Merged<'a>) -> Self {
        let (fields, relations, views, layouts) = Default::default();
        Self { object, fields, relations, views, layouts, access: Vec::new(), sharing: Vec::new() }
    }

    /// The object and everything below it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Merged<'a>> {
        let shapes = std::iter::once(&self.object).chain(&self.fields).chain(&self.relations).chain(&self.views).chain(&self.layouts);
        shapes.chain(&self.access).chain(&self.sharing)
    }

    fn group(&mut self, group: &str) -> Option<&mut Vec<Merged<'a>>> {
        match group {
            "fields" => Some(&mut self.fields),
            "relations" => Some(&mut self.relations),
            "views" => Some(&mut self.views),
            "layouts" => Some(&mut self.layouts),
            "access" => Some(&mut self.access),
            "sharing" => Some(&mut self.sharing),
            _ => None,
        }
    }
}

/// The roles of all layers, in the order of their first one.
pub(crate) fn roles(layers: &[Layer]) -> Vec<Merged<'_>> {
    let mut roles: IndexMap<&str, Merged<'_>> = IndexMap::new();
    for (layer, element) in elements(layers) {
        let Some(name) = element.path.role_name() else { continue };
        match roles.get_mut(name) {
            Some(known) => known.overlay(element),
            None => {
                roles.insert(name, Merged::new(element, &layer.package));
            }
        }
    }
    roles.into_values().collect()
}

/// Merges layers: packages in order, the tenant last. Objects come in the order of their first layer.
pub(crate) fn merge<'a>(layers: &'a [Layer], report: &mut Vec<Diagnostic>) -> Vec<Parts<'a>> {
    let mut parts: Vec<Parts<'a>> = Vec::new();
    let mut objects: HashMap<&'a str, usize> = HashMap::new();
    for (layer, element) in elements(layers).filter(|(_, element)| is_object(element)) {
        match objects.get(element.path.0.as_str()).and_then(|at| parts.get_mut(*at)) {
            Some(known) => known.object.overlay(element),
            None => {
                objects.insert(&element.path.0, parts.len());
                parts.push(Parts::of(Merged::new(element, &layer.package)));
            }
        }
    }
    let mut places: HashMap<&'a str, usize> = HashMap::new();
    let mut orphans: HashSet<&'a str> = HashSet::new();
    for (layer, element) in elements(layers) {
        let (object, Some((group, name))) = element.path.split() else { continue };
        let group = if name.is_empty() { "" } else { group };
        let Some(part) = objects.get(object).and_then(|at| parts.get_mut(*at)) else {
            if element.state == State::Active && orphans.insert(object) {
                let known = objects.keys().copied();
                report.push(unknown_object::undescribed(object, known).at(element.place.key("")).of(&element.path.0));
            }
            continue;
        };
        let Some(members) = part.group(group) else {
            report.push(unknown_element::no_such_group(&element.path.0).at(element.place.key("")).of(&element.path.0));
            continue;
        };
        match places.get(element.path.0.as_str()).and_then(|at| members.get_mut(*at)) {
            Some(known) => known.overlay(element),
            None => {
                places.insert(&element.path.0, members.len());
                members.push(Merged::new(element, &layer.package));
            }
        }
    }
    parts
}

fn is_object(element: &Element) -> bool {
    !element.path.0.contains('.') && element.path.role_name().is_none()
}

fn elements(layers: &[Layer]) -> impl Iterator<Item = (&Layer, &Element)> {
    layers.iter().flat_map(|layer| layer.elements.iter().map(move |element| (layer, element)))
}
