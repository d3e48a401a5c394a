//! How a record of an object is made: found out by asking, so that a new object or field needs no word here.
//!
//! Every text field gets a value that says whose it is. What an object refuses is tried in another shape, then left out.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

use super::schema::{Schema, items};
use super::world::{Object, Whose, id};
use crate::Tenant;

/// The system of the external ids that every record gets.
pub(super) const SYSTEM: &str = "attack";

/// How often a recipe is mended before we give up.
const TRIES_MAX: usize = 40;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Email,
    Url,
    Phone,
    Letters,
    Number,
    Decimal,
    Money,
    Day,
    /// The record of the same whose of this object.
    Needed(usize),
}

/// The shapes tried after one is refused.
const NEXT: [(Shape, Shape); 4] =
    [(Shape::Text, Shape::Email), (Shape::Email, Shape::Url), (Shape::Url, Shape::Phone), (Shape::Phone, Shape::Letters)];

/// How a record is made.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    fields: BTreeMap<String, Shape>,
    /// Relations that may stay empty: name, type of the target, whether there may be many.
    pub(super) relations: Vec<(String, String, bool)>,
}

impl Recipe {
    /// The input of record `number`.
    pub(super) fn input(&self, objects: &[Object], record: (usize, Whose, usize)) -> Map<String, Value> {
        let (place, whose, number) = record;
        let mut input = Map::new();
        input.insert("id".to_owned(), json!(id(whose, place, number)));
        input.insert("externalIds".to_owned(), json!([{ "system": SYSTEM, "id": text_of(whose, place, number) }]));
        for (field, shape) in &self.fields {
            input.insert(field.clone(), self.value(objects, *shape, record));
        }
        input
    }

    fn value(&self, objects: &[Object], shape: Shape, (place, whose, number): (usize, Whose, usize)) -> Value {
        let word = text_of(whose, place, number);
        match shape {
            Shape::Text => json!(word),
            Shape::Email => json!(format!("{word}@mail.example")),
            Shape::Url => json!(format!("https://{word}.example/")),
            Shape::Phone => json!(format!("+86138{}{:02}{:05}", whose.digit(), place % 100, number % 100_000)),
            Shape::Letters => json!(letters(whose, number)),
            Shape::Number => json!(number_of(whose, number)),
            Shape::Decimal => json!(number_of(whose, number).to_string()),
            Shape::Money => json!({ "amount": number_of(whose, number).to_string() }),
            Shape::Day => json!(format!("20{}-01-{:02}", 20 + whose.digit(), number % 28 + 1)),
            // Each record has a parent of its own: a pair may be unique.
            Shape::Needed(target) if objects.get(target).is_some() => json!({ "connect": { "id": id(whose, target, number) } }),
            Shape::Needed(_) => Value::Null,
        }
    }

    /// The value an attacker would try for a field of this record.
    pub(super) fn bait(&self, field: &str, record: (usize, Whose, usize)) -> Value {
        let (place, whose, number) = record;
        match self.fields.get(field) {
            Some(Shape::Number | Shape::Decimal | Shape::Money | Shape::Day | Shape::Needed(_)) | None => {
                json!(text_of(whose, place, number))
            }
            Some(shape) => self.value(&[], *shape, record),
        }
    }

    /// Whether a field is filled.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The targets a record cannot do without.
    fn needs(&self) -> impl Iterator<Item = usize> {
        self.fields.values().filter_map(|shape| if let Shape::Needed(target) = shape { Some(*target) } else { None })
    }
}

/// `zqxh0300012`: whose, the object, the number.
pub(super) fn text_of(whose: Whose, place: usize, number: usize) -> String {
    format!("{}{place:02}{number:05}", whose.mark())
}

fn number_of(whose: Whose, number: usize) -> usize {
    match whose {
        // Whatever the number: a field may hold no more than a hundred, and what is refused for that attacks nothing.
        Whose::Seen | Whose::Missing => 10 + number % 30,
        Whose::Hidden => 40 + number % 50,
        Whose::Foreign => 91 + number % 9,
    }
}

fn letters(whose: Whose, number: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    [letter(usize::from(whose.digit()) * 6 + number / 676), letter(number / 26), letter(number)].into_iter().collect()
}

