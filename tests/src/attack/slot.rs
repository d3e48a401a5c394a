//! Where something can come in: every leaf of every argument, with the way to it.
//!
//! Walks the inputs of each field that takes arguments. A type is walked once per kind of door; where it is met again,
//! one way through is kept, since the way is what may have been forgotten.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use super::schema::{Field, Input, Schema, Type};

/// A field that takes arguments.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// What it is called in the report: `list`, `update`, `Account.contacts`.
    pub(super) kind: String,
    /// `Query` or `Mutation`.
    pub(super) operation: &'static str,
    /// The fields to pass before it.
    pub(super) way: Vec<String>,
    /// The field.
    pub(super) field: Field,
    /// The record type it is about.
    pub(super) about: Option<String>,
}

impl Door {
    /// How the golden file names it.
    pub(super) fn name(&self) -> String {
        [self.operation.to_owned()]
            .into_iter()
            .chain(self.way.iter().cloned())
            .chain([self.field.name.clone()])
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// What comes in at a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// An id.
    Id,
    /// A text: a value, a key, a name.
    Text,
    /// A cursor.
    Cursor,
    /// Anything else: only what it tells of rows unseen matters.
    Plain,
}

/// One leaf.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The argument, then input fields.
    pub(super) path: Vec<String>,
    /// The leaf's type.
    pub(super) of: Type,
    /// What comes in.
    pub(super) sort: Sort,
    /// The record type it speaks of.
    pub(super) about: Option<String>,
}

impl Slot {
    /// A door without arguments: only its answer can tell something.
    pub(super) fn none(about: Option<String>) -> Self {
        Self { path: Vec::new(), of: Type::Named("Boolean".to_owned()), sort: Sort::Plain, about }
    }
}

/// The doors of a schema.
pub(super) fn doors(schema: &Schema) -> Vec<Door> {
    let mut doors = Vec::new();
    for (operation, root) in [("Query", "Query"), ("Mutation", "Mutation")] {
        for field in schema.fields(root) {
            let about = about(schema, field);
            doors.push(Door { kind: kind(operation, field), operation, way: Vec::new(), field: field.clone(), about });
        }
    }
    let nested = schema.outputs().filter(|(name, _)| !matches!(name.as_str(), "Query" | "Mutation" | "Subscription"));
    for (name, definition) in nested {
        let Some(way) = schema.way(name) else { continue };
        for field in definition.fields.iter().filter(|field| !field.arguments.is_empty()) {
            let about = about(schema, field).or_else(|| definition.is_record.then(|| name.clone()));
            let kind = if definition.is_record { "nested".to_owned() } else { format!("output.{}", field.name) };
            doors.push(Door { kind, operation: "Query", way: way.to_vec(), field: field.clone(), about });
        }
    }
    doors
}

fn about(schema: &Schema, field: &Field) -> Option<String> {
    let answer = field.of.name();
    let bare = ["Connection", "Aggregate", "Batch"].iter().find_map(|ending| answer.strip_suffix(ending)).unwrap_or(answer);
    let of_answer = schema.get(bare).is_some_and(|definition| definition.is_record).then(|| bare.to_owned());
    of_answer
        .or_else(|| field.arguments.iter().find_map(|argument| schema.subject(argument.of.name()).map(str::to_owned)))
        // `destroyAccount` answers `Destroyed`.
        .or_else(|| schema.records().filter(|record| field.name.ends_with(record.as_str())).max_by_key(|record| record.len()).cloned())
}

/// The kind of a root field: what it does, whatever it does it to.
fn kind(operation: &str, field: &Field) -> String {
    const VERBS: [&str; 9] = ["create", "update", "upsert", "delete", "restore", "destroy", "unshare", "share", "merge"];
    let answer = field.of.name();
    if operation == "Query" {
        return match () {
            () if field.arguments.iter().any(|argument| argument.name == "by") => "single".to_owned(),
            () if answer.ends_with("Aggregate") => "aggregate".to_owned(),
            () if answer.ends_with("Connection") && field.arguments.iter().any(|argument| argument.name == "filter") => "list".to_owned(),
            () => field.name.clone(),
        };
    }
    let verb = VERBS.iter().find(|verb| field.name.strip_prefix(**verb).is_some_and(|rest| rest.starts_with(char::is_uppercase)));
    let many = if answer.ends_with("Batch") { " many" } else { "" };
    verb.map_or_else(|| field.name.clone(), |verb| format!("{verb}{many}"))
}

