//! A JSON value that remembers where its author wrote it, so that checks can point at the exact word.

use tenon_diagnostics::Span;
use tenon_model::{Place, Property};
use tenon_value::{Json, JsonMap, Locale, Localized};

/// A value inside a property. Cheap at the property itself: the pointer is empty and allocates nothing.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    pub(crate) json: &'a Json,
    place: &'a Place,
    pointer: String,
}

impl<'a> At<'a> {
    pub(crate) const fn of(property: &'a Property) -> Self {
        Self { json: &property.value, place: &property.place, pointer: String::new() }
    }

    /// Where the key stands.
    pub(crate) fn key_span(&self) -> Option<Span> {
        self.place.key(&self.pointer)
    }

    /// Where the value stands.
    pub(crate) fn span(&self) -> Option<Span> {
        self.place.value(&self.pointer)
    }

    fn below(&self, json: &'a Json, step: &str) -> Self {
        // Without text there is nothing to point at, and nothing to remember.
        let pointer = if matches!(self.place, Place::Nowhere) { String::new() } else { format!("{}/{step}", self.pointer) };
        Self { json, place: self.place, pointer }
    }

    /// The value of a key, if this is a mapping that has it and it is not null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let json = self.json.get(key).filter(|json| !json.is_null())?;
        Some(self.below(json, key))
    }

    /// The value of a key, also if it is null.
    pub(crate) fn get_any(&self, key: &str) -> Option<Self> {
        Some(self.below(self.json.get(key)?, key))
    }

    /// Key and value of each entry of a mapping, nulls left out; empty for anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let map: Option<&'a JsonMap<String, Json>> = self.json.as_object();
        map.into_iter().flatten().filter(|(_, json)| !json.is_null()).map(|(key, json)| (key.as_str(), self.below(json, key)))
    }

    /// Key and value of each entry of a mapping, nulls too.
    pub(crate) fn all_entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let map: Option<&'a JsonMap<String, Json>> = self.json.as_object();
        map.into_iter().flatten().map(|(key, json)| (key.as_str(), self.below(json, key)))
    }

    /// Where a part of a text stands, by its bytes. A text over several lines, or with escapes in it, is pointed at as a whole.
    pub(crate) fn span_of(&self, part: &std::ops::Range<usize>) -> Option<Span> {
        let whole = self.span()?;
        let Some(text) = self.text() else { return Some(whole) };
        let letters = |end: usize| u32::try_from(text.get(..end).unwrap_or(text).chars().count()).unwrap_or(u32::MAX);
        let (written, plain) = (whole.end_column.saturating_sub(whole.column), letters(text.len()));
        let quote = match written.checked_sub(plain) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return Some(whole),
        };
        if whole.line != whole.end_line {
            return Some(whole);
        }
        let column = whole.column.saturating_add(quote);
        let (start, end) = (letters(part.start), letters(part.end.max(part.start)));
        Some(Span { column: column.saturating_add(start), end_column: column.saturating_add(end), ..whole })
    }

    /// The elements of a list; empty for anything else.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> {
        let list: Option<&'a Vec<Json>> = self.json.as_array();
        list.into_iter().flatten().enumerate().map(|(index, json)| self.below(json, &index.to_string()))
    }

    /// The value itself, or the elements of a list of such.
    pub(crate) fn one_or_many(&self) -> Vec<Self> {
        if self.json.is_array() { self.items().collect() } else { vec![self.clone()] }
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.json.as_str()
    }

    pub(crate) fn is_true(&self) -> bool {
        self.json == &Json::Bool(true)
    }

    /// The texts of `{ en: …, zh: … }`.
    pub(crate) fn localized(&self) -> Localized {
        let text = |locale: Locale| self.json.get(locale.code()).and_then(Json::as_str).map(str::to_owned);
        Localized { en: text(Locale::En), zh: text(Locale::Zh) }
    }
}
