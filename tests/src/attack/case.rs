//! One attack: a door, a slot, and what is put in; as a document for one case or for many at once.

use serde_json::{Map, Value, json};

use super::recipe;
use super::schema::{Field, Input, Schema, Type};
use super::slot::{Door, Filling, Slot, Sort, argument, key_word, needed};
use super::world::{MARKER, Whose, World, id};

/// An attack on one slot.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) door: Door,
    pub(super) slot: Slot,
    /// Which record of the pool is the bait.
    pub(super) number: usize,
    /// What comes in instead of a bait.
    pub(super) text: Option<&'static str>,
}

/// A document with its variables, and what of it the attacker knew.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    pub(super) body: Value,
    pub(super) sent: Vec<String>,
}

/// How many values a list of baits holds.
const LIST: usize = 20;

impl Case {
    /// How a finding names it.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.door.name(), self.slot.path.join("."))
    }

    /// Whether it asks for a bait, or only for what unseen rows could add to.
    pub(super) fn has_bait(&self) -> bool {
        matches!(self.slot.sort, Sort::Id | Sort::Text)
    }

    fn bait(&self, world: &World, whose: Whose) -> Value {
        if let Some(text) = self.text {
            return if self.slot.of.is_list() { json!(vec![text; LIST]) } else { json!(text) };
        }
        let place = self.place(world, self.number);
        // A number beyond the baits only tells objects apart.
        let first = self.number % world.baits;
        let one = |number: usize| match self.slot.sort {
            Sort::Id => json!(id(whose, place, number)),
            _ => {
                let names = self.slot.path.iter().rev().map(String::as_str);
                let known = ["system", "object"].iter().find(|name| self.slot.path.last().is_some_and(|last| last == *name));
                match (known, world.objects.get(place)) {
                    (None, Some(object)) => {
                        let field = names.into_iter().find(|name| object.recipe.has(name)).unwrap_or_default();
                        object.recipe.bait(field, (place, whose, number))
                    }
                    _ => json!(recipe::text_of(whose, place, number)),
                }
            }
        };
        if self.slot.of.is_list() { (0..LIST).map(|n| one((first + n) % world.baits)).collect() } else { one(first) }
    }

    /// The object whose records are the bait; a slot that speaks of none gets one object after another.
    fn place(&self, world: &World, number: usize) -> usize {
        let about = self.slot.about.as_deref().and_then(|kind| world.place(kind));
        about.unwrap_or(number % world.objects.len().max(1))
    }

    /// One document for many cases: each under an alias.
    pub(super) fn shot(world: &World, cases: &[&Self], whose: Whose) -> Shot {
        let (mut heads, mut fields, mut variables, mut sent) = (Vec::new(), Vec::new(), Map::new(), Vec::new());
        for (place, case) in cases.iter().enumerate() {
            let bait = match case.slot.sort {
                Sort::Id | Sort::Text => case.bait(world, whose),
                Sort::Cursor => Value::Null,
                Sort::Plain => {
                    Fill { world, case, number: case.number }.leaf(&case.slot.of, case.slot.path.last().map_or("", String::as_str), None)
                }
            };
            told(&bait, &mut sent);
            let arguments = case.arguments(world, &bait);
            let mut names = Vec::new();
            for (argument, value) in arguments {
                let variable = format!("a{place}_{}", argument.name);
                heads.push(format!("${variable}: {}", argument.of));
                names.push(format!("{}: ${variable}", argument.name));
                variables.insert(variable, value);
            }
            let names = if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) };
            fields.push(nest(
                &case.door.way,
                place,
                &format!("{}{names}{}", case.door.field.name, selection(&world.schema, &case.door.field)),
            ));
        }
        let operation = cases.first().map_or("query", |case| if case.door.operation == "Mutation" { "mutation" } else { "query" });
        let head = if heads.is_empty() { String::new() } else { format!("({})", heads.join(", ")) };
        let mut body = json!({ "query": format!("{operation} {}{head} {{ {} }}", world.mark, fields.join("\n")), "variables": variables });
        if operation == "mutation" {
            body["extensions"] = json!({ "dryRun": true });
        }
        Shot { body, sent }
    }

    /// The arguments with the bait in its slot, and what the door needs beside it.
    fn arguments(&self, world: &World, bait: &Value) -> Vec<(Input, Value)> {
        let schema = &world.schema;
        let fill = Fill { world, case: self, number: self.number };
        let Some((first, rest)) = self.slot.path.split_first() else { return Vec::new() };
        let about = self.door.about.as_deref();
        let mut given = Vec::new();
        for input in &self.door.field.arguments {
            let value = if input.name == *first {
                argument(schema, &input.of, rest, bait, &fill)
            } else if input.is_needed() || self.goes_with(&input.name) {
                needed(schema, &input.of, &input.name, (&fill, about))
            } else {
                continue;
            };
            given.push((input.clone(), value));
        }
        self.steer(world, &mut given);
        given
    }

    /// Batches name their rows in one argument and what to do in another, neither of which is required.
    fn goes_with(&self, argument: &str) -> bool {
        let first = self.slot.path.first().map_or("", String::as_str);
        // Groups are as many as there may be, unless said: no need to pay for 2,000.
        let is_groups = self.door.kind == "aggregate" && argument == "first";
        is_groups || self.door.kind == "update many" && matches!((first, argument), ("ids" | "filter", "input") | ("input", "ids"))
    }

    /// An upsert matches by the key that is attacked, else by its own record's.
    fn steer(&self, world: &World, given: &mut [(Input, Value)]) {
        if !self.door.kind.starts_with("upsert") {
            return;
        }
        let words = self.door.field.arguments.iter().find(|input| input.name == "by").and_then(|by| world.schema.get(by.of.name()));
        let key = self.slot.path.get(1).and_then(|field| words.and_then(|words| key_word(&words.values, field)));
        let own = self.door.about.as_deref().and_then(|kind| world.place(kind)).map(|place| recipe::text_of(Whose::Seen, place, 0));
        for (input, value) in given {
            if input.name == "by" {
                *value = key.map_or_else(|| json!("EXTERNAL_ID"), |word| json!(word));
            } else if key.is_none() {
                let target = if value.is_array() { value.get_mut(0) } else { Some(value) };
                target.and_then(Value::as_object_mut).into_iter().for_each(|object| {
                    object.insert("externalIds".to_owned(), json!([{ "system": recipe::SYSTEM, "id": own }]));
                });
            }
        }
    }
}

