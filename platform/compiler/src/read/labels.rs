//! `labels/<locale>.yaml`: texts by path, put into the elements they belong to.
//!
//! `labels:` and `about:` map paths (`opportunity.fields.stage.options.won`) to texts of the file's language;
//! `opportunity.plural` is the object's `plural_label`.

use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{Inside, Place, Property, PropertyMap};
use tenon_value::{Json, JsonMap, Locale};

use super::elements::Elements;
use super::{OwnName, is_header, misplaced};
use crate::checks::{label_twice, unknown_element, unknown_word, wrong_type};
use crate::yaml::Entry;

/// One text of a labels file.
pub(super) struct Label {
    path: String,
    key: &'static str,
    locale: &'static str,
    text: String,
    span: (Span, Span),
}

pub(super) fn read(locale: &str, object: &OwnName, entries: &[Entry], file: &str, labels: &mut Vec<Label>, report: &mut Vec<Diagnostic>) {
    let Some(locale) = Locale::ALL.into_iter().map(Locale::code).find(|code| *code == locale) else {
        let known: Vec<&str> = Locale::ALL.iter().map(|known| known.code()).collect();
        report.push(unknown_word::unknown_word("locale", locale, &known).at(Some(object.entry.in_file(file))).of(&object.name));
        return;
    };
    for entry in entries.iter().filter(|entry| !is_header(&entry.key)) {
        let key = match entry.key.as_str() {
            "labels" => "label",
            "about" => "about",
            other => {
                report
                    .push(misplaced(other, &["format", "object", "labels", "about"]).at(Some(entry.range.in_file(file))).of(&object.name));
                continue;
            }
        };
        let Some(texts) = entry.value.entries() else {
            report.push(wrong_type::wrong_type(&entry.key, "a mapping", &entry.value.to_json()).at(Some(entry.value.range.in_file(file))));
            continue;
        };
        for text in texts {
            let (key_span, value_span) = (text.range.in_file(file), text.value.range.in_file(file));
            let within = text.key == object.name || text.key.starts_with(&format!("{}.", object.name));
            match text.value.text() {
                _ if !within => report.push(unknown_element::no_such_element(&text.key).at(Some(key_span)).of(&object.name)),
                None => report.push(wrong_type::wrong_type(&text.key, "text", &text.value.to_json()).at(Some(value_span)).of(&text.key)),
                Some(words) => {
                    labels.push(Label { path: text.key.clone(), key, locale, text: words.to_owned(), span: (key_span, value_span) });
                }
            }
        }
    }
}

impl Label {
    /// Puts the text into its element.
    pub(super) fn apply(self, elements: &mut Elements, report: &mut Vec<Diagnostic>) {
        let steps: Vec<&str> = self.path.split('.').collect();
        let (element, rest): (String, &[&str]) = match steps.as_slice() {
            [object] | [object, "plural"] => ((*object).to_owned(), steps.get(1..).unwrap_or_default()),
            [object, group, name, rest @ ..] => (format!("{object}.{group}.{name}"), rest),
            _ => (self.path.clone(), &[]),
        };
        // A text alone may be said over another layer's element; whether there is one is seen when layers meet.
        if rest.is_empty() && element.contains('.') {
            elements.open(&element, &self.span);
        }
        let complaint = match elements.properties(&element) {
            None => Some(unknown_element::no_such_element(&self.path)),
            Some(properties) => self.put(properties, rest),
        };
        report.extend(complaint.map(|diagnostic| diagnostic.at(Some(self.span.0.clone())).of(element)));
    }

    fn put(&self, properties: &mut PropertyMap, rest: &[&str]) -> Option<Diagnostic> {
        let (first, deeper) = match rest {
            [] => return self.put_text(properties, self.key),
            ["plural"] => return self.put_text(properties, "plural_label"),
            [first, deeper @ ..] => (*first, deeper),
        };
        let missing = || Some(unknown_element::no_such_element(&self.path));
        let Some(property) = properties.get_mut(first) else { return missing() };
        let mut pointer = String::new();
        let Some(part) = descend(&mut property.value, deeper, &mut pointer) else { return missing() };
        let Some(part) = part.as_object_mut() else { return missing() };
        let texts = part.entry(self.key).or_insert_with(|| Json::Object(JsonMap::new()));
        let texts = texts.as_object_mut()?;
        if texts.contains_key(self.locale) {
            return Some(label_twice::label_twice(&self.path, self.key, self.locale));
        }
        texts.insert(self.locale.to_owned(), Json::String(self.text.clone()));
        if let Place::File { inside, .. } = &mut property.place {
            inside.insert(format!("{pointer}/{}/{}", self.key, self.locale), self.span.clone());
        }
        None
    }

    fn put_text(&self, properties: &mut PropertyMap, key: &str) -> Option<Diagnostic> {
        let place = || Place::File { key: self.span.0.clone(), value: self.span.1.clone(), inside: Inside::new() };
        let property = properties.entry(key.to_owned()).or_insert_with(|| Property { value: Json::Object(JsonMap::new()), place: place() });
        let texts = property.value.as_object_mut()?;
        if texts.contains_key(self.locale) {
            return Some(label_twice::label_twice(&self.path, key, self.locale));
        }
        texts.insert(self.locale.to_owned(), Json::String(self.text.clone()));
        if let Place::File { inside, .. } = &mut property.place {
            inside.insert(format!("/{}", self.locale), self.span.clone());
        }
        None
    }
}

/// Follows names into mappings and, by their `name`, into list elements. A short option becomes a long one on the way.
fn descend<'j>(json: &'j mut Json, steps: &[&str], pointer: &mut String) -> Option<&'j mut Json> {
    let mut at = json;
    for step in steps {
        at = match at {
            Json::Object(map) => {
                pointer.push_str(&format!("/{step}"));
                map.get_mut(*step)?
            }
            Json::Array(items) => {
                let index =
                    items.iter().position(|item| item.as_str() == Some(step) || item.get("name").and_then(Json::as_str) == Some(step))?;
                pointer.push_str(&format!("/{index}"));
                let item = items.get_mut(index)?;
                if item.is_string() {
                    *item = Json::Object(JsonMap::from_iter([("name".to_owned(), Json::from(*step))]));
                }
                item
            }
            _ => return None,
        };
    }
    Some(at)
}
