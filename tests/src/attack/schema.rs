//! The schema a role sees, as far as attacks need it: types, arguments, input fields.
//!
//! Read from introspection, never written down, so that a new root field is met as soon as it is served.

use std::collections::{BTreeMap, HashMap, VecDeque};

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::Tenant;

/// A type as written at a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// `Account`.
    Named(String),
    /// `[T]`.
    List(Box<Self>),
    /// `T!`.
    Required(Box<Self>),
}

impl Type {
    fn read(value: &Value) -> Self {
        let inner = || Box::new(Self::read(&value["ofType"]));
        match value["kind"].as_str() {
            Some("NON_NULL") => Self::Required(inner()),
            Some("LIST") => Self::List(inner()),
            _ => Self::Named(text(&value["name"])),
        }
    }

    /// The name without its wrappings.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::Required(inner) => inner.name(),
        }
    }

    pub(super) const fn is_required(&self) -> bool {
        matches!(self, Self::Required(_))
    }

    pub(super) fn is_list(&self) -> bool {
        match self {
            Self::Named(_) => false,
            Self::List(_) => true,
            Self::Required(inner) => inner.is_list(),
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Required(inner) => write!(f, "{inner}!"),
        }
    }
}

/// An argument or an input field.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) of: Type,
    pub(super) has_default: bool,
}

impl Input {
    fn all(value: &Value) -> Vec<Self> {
        let one =
            |one: &Value| Self { name: text(&one["name"]), of: Type::read(&one["type"]), has_default: !one["defaultValue"].is_null() };
        items(value).iter().map(one).collect()
    }

    /// Whether a document without it is no document.
    pub(super) const fn is_needed(&self) -> bool {
        self.of.is_required() && !self.has_default
    }
}

/// An output field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) arguments: Vec<Input>,
    pub(super) of: Type,
}

/// One type.
#[derive(Clone, Debug, Default)]
pub(super) struct Definition {
    pub(super) kind: String,
    pub(super) fields: Vec<Field>,
    pub(super) inputs: Vec<Input>,
    pub(super) values: Vec<String>,
    pub(super) possible: Vec<String>,
    pub(super) is_record: bool,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    types: BTreeMap<String, Definition>,
    /// How to come to an output type from the query's root: the fields to pass.
    ways: HashMap<String, Vec<String>>,
}

const QUERY: &str = "{ __schema { types { kind name interfaces { name } possibleTypes { name } enumValues { name }
    inputFields { name defaultValue type { ...T } }
    fields { name type { ...T } args { name defaultValue type { ...T } } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

impl Schema {
    /// Asks for it.
    pub(super) async fn of(tenant: &Tenant) -> anyhow::Result<Self> {
        Self::at(tenant, "graphql").await
    }

    /// The same of another door.
    pub(super) async fn at(tenant: &Tenant, door: &str) -> anyhow::Result<Self> {
        let answer = match door {
            "metadata" => tenant.metadata(QUERY, json!({})).await,
            _ => tenant.data(QUERY, json!({})).await,
        };
        let answer = answer.context("introspection")?;
        let mut types = BTreeMap::new();
        for one in items(&answer["__schema"]["types"]) {
            let field =
                |field: &Value| Field { name: text(&field["name"]), arguments: Input::all(&field["args"]), of: Type::read(&field["type"]) };
            let names = |value: &Value| items(value).iter().map(|one| text(&one["name"])).collect::<Vec<_>>();
            let definition = Definition {
                kind: text(&one["kind"]),
                fields: items(&one["fields"]).iter().map(field).collect(),
                inputs: Input::all(&one["inputFields"]),
                values: names(&one["enumValues"]),
                possible: names(&one["possibleTypes"]),
                is_record: names(&one["interfaces"]).iter().any(|name| name == "Record"),
            };
            types.insert(text(&one["name"]), definition);
        }
        let mut schema = Self { types, ways: HashMap::new() };
        schema.find_ways();
        Ok(schema)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.types.get(name)
    }

    pub(super) fn fields(&self, name: &str) -> &[Field] {
        self.types.get(name).map_or(&[], |definition| definition.fields.as_slice())
    }

    pub(super) fn inputs(&self, name: &str) -> &[Input] {
        self.types.get(name).map_or(&[], |definition| definition.inputs.as_slice())
    }

    /// Leaves of an input what its type has, all the way down: a role may not name everything.
    pub(super) fn trim(&self, input: &str, object: &mut Map<String, Value>) {
        let known = self.inputs(input);
        object.retain(|name, _| known.iter().any(|field| field.name == *name));
        for (name, value) in object {
            let of = known.iter().find(|field| field.name == *name).map(|field| field.of.name());
            if let (Some(of), Value::Object(inner)) = (of.filter(|of| !self.is_leaf(of)), value) {
                self.trim(of, inner);
            }
        }
    }

    pub(super) fn is_leaf(&self, name: &str) -> bool {
        self.types.get(name).is_none_or(|definition| matches!(definition.kind.as_str(), "SCALAR" | "ENUM"))
    }

    /// Output types by name.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (&String, &Definition)> {
        self.types.iter().filter(|(name, definition)| definition.kind == "OBJECT" && !name.starts_with("__"))
    }

    /// The types of records.
    pub(super) fn records(&self) -> impl Iterator<Item = &String> {
        self.types.iter().filter(|(_, definition)| definition.is_record).map(|(name, _)| name)
    }

    pub(super) fn way(&self, name: &str) -> Option<&[String]> {
        self.ways.get(name).map(Vec::as_slice)
    }

    /// The shortest way to every output type over fields that need no argument. Lists come before other roots: they need none.
    fn find_ways(&mut self) {
        let mut open = VecDeque::from([("Query".to_owned(), Vec::<String>::new())]);
        while let Some((name, way)) = open.pop_front() {
            if self.ways.contains_key(&name) {
                continue;
            }
            for field in self.fields(&name).iter().filter(|field| !field.arguments.iter().any(Input::is_needed)) {
                // `account` without id or key is refused, and nobody comes to a record that way.
                let is_single = name == "Query" && field.arguments.iter().any(|argument| argument.name == "by");
                if !is_single && !self.is_leaf(field.of.name()) {
                    open.push_back((field.of.name().to_owned(), [way.as_slice(), std::slice::from_ref(&field.name)].concat()));
                }
            }
            self.ways.insert(name, way);
        }
    }

    /// The record type whose name begins this name, the longest: `OpportunityLine` in `OpportunityLineFilter`.
    pub(super) fn record_named_in(&self, name: &str) -> Option<&str> {
        const ENDINGS: [&str; 11] =
            ["Filter", "Key", "Ref", "One", "Order", "GroupBy", "Update", "ConnectOrCreate", "Unique", "Input", "Having"];
        let bare = name.strip_prefix("Create").or_else(|| name.strip_prefix("Update")).unwrap_or(name);
        let object = ENDINGS.iter().find_map(|ending| bare.strip_suffix(ending))?;
        self.types.get_key_value(object).filter(|(_, definition)| definition.is_record).map(|(name, _)| name.as_str())
    }

    /// What an input speaks of: by its name, or by its fields; `None` leaves it to who holds it.
    pub(super) fn subject(&self, input: &str) -> Option<&str> {
        self.record_named_in(input).or_else(|| self.inputs(input).iter().find_map(|field| self.record_named_in(field.of.name())))
    }
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
