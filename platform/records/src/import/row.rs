//! From a row of a file to the input of a record, with all that is wrong in it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldIx, FieldKind, Model, Object, Part};
use tenon_query::{ExternalId, OneWrite, RecordInput, RecordKey, Target};
use tenon_value::{Decimal, Json, RecordId, Value};

use super::bind::{Bound, BoundColumn, By, Sink, ToOne, Way};
use super::mapping::{Empty, Missing};
use super::reader::Cells;
use super::{cell, date};
use crate::coerce::{self, wrong_type};

/// A replaced cell: place of the column, what was read, what was written.
pub(crate) type Swap = (usize, String, String);

/// A row, read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) input: RecordInput,
    pub(crate) problems: Vec<Problem>,
    pub(crate) swaps: Vec<Swap>,
}

/// What a column holds in a row.
enum Held<'r> {
    /// The row has no such key: leave alone.
    Absent,
    /// Nothing; JSON's null clears whatever the mapping says.
    Nothing { clears: bool },
    /// A text.
    Text(Cow<'r, str>),
}

/// Reads a row.
pub(crate) fn read(bound: &Bound, model: &Model, object: &Object, cells: &Cells, order: &[Option<usize>]) -> Read {
    let mut reader = RowReader { bound, model, object, read: Read::default(), parts: BTreeMap::new() };
    if let Cells::Json(members) = cells {
        for key in members.keys().filter(|key| !bound.places.contains_key(key.trim())) {
            let problem = Problem::invalid("import/unmapped_column", format!("key `{key}` is not in `columns`"), format!("键 `{key}` 未在 `columns` 中说明"));
            reader.read.problems.push(problem);
        }
    }
    for (place, column) in bound.columns.iter().enumerate() {
        match held(cells, order.get(place).copied().flatten(), &column.header) {
            Ok(held) => reader.column(place, column, &held),
            Err(problem) => reader.read.problems.push(*problem),
        }
    }
    reader.composites();
    reader.compute(cells, order);
    reader.read
}

fn held<'r>(cells: &'r Cells, place: Option<usize>, header: &str) -> Result<Held<'r>, Box<Problem>> {
    let text = |text: &'r str| Ok(cell::text(text)?.map_or(Held::Nothing { clears: false }, Held::Text));
    match cells {
        Cells::Csv(record) => text(place.and_then(|place| record.get(place)).unwrap_or_default()),
        Cells::Json(members) => match members.get(header) {
            None => Ok(Held::Absent),
            Some(Json::Null) => Ok(Held::Nothing { clears: true }),
            Some(Json::String(string)) => text(string),
            // A list is what a set of choices is in JSON; elsewhere its text is the value.
            Some(Json::Array(elements)) if elements.iter().all(Json::is_string) => {
                let joined: Vec<&str> = elements.iter().filter_map(Json::as_str).collect();
                Ok(Held::Text(Cow::Owned(joined.join(";"))))
            }
            Some(other) => Ok(Held::Text(Cow::Owned(other.to_string()))),
        },
        Cells::Broken(problem, _) => Err(problem.clone()),
    }
}

struct RowReader<'b> {
    bound: &'b Bound,
    model: &'b Model,
    object: &'b Object,
    read: Read,
    parts: BTreeMap<FieldIx, Vec<(Part, String)>>,
}

