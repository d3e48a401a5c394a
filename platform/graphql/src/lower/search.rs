//! What a list is searched for, and the search over several objects at once.
//!
//! Invariant: words are looked for only in fields the caller reads in clear, so nothing that is hidden or masked for him is
//! ever found, ranked or shown.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field as ModelField, Object};
use tenon_query::{Action, Deleted, Direction, Order, Output, Predicate, Search, Select, Slot, SortBy, Sorting, Window};
use tenon_value::{SEARCH_LETTERS_MAX, SEARCH_WORDS_MAX, SearchTooLong, Sought, Value, sought};

use super::Lower;
use super::order::sorting;
use super::record::slot;
use super::roots::{Planned, Work};
use crate::collect::Collected;
use crate::limits;
use crate::members;
use crate::shape::{RecordShape, Show, Sub};
use crate::syntax::ast::{Field, Value as Input};

/// A search over several objects, planned.
pub(crate) struct Found<'a> {
    /// One read per object.
    pub(crate) objects: Vec<FoundIn<'a>>,
    /// Hits at most.
    pub(crate) first: usize,
    /// Response keys of a hit.
    pub(crate) parts: Vec<(&'a str, HitPart<'a>)>,
    /// What was looked for.
    pub(crate) sought: Vec<Sought>,
}

/// What is read of one object.
pub(crate) struct FoundIn<'a> {
    pub(crate) object: &'a Object,
    pub(crate) planned: Planned,
    /// One per `record` of the selection.
    pub(crate) shapes: Vec<RecordShape<'a>>,
    /// Slot of the points.
    pub(crate) score: usize,
    /// Slots of the fields that were looked at, where snippets are asked for.
    pub(crate) fields: Vec<(usize, &'a ModelField, Show)>,
}

/// One response key of a hit.
pub(crate) enum HitPart<'a> {
    TypeName,
    /// By the place of its shape.
    Record(usize),
    Object,
    Score,
    Snippets(Vec<Sub<'a>>),
}

