//! Records in memory, one set per thread: what `records` reads and writes natively.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{Json, Problem, Record, Saved, Value};

type Queries = Box<dyn Fn(&str, &str) -> Result<String, Problem>>;

#[derive(Default)]
struct House {
    records: BTreeMap<(String, String), Record>,
    numbers: BTreeMap<String, i64>,
    made: u32,
    queries: Option<Queries>,
}

thread_local! {
    static HOUSE: RefCell<House> = RefCell::default();
}

/// Puts a record where [`records::get`](crate::records::get) finds it.
///
/// ```
/// use tenon_sdk::{records, testing};
/// testing::put_record("account", "7", &[("name", "Li Ltd".into())]);
/// assert!(records::get("account", "7").unwrap().is_some());
/// ```
pub fn put_record(object: &str, id: &str, values: &[(&str, Value)]) {
    let fields = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let record = Record { id: id.to_owned(), version: 1, fields };
    HOUSE.with_borrow_mut(|house| house.records.insert((object.to_owned(), id.to_owned()), record));
}

/// Answers [`records::query`](crate::records::query) from here on: gets document and variables, gives the data as JSON.
///
/// ```
/// use tenon_sdk::{records, testing};
/// testing::answer_queries(|document, _| Ok(format!(r#"{{"asked":{}}}"#, document.len())));
/// assert_eq!(records::query("{ a }", "").unwrap().at("asked").integer(), Some(5));
/// ```
pub fn answer_queries(answer: impl Fn(&str, &str) -> Result<String, Problem> + 'static) {
    HOUSE.with_borrow_mut(|house| house.queries = Some(Box::new(answer)));
}

fn problem(code: &str, message: &str) -> Problem {
    Problem { code: code.to_owned(), rule: None, message: message.to_owned(), field: None }
}

pub(crate) fn get(object: &str, id: &str) -> Result<Option<Record>, Problem> {
    Ok(HOUSE.with_borrow(|house| house.records.get(&(object.to_owned(), id.to_owned())).cloned()))
}

pub(crate) fn get_for_update(object: &str, id: &str) -> Result<Option<Record>, Problem> {
    get(object, id)
}

pub(crate) fn query(document: &str, variables: &str) -> Result<Json, Problem> {
    let data = HOUSE.with_borrow(|house| match &house.queries {
        Some(answer) => answer(document, variables),
        None => Err(problem("UNAVAILABLE", "tell `testing::answer_queries` what to answer")),
    })?;
    data.parse().map_err(|_| problem("INVALID", "the test's answer is no JSON"))
}

pub(crate) fn lock(name: &str) -> Result<(), Problem> {
    if name.is_empty() { Err(problem("INVALID", "a name has 1 to 200 letters")) } else { Ok(()) }
}

pub(crate) fn create(object: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    let id = HOUSE.with_borrow_mut(|house| {
        house.made += 1;
        format!("0198c1d2-7a3e-7f00-9000-{:012}", house.made)
    });
    put_record(object, &id, values);
    Ok(Saved { id, version: 1, created: true })
}

pub(crate) fn update(object: &str, id: &str, expect: Option<i64>, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    HOUSE.with_borrow_mut(|house| {
        let record = house.records.get_mut(&(object.to_owned(), id.to_owned()));
        let record = record.ok_or_else(|| problem("NOT_FOUND", "there is no such record"))?;
        if expect.is_some_and(|version| version != record.version) {
            return Err(problem("CONFLICT", "somebody changed this meanwhile"));
        }
        for (name, value) in values {
            match record.fields.iter_mut().find(|(field, _)| field == name) {
                Some((_, slot)) => *slot = value.clone(),
                None => record.fields.push(((*name).to_owned(), value.clone())),
            }
        }
        record.version += 1;
        Ok(Saved { id: id.to_owned(), version: record.version, created: false })
    })
}

pub(crate) fn update_where(object: &str, _: &str, values: &[(&str, Value)], limit: u32) -> Result<u32, Problem> {
    let of = |house: &House| house.records.keys().filter(|(one, _)| one == object).map(|(_, id)| id.clone()).collect::<Vec<_>>();
    let mut changed = 0;
    for id in HOUSE.with_borrow(of).into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        update(object, &id, None, values)?;
        changed += 1;
    }
    Ok(changed)
}

pub(crate) fn create_many(object: &str, rows: &[Vec<(&str, Value)>]) -> Result<Vec<String>, Problem> {
    rows.iter().map(|values| Ok(create(object, values)?.id)).collect()
}

pub(crate) fn update_many(object: &str, rows: &[(&str, Vec<(&str, Value)>)]) -> Result<u32, Problem> {
    let mut changed = 0;
    for (id, values) in rows {
        update(object, id, None, values)?;
        changed += 1;
    }
    Ok(changed)
}

pub(crate) fn create_or_get(object: &str, _: &str, values: &[(&str, Value)]) -> Result<Saved, Problem> {
    let same = |record: &Record| values.iter().all(|(name, value)| record.get(name) == Some(value));
    let found = HOUSE.with_borrow(|house| {
        house.records.iter().find(|((one, _), record)| one == object && same(record)).map(|(_, record)| record.clone())
    });
    match found {
        Some(record) => Ok(Saved { id: record.id, version: record.version, created: false }),
        None => create(object, values),
    }
}

pub(crate) fn delete(object: &str, id: &str, expect: Option<i64>) -> Result<(), Problem> {
    let found = get(object, id)?.ok_or_else(|| problem("NOT_FOUND", "there is no such record"))?;
    if expect.is_some_and(|version| version != found.version) {
        return Err(problem("CONFLICT", "somebody changed this meanwhile"));
    }
    HOUSE.with_borrow_mut(|house| house.records.remove(&(object.to_owned(), id.to_owned())));
    Ok(())
}

pub(crate) fn next_number(series: &str) -> Result<i64, Problem> {
    HOUSE.with_borrow_mut(|house| {
        let next = house.numbers.entry(series.to_owned()).or_default();
        *next += 1;
        Ok(*next)
    })
}
