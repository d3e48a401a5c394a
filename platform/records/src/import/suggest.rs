//! A mapping proposed from the names of a file's columns: they are compared with API names and with labels in every language.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use serde_json::json;
use tenon_access::Policy;
use tenon_diagnostics::{Kind, Problem};
use tenon_model::{FieldKind, Model, Object, ObjectIx, RelationShape, UniquePart};
use tenon_query::Action;
use tenon_value::{Json, JsonMap, Locale, fold};

use super::format::Format;
use super::mapping::Reading;
use super::run::ImportError;
use super::source::{Cell, Source};

/// Bytes of a file's beginning by which a mapping is proposed (`suggest_bytes`); a workbook and a Parquet file are read whole.
pub const SUGGEST_BYTES_MAX: usize = 256 * 1024;
/// Rows shown as samples.
const SAMPLES: usize = 3;
/// A name that is less alike is not proposed.
const LEAST: f64 = 0.6;

/// Something a column may go to.
struct Target {
    to: String,
    by: Option<String>,
    words: Vec<String>,
}

/// Proposes a mapping for the beginning of a file.
///
/// # Errors
/// Where the object is not seen or may not be written, or the file cannot be read.
pub fn suggest(model: &Model, policy: &Policy, object: &str, (begin, format): (Vec<u8>, Format)) -> Result<Json, ImportError> {
    let seen = model.object_named(object).filter(|object| policy.may(object.ix, Action::Read));
    let Some(object) = seen else {
        let (en, zh) = (format!("there is no object `{object}`"), format!("没有对象 `{object}`"));
        return Err(ImportError::Mapping(Problem::invalid("import/object", en, zh).into()));
    };
    if !policy.may_import(object.ix) {
        return Err(ImportError::Mapping(Problem::of_kind(Kind::Forbidden).into()));
    }
    let delimiter = delimiter(&begin);
    let (columns, samples) = beginning(begin, format, delimiter)?;
    let targets = targets(model, policy, object);
    let chosen = choose(&columns, &targets);
    let (mut shown, mut mapped) = (Vec::new(), JsonMap::new());
    for (place, (column, choice)) in columns.iter().zip(chosen).enumerate() {
        let samples: Vec<&str> = samples.iter().filter_map(|row| row.get(place)).map(String::as_str).collect();
        let (to, by) = choice.map_or((None, None), |(target, _)| (Some(&target.to), target.by.as_ref()));
        let score = choice.map_or(0.0, |(_, score)| (score * 100.0).round() / 100.0);
        shown.push(json!({ "column": column, "to": to, "by": by, "score": score, "samples": samples }));
        let aim = match (to, by) {
            (Some(to), Some(by)) => json!({ "to": to, "by": by }),
            (Some(to), None) => json!(to),
            (None, _) => json!("skip"),
        };
        mapped.insert(column.clone(), aim);
    }
    let mut mapping = json!({ "format": "tenon/v1", "mapping": object.name.as_str(), "columns": mapped });
    if delimiter != b',' && format == Format::Csv {
        let read = json!({ "delimiter": char::from(delimiter).to_string() });
        mapping.as_object_mut().map(|members| members.insert("read".to_owned(), read));
    }
    Ok(json!({ "object": object.name.as_str(), "columns": shown, "mapping": mapping }))
}