impl RowReader<'_> {
    fn column(&mut self, place: usize, column: &BoundColumn, held: &Held<'_>) {
        for way in &column.ways {
            let swapped = match held {
                Held::Text(text) => way.replace.get(text.as_ref()),
                Held::Nothing { .. } | Held::Absent => None,
            };
            let (text, clears) = match (held, swapped) {
                (Held::Absent, _) => continue,
                (Held::Nothing { clears }, _) => (None, *clears),
                (Held::Text(text), Some(to)) => {
                    self.read.swaps.push((place, text.clone().into_owned(), to.clone()));
                    (Some(to.as_str()).filter(|to| !to.is_empty()), false)
                }
                (Held::Text(text), None) => (Some(text.as_ref()), false),
            };
            let outcome = match text {
                Some(text) => self.fill(way, text),
                None if clears || way.empty == Empty::Clear => self.empty(way),
                None => Ok(()),
            };
            if let Err(problem) = outcome {
                self.read.problems.push(*problem);
            }
        }
    }

    fn fill(&mut self, way: &Way, text: &str) -> Result<(), Box<Problem>> {
        match &way.sink {
            Sink::Field(ix) => {
                let field = self.field(*ix)?;
                let value = cell::value(self.bound, self.model, field, text)?;
                self.read.input.fields.push((*ix, value));
            }
            Sink::Part(ix, part) => {
                let parts = self.parts.entry(*ix).or_default();
                parts.push((*part, text.to_owned()));
                parts.extend(way.with.iter().cloned());
            }
            Sink::One(to_one) => {
                let write = self.one(to_one, text)?;
                self.read.input.ones.push((to_one.relation, write));
            }
            Sink::External(system) => self.read.input.external_ids.push(ExternalId { system: system.clone(), key: Some(text.to_owned()) }),
            Sink::Id => {
                let id = text.parse().map_err(|_| Box::new(Problem::invalid("id", "this is no id", "标识格式不正确").field("id")))?;
                self.read.input.id = Some(id);
            }
        }
        Ok(())
    }

    fn empty(&mut self, way: &Way) -> Result<(), Box<Problem>> {
        match &way.sink {
            Sink::Field(ix) => {
                let cleared = coerce::cleared(self.field(*ix)?);
                self.read.input.fields.push((*ix, cleared));
            }
            Sink::Part(ix, Part::Amount | Part::Lat) => self.read.input.fields.push((*ix, Value::Null)),
            // An address without this part; the others of the row make it whole.
            Sink::Part(ix, _) => {
                self.parts.entry(*ix).or_default();
            }
            Sink::One(to_one) => self.read.input.ones.push((to_one.relation, OneWrite::Disconnect)),
            Sink::External(_) | Sink::Id => {}
        }
        Ok(())
    }

    fn one(&self, to_one: &ToOne, text: &str) -> Result<OneWrite, Box<Problem>> {
        let name = || self.object.relation(to_one.relation).map(|relation| relation.name.as_str().to_owned()).unwrap_or_default();
        let wrong_id = || Box::new(Problem::invalid("id", "this is no id", "标识格式不正确").field(name()));
        let target = self.model.object(to_one.target);
        let (key, by, mut made) = match &to_one.by {
            By::Id => {
                let id: RecordId = text.parse().map_err(|_| wrong_id())?;
                return Ok(OneWrite::Connect(to_one.target, RecordKey::Id(id)));
            }
            By::External(system) => {
                let external = ExternalId { system: system.clone(), key: Some(text.to_owned()) };
                let made = RecordInput { external_ids: vec![external.clone()], ..RecordInput::default() };
                (RecordKey::External(external), Target::External, made)
            }
            By::Unique(place, ix) => {
                let field = target.and_then(|target| target.field(*ix)).ok_or_else(wrong_id)?;
                let value = coerce::from_text(field, text, &self.model.settings).map_err(|mut problem| {
                    problem.field = Some(name());
                    problem
                })?;
                let made = RecordInput { fields: vec![(*ix, value.clone())], ..RecordInput::default() };
                (RecordKey::Unique(*place, vec![value]), Target::Unique(*place), made)
            }
        };
        if to_one.missing != Missing::Create {
            return Ok(OneWrite::Connect(to_one.target, key));
        }
        let display = target.and_then(|target| target.field(target.display?)).filter(|field| field.required && matches!(field.kind, FieldKind::Text { .. }));
        if let Some(display) = display.filter(|display| !made.fields.iter().any(|(ix, _)| *ix == display.ix)) {
            made.fields.push((display.ix, coerce::from_text(display, text, &self.model.settings)?));
        }
        if let Some(relation) = self.object.relation(to_one.relation) {
            made.path = InputPath::default().key(relation.graphql.clone());
        }
        Ok(OneWrite::ConnectOrCreate(to_one.target, by, Box::new(made)))
    }

    fn composites(&mut self) {
        for (ix, parts) in std::mem::take(&mut self.parts) {
            let Some(field) = self.object.field(ix) else { continue };
            match cell::composite(self.bound, self.model, field, &parts) {
                Ok(Some(value)) => self.read.input.fields.push((ix, value)),
                Ok(None) if parts.is_empty() => self.read.input.fields.push((ix, Value::Null)),
                Ok(None) => {}
                Err(problem) => self.read.problems.push(*problem),
            }
        }
    }

    fn compute(&mut self, cells: &Cells, order: &[Option<usize>]) {
        for (ix, [from, to]) in &self.bound.compute {
            let Some(field) = self.object.field(*ix) else { continue };
            let day = |place: usize| -> Result<Option<i32>, Box<Problem>> {
                let header = self.bound.columns.get(place).map(|column| column.header.as_str()).unwrap_or_default();
                match held(cells, order.get(place).copied().flatten(), header)? {
                    Held::Text(text) => {
                        let day = date::day(&text, self.bound.date.as_ref());
                        day.map(|day| Some(day.days())).ok_or_else(|| wrong_type(field, "two dates to subtract"))
                    }
                    Held::Absent | Held::Nothing { .. } => Ok(None),
                }
            };
            let value = match (day(*from), day(*to)) {
                (Ok(Some(from)), Ok(Some(to))) => {
                    let days = i64::from(to) - i64::from(from);
                    match field.kind {
                        FieldKind::Integer { .. } => coerce::check(field, &Value::Int(days), &self.model.settings),
                        _ => coerce::check(field, &Value::Decimal(Decimal::from(days)), &self.model.settings),
                    }
                }
                (Err(problem), _) | (_, Err(problem)) => Err(problem),
                _ => continue,
            };
            match value {
                Ok(value) => self.read.input.fields.push((*ix, value)),
                Err(problem) => self.read.problems.push(*problem),
            }
        }
    }

    fn field(&self, ix: FieldIx) -> Result<&tenon_model::Field, Box<Problem>> {
        // The mapping was bound to this very model.
        self.object.field(ix).ok_or_else(|| Box::new(Problem::of_kind(tenon_diagnostics::Kind::Internal)))
    }
}

/// A row whose key is empty finds nothing.
pub(crate) fn key_empty(object: &Object) -> Problem {
    Problem::invalid("import/key_empty", "the cell by which this row is matched is empty", "匹配键所在的单元格为空").object(object.name.as_str())
}