/// Which types have been walked behind each kind of door, with a leaf of each to come out at.
#[derive(Default)]
pub(super) struct Walked {
    seen: HashSet<(String, String)>,
    /// Types that some door of a family takes itself: they are walked there, where the way is short.
    own: HashSet<(String, String)>,
    ends: HashMap<String, Option<(Vec<String>, Type, Sort)>>,
}

impl Walked {
    /// Doors that are all going to be walked.
    pub(super) fn of(doors: &[Door]) -> Self {
        let own = doors.iter().flat_map(|door| {
            let family = family(&door.kind);
            door.field.arguments.iter().map(move |argument| (family.to_owned(), argument.of.name().to_owned()))
        });
        Self { own: own.collect(), ..Self::default() }
    }

    /// The leaves behind a door that no door of its kind has shown yet.
    pub(super) fn slots(&mut self, schema: &Schema, door: &Door) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut open: VecDeque<(Vec<String>, Input, Option<String>)> =
            door.field.arguments.iter().map(|argument| (vec![argument.name.clone()], argument.clone(), door.about.clone())).collect();
        while let Some((path, input, about)) = open.pop_front() {
            let name = input.of.name();
            if schema.is_leaf(name) {
                slots.push(Slot { sort: sort(&path, name), path, of: input.of.clone(), about });
                continue;
            }
            let about = schema.subject(name).map(str::to_owned).or(about);
            let place = (family(&door.kind).to_owned(), name.to_owned());
            let is_elsewhere = path.len() > 1 && self.own.contains(&place);
            if !is_elsewhere && self.seen.insert(place) {
                for field in schema.inputs(name) {
                    open.push_back(([path.as_slice(), std::slice::from_ref(&field.name)].concat(), field.clone(), about.clone()));
                }
            } else if let Some((rest, of, sort)) = self.end(schema, name) {
                slots.push(Slot { path: [path.as_slice(), &rest].concat(), of, sort, about });
            }
        }
        slots.extend(keys(schema, door));
        slots
    }

    /// The nearest leaf of a type that tells something: an id, else a text, else whatever is there.
    fn end(&mut self, schema: &Schema, name: &str) -> Option<(Vec<String>, Type, Sort)> {
        if let Some(known) = self.ends.get(name) {
            return known.clone();
        }
        let mut found: Option<(Vec<String>, Type, Sort)> = None;
        let mut open = VecDeque::from([(Vec::new(), name.to_owned(), 0_u8)]);
        while let Some((path, input, depth)) = open.pop_front() {
            for field in schema.inputs(&input) {
                let way = [path.as_slice(), std::slice::from_ref(&field.name)].concat();
                if !schema.is_leaf(field.of.name()) {
                    // `not` would turn what is looked for into its opposite, `and` only makes it longer.
                    if depth < 2 && !matches!(field.name.as_str(), "and" | "or" | "not") {
                        open.push_back((way, field.of.name().to_owned(), depth + 1));
                    }
                    continue;
                }
                let sort = sort(&way, field.of.name());
                let is_better = found.as_ref().is_none_or(|(old, _, known)| rank(sort, &way) < rank(*known, old));
                if is_better {
                    found = Some((way, field.of.clone(), sort));
                }
            }
        }
        self.ends.insert(name.to_owned(), found.clone());
        found
    }
}

/// The keys by which an upsert matches: each is a way in of its own, wherever its input has been walked.
fn keys(schema: &Schema, door: &Door) -> Vec<Slot> {
    let by = door.field.arguments.iter().find(|argument| argument.name == "by").and_then(|by| schema.get(by.of.name()));
    let words = by.filter(|by| by.kind == "ENUM").map_or(&[][..], |by| by.values.as_slice());
    let Some(input) = door.field.arguments.iter().find(|argument| matches!(argument.name.as_str(), "input" | "inputs")) else {
        return Vec::new();
    };
    let text = Type::Named("String".to_owned());
    let slot = |path: Vec<String>| Slot { path, of: text.clone(), sort: Sort::Text, about: door.about.clone() };
    let fields = schema.inputs(input.of.name()).iter().filter(|field| key_word(words, &field.name).is_some());
    fields
        .filter_map(|field| match field.of.name() {
            "String" => Some(slot(vec![input.name.clone(), field.name.clone()])),
            "ExternalIdInput" => Some(slot(vec![input.name.clone(), field.name.clone(), "id".to_owned()])),
            _ => None,
        })
        .collect()
}

/// Doors that take the same inputs: what lies behind one of them is walked once for all.
fn family(kind: &str) -> &str {
    match kind {
        "create" | "create many" | "update" | "update many" | "upsert" | "upsert many" => "write",
        "delete many" | "restore many" | "destroy many" => "remove many",
        other => other.split('.').next().unwrap_or(other),
    }
}

