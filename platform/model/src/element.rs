//! Metadata as authors and the store hold it: elements with properties, in layers. The compiler makes a [`crate::Model`] of them.
//!
//! An element is addressed by its path: `opportunity`, `opportunity.fields.stage`, `opportunity.relations.account`,
//! `opportunity.views.pipeline`, `opportunity.layouts.record`, `opportunity.access.sales_rep`,
//! `opportunity.sharing.key_deals`, `role:sales_rep`. Its properties are the keys of its YAML mapping
//! (API.md §5) except those that are elements themselves. Layers are merged property by property: a package, later
//! packages, the tenant last.

use std::collections::HashMap;
use std::fmt;

use indexmap::IndexMap;
use tenon_diagnostics::Span;
use tenon_value::{ElementId, Json, Name};

use crate::State;

/// What the path of a role begins with: no object's name has a colon.
const ROLE: &str = "role:";

/// Dotted path of an element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementPath(pub String);

impl ElementPath {
    /// The path of an object.
    #[must_use]
    pub fn object(object: &str) -> Self {
        Self(object.to_owned())
    }

    /// The path of a part of an object: `child("opportunity", "fields", "stage")`.
    #[must_use]
    pub fn child(object: &str, group: &str, name: &str) -> Self {
        Self(format!("{object}.{group}.{name}"))
    }

    /// The path of a role: `role:sales_rep`.
    #[must_use]
    pub fn role(name: &str) -> Self {
        Self(format!("{ROLE}{name}"))
    }

    /// The role's name, if it is the path of one.
    #[must_use]
    pub fn role_name(&self) -> Option<&str> {
        self.0.strip_prefix(ROLE)
    }

    /// Object, group and name: `("opportunity", Some(("fields", "stage")))`. A role stands alone, as an object does.
    #[must_use]
    pub fn split(&self) -> (&str, Option<(&str, &str)>) {
        match self.0.split_once('.') {
            None => (&self.0, None),
            Some((object, rest)) => (object, rest.split_once('.')),
        }
    }

    /// The last word: the element's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.role_name().unwrap_or_else(|| self.0.rsplit('.').next().unwrap_or_default())
    }
}

impl fmt::Display for ElementPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ElementPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a property was written: a file's text, or a place in an API input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file: of the key and of the value.
    File {
        /// Where the key stands.
        key: Span,
        /// Where the value stands.
        value: Span,
        /// Where the parts of the value stand.
        inside: Inside,
    },
    /// In the store or an API input: no text.
    Nowhere,
}

/// Places of the parts of a value: pointer (`/options/3/name`) → where its key, or list element, and its value stand.
pub type Inside = HashMap<String, (Span, Span)>;

impl Place {
    /// Where the key of the part at `pointer` stands, or of the nearest part around it. Empty: of the property itself.
    #[must_use]
    pub fn key(&self, pointer: &str) -> Option<Span> {
        self.around(pointer).map(|(key, _)| key.clone())
    }

    /// Where the value of the part at `pointer` stands, or of the nearest part around it. Empty: of the property itself.
    #[must_use]
    pub fn value(&self, pointer: &str) -> Option<Span> {
        self.around(pointer).map(|(_, value)| value.clone())
    }

    fn around(&self, pointer: &str) -> Option<(&Span, &Span)> {
        let Self::File { key, value, inside } = self else { return None };
        let mut pointer = pointer;
        while !pointer.is_empty() {
            if let Some((inner_key, inner_value)) = inside.get(pointer) {
                return Some((inner_key, inner_value));
            }
            pointer = pointer.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
        Some((key, value))
    }
}

/// One property of an element, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its value, as the file has it.
    pub value: Json,
    /// Where it was written.
    pub place: Place,
}

/// Properties in written order.
pub type PropertyMap = IndexMap<String, Property>;

/// An element as one layer writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its address.
    pub path: ElementPath,
    /// Its deterministic id: of the package and path that first had it. Kept over renames.
    pub id: ElementId,
    /// Its properties in this layer.
    pub properties: PropertyMap,
    /// In use or retired (retired in the layer that owns it).
    pub state: State,
    /// Where its name is written.
    pub place: Place,
}

/// The elements one author wrote: a package or the tenant. Elements stand in written order.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Package name; `tenant` for the tenant's own.
    pub package: Name,
    /// Its elements.
    pub elements: Vec<Element>,
}

/// Opaque physical names, by element id: given once by `packages`, never reused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Physical {
    /// Table of an object (`o_…`) or of a many-to-many relation (`l_…`); column stem of a field or relation (`f_12`).
    pub names: HashMap<ElementId, String>,
}
