//! The schema as it was before elements were renamed: from the difference, which former names go on working.
//!
//! The model is copied with the former names put back; every type is made of both, member by member. Invariant: a
//! former name that means something else by now is not served (the compiler has dropped it from the model).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tenon_access::Policy;
use tenon_hooks::Offers;
use tenon_model::{EdgeKind, LinkEnd, Model, Object};
use tenon_value::{Date, Name, camel, pascal, plural_of, screaming};

use super::seeds::{self, Seed};
use super::{EnumValue, FieldDef, InputDef, TypeDef, TypeKind, View};

/// Why a member is deprecated.
#[derive(Clone, Debug)]
pub(crate) struct Deprecation {
    pub(crate) reason: String,
    /// The name it has now, and the last day of this one; none where it is no former name.
    pub(crate) instead: Option<(Box<str>, Date)>,
}

impl Deprecation {
    /// Deprecated for good.
    pub(crate) fn plain(reason: &str) -> Self {
        Self { reason: reason.to_owned(), instead: None }
    }
}

/// What was renamed.
pub(crate) struct Former {
    /// The model with the former names.
    model: Model,
    /// Parts of derived names, with the day on which they end.
    stems: Vec<(String, Date)>,
    /// Former names of types → their names now.
    types: HashMap<Box<str>, Box<str>>,
}

impl Former {
    /// What was renamed in a model; none where nothing was.
    pub(super) fn of(now: &Model, policy: &Policy) -> Option<Self> {
        if !now.objects.iter().any(|object| was_renamed(object)) {
            return None;
        }
        let mut former = Self { model: now.clone(), stems: Vec::new(), types: HashMap::new() };
        for place in 0..former.model.objects.len() {
            former.put_back(place);
        }
        // Nothing that plugins offer was renamed with the model.
        let none = Offers::default();
        let (new, old) = (names(&View::new(now, policy, &none)), names(&View::new(&former.model, policy, &none)));
        if new.len() == old.len() {
            let taken: HashSet<&str> = new.iter().map(|name| &**name).collect();
            let moved = old.iter().zip(&new).filter(|(old, new)| old != new && !taken.contains(&***old));
            former.types = moved.map(|(old, new)| (old.clone(), new.clone())).collect();
        }
        Some(former)
    }

    /// Puts the former names of an object and of what it declares back.
    fn put_back(&mut self, place: usize) {
        let Some(object) = self.model.objects.get_mut(place).map(Arc::make_mut) else { return };
        let ix = object.ix;
        if let Some((name, until)) = object.aliases.first().cloned() {
            let plural = if object.plural.as_str() == plural_of(object.name.as_str()) {
                plural_of(name.as_str())
            } else {
                object.plural.to_string()
            };
            self.stems.extend([name.as_str(), &plural].into_iter().flat_map(|word| [(pascal(word), until), (camel(word), until)]));
            object.graphql.type_name = pascal(name.as_str());
            object.graphql.single = camel(name.as_str());
            object.graphql.plural = camel(&plural);
            object.graphql.plural_type = pascal(&plural);
            object.name = name;
        }
        fields(object, &mut self.stems);
        for relation in &mut object.relations {
            if let Some((name, until)) = relation.aliases.first().cloned() {
                self.stems.extend([(pascal(name.as_str()), until), (camel(name.as_str()), until)]);
                relation.graphql = camel(name.as_str());
                relation.name = name;
            }
        }
        let owner = object.graphql.type_name.clone();
        for link in self.model.links.iter_mut().filter(|link| link.source == ix) {
            let Some(relation) = object.relation(link.relation) else { continue };
            link.graphql = format!("{owner}{}Link", pascal(relation.name.as_str()));
            let here = EdgeKind::Linked { link: link.ix, here: LinkEnd::Source };
            let name = relation.name.clone();
            for edge in object.edges.iter_mut().filter(|edge| edge.kind == here) {
                edge.graphql = camel(name.as_str());
                edge.name = name.clone();
            }
        }
    }

    /// The name that a type has now.
    pub(crate) fn type_now(&self, name: &str) -> Option<(&str, Date)> {
        self.types.get(name).map(|now| (&**now, self.until(name)))
    }

