//! Type definitions, and the table that makes and keeps them.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use tenon_access::{Place, Policy};
use tenon_context::Principal;
use tenon_hooks::Offers;
use tenon_model::{FieldIx, FieldRight, Model, ObjectIx, State};

use super::View;
use super::former::{Deprecation, Former};
use super::roster::Roster;
use super::seeds::{self, Seed};
use crate::syntax::ast::{TypeRef, Value};
use crate::syntax::parse_schema;

/// A type.
#[derive(Clone, Debug)]
pub(crate) struct TypeDef {
    pub(crate) name: Box<str>,
    pub(crate) description: Option<String>,
    pub(crate) kind: TypeKind,
}

/// What sort of type, and of what it consists.
#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    Scalar { specified_by: Option<String> },
    Enum(Vec<EnumValue>),
    Input { fields: Vec<InputDef>, one_of: bool },
    Interface { fields: Vec<FieldDef> },
    Object { fields: Vec<FieldDef>, interfaces: Vec<Box<str>> },
    Union(Vec<Box<str>>),
}

/// One value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct EnumValue {
    pub(crate) name: Box<str>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: Option<Deprecation>,
}

/// One field of an object or interface.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    pub(crate) name: Box<str>,
    pub(crate) description: Option<String>,
    pub(crate) arguments: Vec<InputDef>,
    pub(crate) ty: TypeRef,
    pub(crate) deprecated: Option<Deprecation>,
}

/// One argument, or one field of an input.
#[derive(Clone, Debug)]
pub(crate) struct InputDef {
    pub(crate) name: Box<str>,
    pub(crate) description: Option<String>,
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Value>,
    pub(crate) deprecated: Option<Deprecation>,
}

impl FieldDef {
    pub(crate) fn new(name: &str, ty: &str) -> Self {
        Self { name: name.into(), description: None, arguments: Vec::new(), ty: TypeRef::of(ty), deprecated: None }
    }

    pub(crate) fn described(mut self, description: Option<String>) -> Self {
        self.description = description;
        self
    }

    pub(crate) fn taking(mut self, arguments: Vec<InputDef>) -> Self {
        self.arguments = arguments;
        self
    }
}

impl InputDef {
    pub(crate) fn new(name: &str, ty: &str) -> Self {
        Self { name: name.into(), description: None, ty: TypeRef::of(ty), default: None, deprecated: None }
    }

    pub(crate) fn described(mut self, description: Option<String>) -> Self {
        self.description = description;
        self
    }

    pub(crate) fn defaulting(mut self, default: crate::syntax::ast::ValueKind) -> Self {
        self.default = Some(default.into());
        self
    }

    /// True where a value must be given.
    pub(crate) const fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

impl TypeDef {
    pub(crate) fn fields(&self) -> &[FieldDef] {
        match &self.kind {
            TypeKind::Object { fields, .. } | TypeKind::Interface { fields } => fields,
            _ => &[],
        }
    }

    pub(crate) const fn is_composite(&self) -> bool {
        matches!(self.kind, TypeKind::Object { .. } | TypeKind::Interface { .. } | TypeKind::Union(_))
    }

    pub(crate) const fn is_input(&self) -> bool {
        matches!(self.kind, TypeKind::Scalar { .. } | TypeKind::Enum(_) | TypeKind::Input { .. })
    }
}

/// What a model with former names takes for each type, about, in bytes.
const FORMER_BYTES: usize = 600;
/// What the types take that documents of ordinary clients make of a schema, about, in bytes. Who asks for all of them has them made
/// [apart](Schema::apart).
const MADE_BYTES: usize = 64 * 1024;

/// The types of one model as one policy lets them be seen.
pub(crate) struct Schema {
    pub(crate) model: Arc<Model>,
    pub(crate) policy: Policy,
    pub(crate) offers: Arc<Offers>,
    roster: Arc<Roster>,
    /// The types, by their places in the roster, as far as somebody has asked for them.
    made: Slots,
    /// What was renamed, if anything was.
    former: Option<Former>,
    /// Fields that some role sees only masked.
    noted: HashSet<(ObjectIx, FieldIx)>,
}

type Slots = Box<[OnceLock<Box<TypeDef>>]>;

fn slots(roster: &Roster) -> Slots {
    std::iter::repeat_with(OnceLock::new).take(roster.len()).collect()
}

/// What every composite type says of itself, and what the queries say of the schema.
struct Meta {
    typename: FieldDef,
    of_queries: [FieldDef; 2],
}

fn meta() -> &'static Meta {
    static META: OnceLock<Meta> = OnceLock::new();
    META.get_or_init(|| Meta {
        typename: FieldDef::new("__typename", "String!"),
        of_queries: [
            FieldDef::new("__schema", "__Schema!"),
            FieldDef::new("__type", "__Type").taking(vec![InputDef::new("name", "String!")]),
        ],
    })
}

