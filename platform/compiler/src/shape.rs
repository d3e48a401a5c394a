//! Holds values against the key tables: `unknown-key`, `missing-key`, `wrong-type`, `unknown-word`.
//!
//! Invariant: depth is that of the tables, not of the input; what a table does not describe is not walked.

use tenon_diagnostics::Diagnostic;
use tenon_value::{Json, Locale};

use crate::checks::{limit, missing_key, unknown_key, unknown_word, wrong_type};
use crate::keys::{Key, Shape, Table};
use crate::located::At;
use crate::{limits, yaml};

/// Checks the value of key `name`, of element `path`.
pub(crate) fn check(name: &str, value: &At<'_>, shape: &Shape, path: &str, report: &mut Vec<Diagnostic>) {
    match shape {
        Shape::Any => {}
        Shape::Localized => localized(name, value, path, report),
        Shape::Word(words) => {
            let found = value.text().unwrap_or_default();
            if value.text().is_none() {
                report.push(wrong_type::wrong_type(name, "text", value.json).at(value.span()).of(path));
            } else if !words.contains(&found) {
                report.push(unknown_word::unknown_word(name, found, words).at(value.span()).of(path));
            }
        }
        Shape::List(inner) if value.json.is_array() => {
            for item in value.items() {
                check(name, &item, inner, path, report);
            }
        }
        Shape::Names(inner) if value.json.is_object() => {
            for (key, item) in value.entries() {
                check(key, &item, inner, path, report);
            }
        }
        Shape::Table(inner) if value.json.is_object() => table(value, inner, path, report),
        Shape::Either(shapes) if shapes.iter().any(|one| fits(value.json, one)) => {
            if let Some(inner) = shapes.iter().find(|one| fits(value.json, one)) {
                check(name, value, inner, path, report);
            }
        }
        _ if fits(value.json, shape) => {}
        _ => report.push(wrong_type::wrong_type(name, &words(shape), value.json).at(value.span()).of(path)),
    }
}

/// Checks a mapping with known keys.
pub(crate) fn table(value: &At<'_>, table: &Table, path: &str, report: &mut Vec<Diagnostic>) {
    for (name, item) in value.entries() {
        match table.key(name) {
            Some(key) => check(name, &item, &key.shape, path, report),
            None => report.push(unknown_key::unknown_key(table.owner, name, names(table.keys.iter())).at(item.key_span()).of(path)),
        }
    }
    for key in table.keys {
        if let Some(example) = key.required
            && value.get(key.name).is_none()
        {
            report.push(missing_key::missing_key(table.owner, key.name, example).at(value.key_span()).of(path));
        }
    }
}

/// The keys an author may write.
pub(crate) fn names<'k>(keys: impl Iterator<Item = &'k Key>) -> impl Iterator<Item = &'static str> {
    // The server writes this one.
    keys.map(|key| key.name).filter(|name| *name != "alias_until")
}

fn localized(name: &str, value: &At<'_>, path: &str, report: &mut Vec<Diagnostic>) {
    if !value.json.is_object() {
        report.push(wrong_type::wrong_type(name, &words(&Shape::Localized), value.json).at(value.span()).of(path));
        return;
    }
    let most = if name == "about" { limits::ABOUT } else { limits::LABEL };
    for (locale, text) in value.entries() {
        if !Locale::ALL.iter().any(|known| known.code() == locale) {
            let known = Locale::ALL.iter().map(|known| known.code());
            report.push(unknown_key::unknown_key(&format!("`{name}`"), locale, known).at(text.key_span()).of(path));
            continue;
        }
        match text.text() {
            None => report.push(wrong_type::wrong_type(locale, "text", text.json).at(text.span()).of(path)),
            Some(words) if words.len() > most.max && words.chars().count() > most.max => {
                report.push(limit::exceeded(most, words.chars().count(), &format!("`{name}`"), "letters").at(text.span()).of(path));
            }
            Some(_) => {}
        }
    }
}

/// Whether the outer form of a value is that of a shape.
fn fits(value: &Json, shape: &Shape) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Text | Shape::Word(_) => value.is_string(),
        Shape::Flag => value.is_boolean(),
        Shape::Whole => value.is_u64(),
        Shape::Decimal => decimal(value).is_some(),
        Shape::List(_) => value.is_array(),
        Shape::Localized | Shape::Names(_) | Shape::Table(_) => value.is_object(),
        Shape::Either(shapes) => shapes.iter().any(|one| fits(value, one)),
    }
}

/// The exact number a value is, or is the text of.
pub(crate) fn decimal(value: &Json) -> Option<tenon_value::Decimal> {
    match value {
        Json::Number(number) => yaml::decimal(&number.to_string()),
        Json::String(text) => yaml::decimal(text),
        _ => None,
    }
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Text | Shape::Word(_) => "text".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::Whole => "a whole number".to_owned(),
        Shape::Decimal => "a number".to_owned(),
        Shape::Localized => "a text per language, as in `{ en: Stage, zh: 阶段 }`".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Names(_) | Shape::Table(_) => "a mapping".to_owned(),
        Shape::Either(shapes) => shapes.iter().map(words).collect::<Vec<_>>().join(" or "),
    }
}