    /// Adds to a type what its members were called.
    pub(super) fn extend(&self, ty: &mut TypeDef, policy: &Policy, seed: Seed) {
        let none = Offers::default();
        let old = seeds::grow(&View::new(&self.model, policy, &none), seed, &ty.name).kind;
        match (&mut ty.kind, old) {
            (
                TypeKind::Object { fields: new, .. } | TypeKind::Interface { fields: new },
                TypeKind::Object { fields: old, .. } | TypeKind::Interface { fields: old },
            ) => {
                let former = self.members(new, &old, |field| &field.name);
                new.extend(former.into_iter().map(|(field, name, why)| FieldDef {
                    name,
                    description: None,
                    deprecated: Some(why),
                    ..field
                }));
            }
            (TypeKind::Input { fields: new, .. }, TypeKind::Input { fields: old, .. }) => {
                let former = self.members(new, &old, |field| &field.name);
                new.extend(former.into_iter().map(|(field, name, why)| InputDef {
                    name,
                    description: None,
                    deprecated: Some(why),
                    ..field
                }));
            }
            (TypeKind::Enum(new), TypeKind::Enum(old)) => {
                let former = self.members(new, &old, |value| &value.name);
                new.extend(former.into_iter().map(|(_, name, why)| EnumValue { name, description: None, deprecated: Some(why) }));
            }
            _ => {}
        }
    }

    /// Members that had another name: as they are, with that name.
    fn members<T: Clone>(&self, new: &[T], old: &[T], name: impl Fn(&T) -> &Box<str>) -> Vec<(T, Box<str>, Deprecation)> {
        if new.len() != old.len() {
            return Vec::new();
        }
        let taken: HashSet<&str> = new.iter().map(|member| &**name(member)).collect();
        let moved = new.iter().zip(old).filter(|(new, old)| name(new) != name(old) && !taken.contains(&**name(old)));
        moved
            .map(|(new, old)| {
                let (now, was) = (name(new).clone(), name(old).clone());
                let until = self.until(&was);
                (new.clone(), was, Deprecation { reason: format!("Use {now}. Removed after {until}."), instead: Some((now, until)) })
            })
            .collect()
    }

    /// The day on which a former name ends: that of the longest stem in it.
    fn until(&self, name: &str) -> Date {
        let stems = self.stems.iter().filter(|(stem, _)| name.contains(stem.as_str()));
        let found = stems.max_by_key(|(stem, _)| stem.len()).or_else(|| self.stems.iter().min_by_key(|(_, until)| *until));
        found.map_or(Date::from_days(0), |(_, until)| *until)
    }
}

/// Whether an object or anything it declares had another name.
fn was_renamed(object: &Object) -> bool {
    let of_fields = || object.fields.iter().any(|field| !field.aliases.is_empty());
    let of_relations = || object.relations.iter().any(|relation| !relation.aliases.is_empty());
    !object.aliases.is_empty() || of_fields() || of_relations()
}

/// Puts the former names of an object's fields back, and of the keys that are called like them.
fn fields(object: &mut Object, stems: &mut Vec<(String, Date)>) {
    let renamed: Vec<(Name, Name, Date)> = object
        .fields
        .iter()
        .filter_map(|field| field.aliases.first().map(|(name, until)| (field.name.clone(), name.clone(), *until)))
        .collect();
    for (now, was, until) in renamed {
        stems.extend([(pascal(was.as_str()), until), (camel(was.as_str()), until), (screaming(was.as_str()), until)]);
        for field in object.fields.iter_mut().filter(|field| field.name == now) {
            field.graphql = camel(was.as_str());
            field.name = was.clone();
        }
        for key in object.unique.iter_mut().filter(|key| key.name == now) {
            key.graphql = camel(was.as_str());
            key.graphql_value = screaming(was.as_str());
            key.name = was.clone();
        }
    }
}

/// Names of all types, in the order in which they are sown.
fn names(view: &View<'_>) -> Vec<Box<str>> {
    let mut names = Vec::new();
    seeds::sow(view, &mut |name, _| names.push(name.into()));
    names
}