/// Everything that was sent and could come back.
fn told(value: &Value, sent: &mut Vec<String>) {
    match value {
        Value::String(text) => sent.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| told(item, sent)),
        _ => {}
    }
}

/// `a3: accounts { nodes { contacts(…) { … } } }`.
fn nest(way: &[String], place: usize, inner: &str) -> String {
    let Some((root, rest)) = way.split_first() else { return format!("a{place}: {inner}") };
    let below = rest.iter().rev().fold(inner.to_owned(), |inner, field| format!("{field} {{ {inner} }}"));
    format!("a{place}: {root} {{ {below} }}")
}

/// What is asked of a field's answer: enough to tell one row from another, and every count.
pub(super) fn selection(schema: &Schema, field: &Field) -> String {
    let name = field.of.name();
    if schema.is_leaf(name) {
        return String::new();
    }
    match name {
        _ if name.ends_with("Connection") && schema.fields(name).iter().any(|field| field.name == "totalCount") => {
            " { nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage } totalCount(limit: null) { value exact } }".to_owned()
        }
        // What is added up has doors of its own, with their own filters.
        _ if name.ends_with("Aggregate") => {
            let key = schema.fields(name).iter().find(|field| field.name == "key").map(|key| below(schema, key.of.name(), 2));
            format!(" {{ count drillDown key{} }}", key.unwrap_or_default())
        }
        _ if name.ends_with("Batch") => {
            " { affected created updated unchanged failed nodes { id } results { index status errors { code rule field } } }".to_owned()
        }
        _ => below(schema, name, 3),
    }
}