fn rank(sort: Sort, way: &[String]) -> (u8, usize, bool) {
    let worth = match sort {
        Sort::Id => 0,
        Sort::Text => 1,
        Sort::Cursor => 2,
        Sort::Plain => 3,
    };
    (worth, way.len(), way.first().is_none_or(|first| first != "id"))
}

fn sort(path: &[String], leaf: &str) -> Sort {
    let last = path.last().map_or("", String::as_str);
    match leaf {
        "String" if matches!(last, "after" | "before") && path.len() == 1 => Sort::Cursor,
        "ID" => Sort::Id,
        "String" if last != "zone" => Sort::Text,
        _ => Sort::Plain,
    }
}

/// What fills the places that are not attacked.
pub(super) trait Filling {
    /// A value for a leaf of this type and name, about this record type.
    fn leaf(&self, of: &Type, name: &str, about: Option<&str>) -> Value;
    /// A whole input that is needed to get anywhere, such as what a new record must have.
    fn whole(&self, input: &str) -> Option<Map<String, Value>>;
}

/// The value of an argument: the way to the slot with its value at the end, and what is needed beside the way.
pub(super) fn argument(schema: &Schema, of: &Type, path: &[String], value: &Value, filling: &dyn Filling) -> Value {
    build(schema, of, path, value, (filling, None))
}

fn build(schema: &Schema, of: &Type, path: &[String], value: &Value, with: (&dyn Filling, Option<&str>)) -> Value {
    let (filling, about) = with;
    match of {
        Type::Required(inner) => build(schema, inner, path, value, with),
        Type::List(inner) if path.is_empty() && schema.is_leaf(inner.name()) && value.is_array() => value.clone(),
        Type::List(inner) => json!([build(schema, inner, path, value, with)]),
        Type::Named(name) => {
            let Some((next, rest)) = path.split_first() else { return value.clone() };
            let about = schema.subject(name).or(about);
            let mut object = filling.whole(name).unwrap_or_default();
            for field in schema.inputs(name).iter().filter(|field| field.is_needed() && field.name != *next) {
                object.insert(field.name.clone(), needed(schema, &field.of, &field.name, (filling, about)));
            }
            if let Some(field) = schema.inputs(name).iter().find(|field| field.name == *next) {
                object.insert(next.clone(), build(schema, &field.of, rest, value, (filling, about)));
            }
            steer(schema, name, path, &mut object);
            Value::Object(object)
        }
    }
}

/// A value for an argument or input field that must be there.
pub(super) fn needed(schema: &Schema, of: &Type, name: &str, with: (&dyn Filling, Option<&str>)) -> Value {
    let (filling, about) = with;
    match of {
        Type::Required(inner) => needed(schema, inner, name, with),
        Type::List(inner) => json!([needed(schema, inner, name, with)]),
        Type::Named(input) if schema.is_leaf(input) => filling.leaf(of, name, about),
        Type::Named(input) => {
            let mut object = filling.whole(input).unwrap_or_default();
            for field in schema.inputs(input).iter().filter(|field| field.is_needed()) {
                let value = needed(schema, &field.of, &field.name, (filling, schema.subject(input).or(about)));
                object.insert(field.name.clone(), value);
            }
            Value::Object(object)
        }
    }
}

/// `by: CREDIT_CODE` where the slot lies in `input.creditCode`: an upsert is attacked through the key it matches by.
fn steer(schema: &Schema, name: &str, path: &[String], object: &mut Map<String, Value>) {
    let Some(by) = schema.inputs(name).iter().find(|field| field.name == "by") else { return };
    if let (Some(definition), Some(key)) = (schema.get(by.of.name()), path.get(1))
        && let Some(word) = key_word(&definition.values, key)
    {
        object.insert("by".to_owned(), json!(word));
    }
}

/// The word of a unique key that holds a field.
pub(super) fn key_word<'a>(words: &'a [String], field: &str) -> Option<&'a String> {
    let screaming = field.chars().fold(String::new(), |mut word, c| {
        if c.is_ascii_uppercase() {
            word.push('_');
        }
        word.push(c.to_ascii_uppercase());
        word
    });
    let screaming = if screaming == "EXTERNAL_IDS" { "EXTERNAL_ID".to_owned() } else { screaming };
    words.iter().find(|word| **word == screaming).or_else(|| words.iter().find(|word| word.starts_with("BY_") && word.contains(&screaming)))
}