fn masked_somewhere(model: &Model) -> HashSet<(ObjectIx, FieldIx)> {
    let mut noted = HashSet::new();
    for object in model.active_objects() {
        for grant in object.access.iter().filter(|grant| grant.state == State::Active) {
            let named = grant.fields.fields.iter().filter(|(_, right)| *right == FieldRight::Mask);
            noted.extend(named.map(|(field, _)| (object.ix, *field)));
            if grant.fields.all == Some(FieldRight::Mask) {
                let unnamed =
                    object.active_fields().filter(|field| !field.system && grant.fields.fields.iter().all(|(known, _)| *known != field.ix));
                noted.extend(unnamed.map(|field| (object.ix, field.ix)));
            }
        }
    }
    noted
}

/// Types that every schema has.
fn builtins() -> &'static [TypeDef] {
    static BUILTINS: OnceLock<Vec<TypeDef>> = OnceLock::new();
    BUILTINS.get_or_init(|| parse_schema(include_str!("builtins.graphql")).expect("our own type definitions parse"))
}

impl Schema {
    /// The schema of a role.
    pub(crate) fn new(model: Arc<Model>, policy: Policy, offers: Arc<Offers>) -> Self {
        let roster = Roster::of(|add| {
            for (at, builtin) in builtins().iter().enumerate() {
                add(&builtin.name, Seed::Builtin(at));
            }
            seeds::sow(&View::new(&model, &policy, &offers), add);
        });
        let noted = masked_somewhere(&model);
        let former = Former::of(&model, &policy);
        Self { former, model, policy, offers, made: slots(&roster), roster, noted }
    }

    /// The same, for introspection and the text of the schema: they ask for every type, and what was made for them goes with this one.
    /// Once they have been told to forget the caller's rights it is everything: for the attack suite, never in a release build.
    pub(crate) fn apart(&self) -> Self {
        let (model, offers) = (Arc::clone(&self.model), Arc::clone(&self.offers));
        if Place::Introspection.is_off() {
            return Self::new(Arc::clone(&model), Policy::resolve(&model, &Principal::system()), offers);
        }
        let (policy, roster) = (self.policy.clone(), Arc::clone(&self.roster));
        Self { former: Former::of(&model, &policy), model, policy, offers, made: slots(&roster), roster, noted: self.noted.clone() }
    }

    /// Whether some role sees this field only masked: then that others read it in clear is noted.
    pub(crate) fn is_noted(&self, object: ObjectIx, field: FieldIx) -> bool {
        self.noted.contains(&(object, field))
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.model, &self.policy, &self.offers)
    }

    /// A type by name.
    pub(crate) fn ty(&self, name: &str) -> Option<&TypeDef> {
        let place = self.roster.place(name)?;
        let (name, seed) = self.roster.at(place)?;
        match seed {
            Seed::Builtin(at) if !matches!(name, "Record" | "Actor") => builtins().get(at),
            seed => Some(&**self.made.get(place)?.get_or_init(|| Box::new(self.grow(seed, name)))),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.roster.place(name).is_some()
    }

    /// All type names, unsorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.roster.names()
    }

    /// Rough size in memory, for caches; what it shares with others is not its own.
    pub(crate) fn weight(&self) -> u32 {
        let own = self.roster.len() * size_of::<OnceLock<Box<TypeDef>>>() + MADE_BYTES;
        // With former names there is a second model.
        let model = if self.former.is_some() { self.roster.len() * FORMER_BYTES } else { 0 };
        u32::try_from(own + model).unwrap_or(u32::MAX)
    }

    fn grow(&self, seed: Seed, name: &str) -> TypeDef {
        if let Seed::Builtin(at) = seed {
            let mut ty = builtins().get(at).cloned().expect("seeds of built-in types are places of the list");
            if let TypeKind::Object { fields, .. } | TypeKind::Interface { fields } = &mut ty.kind {
                fields.retain(|field| self.has(field.ty.name()));
            }
            return ty;
        }
        let mut ty = seeds::grow(&self.view(), seed, name);
        if let Some(former) = &self.former {
            former.extend(&mut ty, &self.policy, seed);
        }
        ty
    }

    /// What was renamed, if anything was.
    pub(crate) const fn former(&self) -> Option<&Former> {
        self.former.as_ref()
    }

    /// A field of a composite type, the meta fields included.
    pub(crate) fn field<'a>(&'a self, parent: &'a TypeDef, name: &str) -> Option<&'a FieldDef> {
        if name.starts_with("__") {
            if name == "__typename" && parent.is_composite() {
                return Some(&meta().typename);
            }
            return meta().of_queries.iter().find(|field| &*field.name == name && &*parent.name == "Query");
        }
        parent.fields().iter().find(|field| &*field.name == name)
    }

    /// The object types a composite type may turn out to be.
    pub(crate) fn possible<'a>(&'a self, ty: &'a TypeDef) -> Vec<&'a str> {
        match &ty.kind {
            TypeKind::Object { .. } => vec![&*ty.name],
            TypeKind::Union(members) => members.iter().map(|name| &**name).collect(),
            TypeKind::Interface { .. } => {
                let view = self.view();
                view.objects().map(|object| object.graphql.type_name.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether two composite types share an object type.
    pub(crate) fn overlap(&self, one: &TypeDef, other: &TypeDef) -> bool {
        if one.name == other.name {
            return true;
        }
        let possible = self.possible(one);
        self.possible(other).iter().any(|name| possible.contains(name))
    }
}