impl<'a> Lower<'a> {
    /// A list's `search`, woven into its filter, with what it means for cursors.
    pub(super) fn searching(&mut self, object: &'a Object, field: &'a Field, filter: Option<Predicate>) -> (Option<Predicate>, String) {
        let text = self.collector.argument(field, "search").and_then(Input::as_text);
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return (filter, String::new()) };
        let words = self.words(text, &InputPath::default().key("search"));
        let search = self.search_in(object, &words);
        let found = if words.is_empty() || search.fields.is_empty() { Predicate::no() } else { Predicate::Search(search.clone()) };
        self.search = Some(search);
        (Predicate::and(filter, Some(found)), format!("|{text}"))
    }

    /// The words of a question; too many are a problem.
    fn words(&mut self, text: &str, path: &InputPath) -> Vec<Sought> {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        match sought(text) {
            Ok(words) => words,
            Err(SearchTooLong::Letters(letters)) => {
                self.wrong(path, Problem::exhausted("search_letters", number(SEARCH_LETTERS_MAX), number(letters)));
                Vec::new()
            }
            Err(SearchTooLong::Words(words)) => {
                self.wrong(path, Problem::exhausted("search_words", number(SEARCH_WORDS_MAX), number(words)));
                Vec::new()
            }
        }
    }

    fn search_in(&mut self, object: &'a Object, words: &[Sought]) -> Search {
        let marked = words.iter().map(|sought| Value::Text(if sought.begins { format!("{}*", sought.word) } else { sought.word.clone() }));
        let words = Value::List(marked.collect());
        let fields = self.view.fields(object).filter(|field| field.kind.wording().is_some());
        let fields = fields.map(|field| (field.ix, object.worth(field))).collect();
        Search { fields, words: self.param(words) }
    }

    /// `relevance` as a term of an order, where something is searched for.
    pub(super) fn by_relevance(&self, object: &Object, term: &Input) -> Option<(SortBy, Sorting)> {
        let (key, value) = term.members().first()?;
        let search = self.search.as_ref().filter(|_| *key.text == *"relevance" && members::field(object, "relevance").is_none())?;
        Some((SortBy::Relevance(search.clone()), sorting(value.as_text()?)))
    }

    /// `search`: the best of all objects that are seen, or of those named.
    pub(super) fn hits(&mut self, collected: &Collected<'a>) -> Option<Work<'a>> {
        let (field, collector, root) = (collected.first()?, self.collector, InputPath::default());
        let text = collector.argument(field, "text").and_then(Input::as_text).unwrap_or_default();
        let words = self.words(text, &root.key("text"));
        let first = collector.argument(field, "first").and_then(Input::as_int).unwrap_or(20);
        let first = self.size(first, &root.key("first")).and_then(|first| u64::try_from(first).ok())?;
        if first > limits::SEARCH_HITS {
            self.wrong(&root.key("first"), Problem::exhausted("search_hits", limits::SEARCH_HITS, first));
            return None;
        }
        let named = collector.input(field, "objects").filter(|objects| !objects.is_null());
        let objects: Vec<&'a Object> = match named.as_deref() {
            // What is not seen is not there, as everywhere.
            Some(named) => named.elements().iter().filter_map(|name| self.object_named(name.as_text())).collect(),
            None => self.view.objects().collect(),
        };
        let parts = self.collector.collect_below(&collected.fields, |_| true);
        let mut found = Found { objects: Vec::new(), first: usize::try_from(first).unwrap_or_default(), parts: Vec::new(), sought: words };
        let mut records = Vec::new();
        for part in &parts {
            let made = match &*part.first()?.name.text {
                "record" => {
                    records.push(part.fields.clone());
                    HitPart::Record(records.len() - 1)
                }
                "object" => HitPart::Object,
                "score" => HitPart::Score,
                "snippets" => HitPart::Snippets(self.subs(&part.fields)),
                _ => HitPart::TypeName,
            };
            found.parts.push((part.key, made));
        }
        if !found.sought.is_empty() && first > 0 {
            let mut seen = std::collections::HashSet::new();
            for object in objects.into_iter().filter(|object| seen.insert(object.ix)) {
                if let Some(in_object) = self.found_in(object, &found, &records, first) {
                    found.objects.push(in_object);
                }
            }
        }
        Some(Work::Search(Box::new(found)))
    }

    fn found_in(&mut self, object: &'a Object, found: &Found<'a>, records: &[Vec<&'a Field>], first: u64) -> Option<FoundIn<'a>> {
        let search = self.search_in(object, &found.sought);
        if search.fields.is_empty() {
            self.params = tenon_query::Params::default();
            return None;
        }
        let table = self.table(object.ix, Action::Read, Place::Search)?;
        let mut output = Output::default();
        let shapes = records.iter().map(|fields| self.record(object, fields, &mut output)).collect();
        let score = slot(&mut output, Slot::OrderTerm(0));
        let wants_snippets = found.parts.iter().any(|(_, part)| matches!(part, HitPart::Snippets(_)));
        let looked_at = search.fields.iter().filter(|_| wants_snippets).filter_map(|(field, _)| object.field(*field));
        let fields =
            looked_at.filter_map(|field| Some((slot(&mut output, Slot::Field(field.ix)), field, self.show(object, field)?))).collect();
        let size = self.param(Value::Int(i64::try_from(first).unwrap_or_default()));
        let by_id = SortBy::Column { field: tenon_model::system::ID, part: tenon_model::Part::Whole };
        let order =
            vec![Order { by: SortBy::Relevance(search.clone()), sorting: Sorting::Desc }, Order { by: by_id, sorting: Sorting::Asc }];
        let window = Window::Page { size, direction: Direction::Forward, after: None, before: None, exact_ends: false };
        let filter = Some(Predicate::Search(search));
        let planned = self.planned(Select { table, filter, deleted: Deleted::Exclude, order, window, output, count: None });
        Some(FoundIn { object, planned, shapes, score, fields })
    }
}