/// All leaves, and what lies below them; of records below, only what names them.
pub(super) fn below(schema: &Schema, name: &str, depth: u8) -> String {
    let Some(definition) = schema.get(name) else { return String::new() };
    if definition.kind == "INTERFACE" {
        return " { __typename id version display }".to_owned();
    }
    if definition.kind == "UNION" {
        let parts: Vec<String> = definition.possible.iter().map(|one| format!("... on {one} {{ id display }}")).collect();
        return format!(" {{ __typename {} }}", parts.join(" "));
    }
    let mut parts = vec!["__typename".to_owned()];
    for field in definition.fields.iter().filter(|field| !field.arguments.iter().any(Input::is_needed)) {
        let of = field.of.name();
        if schema.is_leaf(of) {
            parts.push(field.name.clone());
        } else if schema.get(of).is_some_and(|definition| definition.is_record) {
            parts.push(format!("{} {{ id display }}", field.name));
        } else if depth > 0 && !of.ends_with("Connection") {
            parts.push(format!("{}{}", field.name, below(schema, of, depth - 1)));
        }
    }
    format!(" {{ {} }}", parts.join(" "))
}

/// Fills what is not attacked with the attacker's own.
struct Fill<'a> {
    world: &'a World,
    case: &'a Case,
    number: usize,
}

impl Filling for Fill<'_> {
    fn leaf(&self, of: &Type, name: &str, about: Option<&str>) -> Value {
        let place = about.or(self.case.door.about.as_deref()).and_then(|kind| self.world.place(kind)).unwrap_or_default();
        let one = match (of.name(), name) {
            ("ID", "with") => json!(id(Whose::Seen, self.world.place("User").unwrap_or_default(), 1)),
            ("ID", _) => json!(id(Whose::Seen, place, 1)),
            ("String", "system") => json!(recipe::SYSTEM),
            ("String", "object" | "objects") => json!(self.world.objects.get(place).map(|object| object.name.clone())),
            ("String", "zone") => json!("Asia/Shanghai"),
            ("String", "rights") => json!("read"),
            ("String", _) => json!(recipe::text_of(Whose::Missing, place, 90_000 + self.number)),
            ("Int" | "Long", "first") => json!(20),
            ("Int" | "Long", _) => json!(2),
            ("Float", _) => json!(1.5),
            ("Decimal", _) => json!("0.5"),
            ("Boolean", _) => json!(true),
            ("Date", _) => json!("2026-01-02"),
            ("DateTime", _) => json!("2026-01-02T00:00:00Z"),
            ("Duration", _) => json!("PT1H"),
            ("DateRange", _) => json!("2020-01-01..2026-12-31"),
            ("JSON", _) => json!({}),
            (other, _) => self
                .world
                .schema
                .get(other)
                .and_then(|definition| {
                    let own = definition.values.iter().find(|value| *value == "EXTERNAL_ID");
                    own.or_else(|| definition.values.get(self.number % definition.values.len().max(1))).map(|value| json!(value))
                })
                .unwrap_or_default(),
        };
        if of.is_list() { json!([one]) } else { one }
    }

    fn whole(&self, input: &str) -> Option<Map<String, Value>> {
        let kind = input.strip_prefix("Create")?.strip_suffix("Input")?;
        let place = self.world.place(kind)?;
        let user = self.world.place("User").unwrap_or_default();
        // What the attacker makes is his own: else he could not make it, and nothing would be attacked.
        let mut whole = recipe::owned(&self.world.objects, (place, Whose::Missing, 90_000 + self.number), &id(Whose::Seen, user, 0));
        self.world.schema.trim(input, &mut whole);
        // New records get new ids, else two of them in one document are one.
        whole.remove("id");
        debug_assert!(!whole.values().any(|value| value.to_string().contains(MARKER)), "the attacker knows no marker");
        Some(whole)
    }
}