/// `account` → `Account`.
pub(super) fn upper(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Objects, those that are needed before those that need them.
pub(super) fn order(objects: &[Object]) -> Vec<usize> {
    let mut order = Vec::new();
    // As often as there are objects is enough for any chain of needs.
    for _ in 0..objects.len() {
        for (place, object) in objects.iter().enumerate() {
            if !order.contains(&place) && object.recipe.needs().all(|need| need == place || order.contains(&need)) {
                order.push(place);
            }
        }
    }
    order
}

/// Finds all recipes; an object that needs another waits until that one's is found.
pub(super) async fn find_all(admin: &Tenant, schema: &Schema, objects: &mut [Object]) -> anyhow::Result<()> {
    let mut found = vec![false; objects.len()];
    let kinds: Vec<String> = objects.iter().map(|object| object.kind.clone()).collect();
    for object in objects.iter_mut() {
        object.recipe = begin(schema, object, &kinds);
    }
    for _ in 0..kinds.len() {
        for place in 0..kinds.len() {
            if found.get(place) == Some(&false) {
                let done = find(admin, schema, objects, (place, &found)).await;
                let done = done.with_context(|| format!("how to make a record of `{}`", kinds.get(place).map_or("", String::as_str)))?;
                found.get_mut(place).into_iter().for_each(|one| *one = done);
            }
        }
    }
    ensure!(found.iter().all(|done| *done), "objects that need each other cannot be made");
    Ok(())
}

fn begin(schema: &Schema, object: &Object, kinds: &[String]) -> Recipe {
    let mut recipe = Recipe::default();
    for field in schema.inputs(&format!("Create{}Input", object.kind)) {
        let name = field.of.name();
        let shape = match name {
            "String" if !field.of.is_list() => Shape::Text,
            "Int" => Shape::Number,
            "MoneyInput" => Shape::Money,
            "Date" => Shape::Day,
            _ => {
                recipe.relations.extend(relation(schema, &field.name, name, kinds));
                continue;
            }
        };
        recipe.fields.insert(field.name.clone(), shape);
    }
    recipe
}

/// A relation that a record may be tied by: to one of one kind, or to many that are not its own children.
fn relation(schema: &Schema, field: &str, input: &str, kinds: &[String]) -> Option<(String, String, bool)> {
    let key = schema.inputs(input).iter().find(|field| field.name == "connect")?.of.name().strip_suffix("Key")?.to_owned();
    let is_many = !input.ends_with("One");
    let are_children = schema.inputs(input).iter().any(|field| field.name == "delete");
    (field != "owner" && kinds.contains(&key) && !are_children).then(|| (field.to_owned(), key, is_many))
}

/// Asks with a dry run until nothing is refused; false where a needed object's recipe is not known yet.
async fn find(admin: &Tenant, schema: &Schema, objects: &mut [Object], (place, found): (usize, &[bool])) -> anyhow::Result<bool> {
    let kinds: Vec<String> = objects.iter().map(|object| object.kind.clone()).collect();
    let kind = kinds.get(place).context("an object")?;
    let document = format!("mutation ($input: Create{kind}Input!) {{ create{kind}(input: $input) {{ id }} }}");
    let mut last = Value::Null;
    for _ in 0..TRIES_MAX {
        let recipe = objects.get(place).map(|object| object.recipe.clone()).unwrap_or_default();
        if recipe.needs().any(|need| found.get(need) != Some(&true)) {
            return Ok(false);
        }
        let input = whole(objects, (place, Whose::Missing, 0));
        let body = json!({ "query": document, "variables": { "input": input }, "extensions": { "dryRun": true } });
        let answer = admin.post("graphql", &body, &[]).await?.json()?;
        let errors = items(&answer["errors"]);
        if errors.is_empty() {
            return Ok(true);
        }
        let Some(object) = objects.get_mut(place) else { break };
        let is_mended = errors.iter().filter(|error| mend(schema, object, error, &kinds)).count() > 0;
        last = answer;
        if !is_mended {
            break;
        }
    }
    bail!("{last}")
}

/// The input of a record that makes what it needs on the way.
pub(super) fn whole(objects: &[Object], record: (usize, Whose, usize)) -> Map<String, Value> {
    let (place, whose, number) = record;
    let Some(object) = objects.get(place) else { return Map::new() };
    let mut input = object.recipe.input(objects, record);
    for (field, shape) in &object.recipe.fields {
        if let Shape::Needed(target) = shape {
            input.insert(field.clone(), json!({ "create": whole(objects, (*target, whose, number)) }));
        }
    }
    input
}

/// The same, owned by this user all the way.
pub(super) fn owned(objects: &[Object], record: (usize, Whose, usize), owner: &str) -> Map<String, Value> {
    let mut input = whole(objects, record);
    own(&mut input, owner);
    input
}

fn own(input: &mut Map<String, Value>, owner: &str) {
    for value in input.values_mut() {
        if let Some(inner) = value.get_mut("create").and_then(Value::as_object_mut) {
            inner.remove("id");
            own(inner, owner);
        }
    }
    input.insert("owner".to_owned(), json!({ "connect": { "id": owner } }));
}

fn mend(schema: &Schema, object: &mut Object, error: &Value, kinds: &[String]) -> bool {
    let extensions = &error["extensions"];
    let Some(field) = items(&extensions["inputPath"]).iter().filter_map(Value::as_str).nth(1) else { return false };
    if extensions["rule"] == "required" {
        let input = format!("Create{}Input", object.kind);
        let Some(of) = schema.inputs(&input).iter().find(|one| one.name == field).map(|one| one.of.name()) else { return false };
        let target = of.strip_suffix("One").and_then(|kind| kinds.iter().position(|one| one == kind));
        let shape = match (of, target) {
            (_, Some(target)) => Shape::Needed(target),
            ("Decimal", None) => Shape::Decimal,
            _ => return false,
        };
        object.recipe.relations.retain(|(relation, _, _)| relation != field);
        return object.recipe.fields.insert(field.to_owned(), shape).is_none();
    }
    let Some(old) = object.recipe.fields.get(field).copied() else { return false };
    match NEXT.iter().find(|(from, _)| *from == old) {
        Some((_, next)) => drop(object.recipe.fields.insert(field.to_owned(), *next)),
        None => drop(object.recipe.fields.remove(field)),
    }
    true
}