/// The delimiter that the first line has most of.
fn delimiter(begin: &[u8]) -> u8 {
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The columns and the first rows. The last row of a beginning may be cut in two: what cannot be read ends it.
fn beginning(begin: Vec<u8>, format: Format, delimiter: u8) -> Result<(Vec<String>, Vec<Vec<String>>), ImportError> {
    let mapped = if format == Format::Jsonl { members(&begin) } else { Vec::new() };
    let mut source = Source::open(Box::new(Cursor::new(begin)) as Box<dyn Read + Send>, format, &Reading::plain(delimiter), mapped)?;
    let mut samples = Vec::new();
    while samples.len() < SAMPLES
        && let Ok(Some(row)) = source.next()
    {
        let text = |cell: Cell| match cell {
            Cell::Absent => String::new(),
            Cell::Text(text) | Cell::Exact(text) => text,
            Cell::Json(json) => json.to_string(),
        };
        samples.extend(row.cells.ok().map(|cells| cells.into_iter().map(text).collect()));
    }
    Ok((source.columns, samples))
}

/// The names that the first objects of a JSONL file have.
fn members(begin: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in begin.split(|byte| *byte == b'\n').take(SAMPLES) {
        if let Ok(Json::Object(object)) = serde_json::from_slice(line) {
            names.extend(object.into_iter().map(|(name, _)| name).filter(|name| !names.contains(name)).collect::<Vec<_>>());
        }
    }
    names
}

/// Everything a column may go to, with the words it goes by.
fn targets(model: &Model, policy: &Policy, object: &Object) -> Vec<Target> {
    let mut targets = Vec::new();
    for field in object.active_fields() {
        if field.system || field.read_only || !policy.may_write_field(object.ix, field.ix) {
            continue;
        }
        let mut words = vec![field.name.to_string()];
        words.extend(Locale::ALL.iter().filter_map(|locale| field.label.exact(*locale)).map(str::to_owned));
        if matches!(field.kind, FieldKind::Money { .. }) {
            let currency =
                words.iter().flat_map(|word| [format!("{word} currency"), format!("{word}币种"), format!("{word}货币")]).collect();
            targets.push(Target { to: format!("{}.currency", field.name), by: None, words: currency });
        }
        let to = if matches!(field.kind, FieldKind::Money { .. }) { format!("{}.amount", field.name) } else { field.name.to_string() };
        targets.push(Target { to, by: None, words });
    }
    for relation in object.active_relations() {
        let writable = !relation.system && !relation.read_only && policy.may_write_relation(object.ix, relation.ix);
        if !writable || relation.shape != RelationShape::One {
            continue;
        }
        let Some(target) = relation.target().filter(|target| policy.may(*target, Action::Read)) else { continue };
        let mut words = vec![relation.name.to_string()];
        words.extend(Locale::ALL.iter().filter_map(|locale| relation.label.exact(*locale)).map(str::to_owned));
        targets.push(Target { to: relation.name.to_string(), by: Some(key_of(model, policy, target)), words });
    }
    targets
}

/// By what records of an object are found: its first unique field that is read, else their ids.
fn key_of(model: &Model, policy: &Policy, target: ObjectIx) -> String {
    let unique = model.object(target).into_iter().flat_map(|object| object.unique.iter().map(move |key| (object, key)));
    let single = |(object, key): (&Object, &tenon_model::UniqueKey)| match key.parts.as_slice() {
        [UniquePart::Field(field)] if policy.may_read_field(target, *field) => object.field(*field).map(|field| field.name.to_string()),
        _ => None,
    };
    unique.into_iter().find_map(single).unwrap_or_else(|| "id".to_owned())
}

/// The most alike first; each target goes to one column.
fn choose<'t>(columns: &[String], targets: &'t [Target]) -> Vec<Option<(&'t Target, f64)>> {
    let mut pairs = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        for (which, target) in targets.iter().enumerate() {
            let score = target.words.iter().map(|word| alike(column, word)).fold(0.0, f64::max);
            if score >= LEAST {
                pairs.push((score, place, which));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)).then(one.2.cmp(&other.2)));
    let mut taken = HashSet::new();
    let mut chosen = vec![None; columns.len()];
    for (score, place, which) in pairs {
        if let Some(choice @ None) = chosen.get_mut(place)
            && taken.insert(which)
        {
            *choice = targets.get(which).map(|target| (target, score));
        }
    }
    chosen
}

/// How alike two names are, from 0 to 1: letters and digits count, case and width do not.
fn alike(one: &str, other: &str) -> f64 {
    let plain = |text: &str| fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect::<Vec<char>>();
    let (one, other) = (plain(one), plain(other));
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if short.is_empty() {
        return 0.0;
    }
    if one == other {
        return 1.0;
    }
    let (least, most) = (short.len() as f64, long.len() as f64);
    let enough = if short.iter().all(char::is_ascii) { 4 } else { 2 };
    if short.len() >= enough && long.windows(short.len()).any(|part| part == short.as_slice()) {
        return 0.6 + 0.3 * least / most;
    }
    let apart = apart(&one, &other) as f64;
    let score = 1.0 - apart / most;
    if score >= 0.75 { score * 0.9 } else { 0.0 }
}

/// Letters to be changed, put in or taken out to get from one to the other.
fn apart(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, wanted) in row.iter_mut().skip(1).zip(other) {
            let best = (diagonal + usize::from(letter != wanted)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            left = best;
            *cell = best;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_in_both_languages() {
        assert!((alike("Close Date", "close_date") - 1.0).abs() < 1e-9);
        assert!((alike("名称", " 名称 ") - 1.0).abs() < 1e-9);
        assert!(alike("客户名称", "名称") > LEAST);
        assert!(alike("amonut", "amount") < alike("amout", "amount"));
        assert!(alike("stage", "account") < LEAST);
        assert_eq!(apart(&['a', 'b', 'c'], &['a', 'c']), 1);
        assert_eq!(apart(&[], &['a', 'c']), 2);
    }

    #[test]
    fn a_target_goes_to_the_column_most_like_it() {
        let target =
            |to: &str, words: &[&str]| Target { to: to.to_owned(), by: None, words: words.iter().map(|word| (*word).to_owned()).collect() };
        let targets = [target("name", &["name", "名称"]), target("phone", &["phone", "电话"])];
        let columns = ["客户名称", "名称", "Phone No", "other"].map(str::to_owned);
        let chosen: Vec<Option<&str>> =
            choose(&columns, &targets).iter().map(|choice| choice.map(|(target, _)| target.to.as_str())).collect();
        assert_eq!(chosen, [None, Some("name"), Some("phone"), None]);
        assert_eq!(delimiter(b"a;b;c\n1,5;2;3"), b';');
        assert_eq!(delimiter(b"a"), b',');
    }
}
