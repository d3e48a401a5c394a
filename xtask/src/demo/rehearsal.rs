//! The demo without a server: what would be sent is the same every time, and speaks of what the base CRM has.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};

use super::day::Day;
use super::load::fill_by;

/// Rows by the object's name in GraphQL.
type Sent = BTreeMap<String, Vec<Value>>;

/// What every record has, and what is named in the child's file.
const ELSEWHERE: [&str; 3] = ["owner", "lines", "entries"];

fn rehearse() -> (usize, Sent) {
    let sent = Rc::new(RefCell::new(Sent::new()));
    let log = Rc::clone(&sent);
    let send = move |document: &str, variables: &Value| {
        let object = document.split("[Create").nth(1).unwrap().split("Input!").next().unwrap().to_owned();
        let rows = variables.get("rows").unwrap().as_array().unwrap();
        let mut log = log.borrow_mut();
        let known = log.entry(object.clone()).or_default();
        let nodes: Vec<Value> = (0..rows.len()).map(|row| json!({ "id": format!("{object}-{}", known.len() + row) })).collect();
        known.extend(rows.iter().cloned());
        Ok(json!({ "batch": { "nodes": nodes } }))
    };
    let count = fill_by(Box::new(send), Day::today()).unwrap();
    let sent = sent.borrow().clone();
    (count, sent)
}

/// `closeDate` → `close_date`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Everything an object's file says at the beginning of a line or a brace: names of fields, relations, options.
fn words(object: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join(format!("metadata/crm/objects/{object}/object.yaml"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).map(str::to_owned).collect()
}

fn check(object: &str, known: &BTreeSet<String>, row: &Value, wrong: &mut BTreeSet<String>) {
    for (key, value) in row.as_object().unwrap() {
        let field = snake(key);
        if !ELSEWHERE.contains(&field.as_str()) && !known.contains(&field) {
            wrong.insert(format!("{object}.{field}"));
        }
        let is_code = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        if let Some(code) = value.as_str().filter(|text| is_code(text) && !matches!(key.as_str(), "code" | "symbol"))
            && !known.contains(&code.to_ascii_lowercase())
        {
            wrong.insert(format!("{object}.{field} = {code}"));
        }
    }
}

#[test]
fn the_demo_is_the_same_every_time() {
    let (count, sent) = rehearse();
    assert_eq!(sent, rehearse().1);
    assert_eq!(count, sent.values().map(Vec::len).sum::<usize>());
    assert!((3_000..10_000).contains(&count), "{count} records");
}

#[test]
fn the_demo_speaks_of_what_the_base_crm_has() {
    let mut wrong = BTreeSet::new();
    for (object, rows) in rehearse().1 {
        let known = words(&snake(&object));
        rows.iter().for_each(|row| check(&snake(&object), &known, row, &mut wrong));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unique_fields_are_unique() {
    let (_, sent) = rehearse();
    for (object, field) in [("Account", "creditCode"), ("Product", "sku"), ("Tag", "name"), ("User", "login"), ("User", "employeeNumber")] {
        let mut seen = BTreeSet::new();
        for value in sent[object].iter().filter_map(|row| row.get(field)) {
            assert!(seen.insert(value.to_string()), "{object}.{field} twice: {value}");
        }
    }
}
