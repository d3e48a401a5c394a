//! A row of cells → the record it asks for.

use std::collections::HashMap;

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Field, FieldIx, FieldKind, Model, Object, ObjectIx};
use tenon_query::{ExternalId, OneWrite, RecordInput, RecordKey, Target};
use tenon_value::{Json, JsonMap, Value, camel, fold};

use super::bind::{Bound, BoundAim, By, Goal};
use super::cell::Cells;
use super::mapping::{Missing, Reading};
use super::source::{BadRow, Cell, Row};
use crate::coerce::coerce;

/// A row that can be written, or its problems.
pub(crate) struct Shaped {
    pub(crate) line: u64,
    pub(crate) cells: Vec<Cell>,
    pub(crate) input: Result<RecordInput, Vec<Problem>>,
    /// The match key, spelt so that equal keys are equal texts.
    pub(crate) key: Option<String>,
}

/// Shapes rows, and counts what `replace` changed.
pub(crate) struct Shaper<'m> {
    pub(crate) model: &'m Model,
    pub(crate) bound: &'m Bound,
    /// Column, from, to → how often.
    pub(crate) replaced: HashMap<(String, String, String), u64>,
}

/// What a cell says: a JSON `null` clears, an absent key leaves alone, an empty text does what the mapping says.
enum Said {
    Nothing,
    Clear,
    Text(String),
    /// Not to be read as the mapping says, but as the API spells it.
    Exact(String),
}

/// Composite fields of one row: parts by wire name.
type Parts = HashMap<FieldIx, JsonMap<String, Json>>;

impl Shaper<'_> {
    /// Shapes one row.
    pub(crate) fn shape(&mut self, row: Row) -> Shaped {
        let line = row.line;
        match row.cells {
            Err(bad) => Shaped { line, cells: Vec::new(), input: Err(vec![unreadable(bad)]), key: None },
            Ok(cells) => {
                let input = self.input(&cells);
                let key = input.as_ref().ok().and_then(|input| self.key(input));
                Shaped { line, cells, input, key }
            }
        }
    }

    fn input(&mut self, cells: &[Cell]) -> Result<RecordInput, Vec<Problem>> {
        let (model, bound) = (self.model, self.bound);
        let Some(object) = model.object(bound.object) else { return Err(Vec::new()) };
        let plain = Reading { zone: bound.reading.zone.clone(), ..Reading::plain(b',') };
        let reader = Cells { reading: &bound.reading, settings: &model.settings };
        let exact = Cells { reading: &plain, settings: &model.settings };
        let mut input = RecordInput { path: InputPath::default(), ..RecordInput::default() };
        let mut parts = Parts::new();
        let mut problems = Vec::new();
        for aim in &bound.aims {
            let placed = match self.said(aim, cells) {
                Said::Nothing => Ok(()),
                Said::Clear => {
                    clear(&mut input, &aim.goal);
                    Ok(())
                }
                Said::Text(text) => place(&mut input, &mut parts, object, aim, text, &reader),
                Said::Exact(text) => place(&mut input, &mut parts, object, aim, text, &exact),
            };
            if let Err(problem) = placed {
                problems.push(*problem);
            }
        }
        for (field, parts) in parts {
            match object.field(field).map(|field| coerce(field, &Json::Object(parts), &model.settings)) {
                Some(Ok(value)) => input.fields.push((field, value)),
                Some(Err(problem)) => problems.push(*problem),
                None => {}
            }
        }
        for (field, [from, to]) in &bound.compute {
            let Some(field) = object.field(*field) else { continue };
            match days_between(field, [cells.get(*from), cells.get(*to)], &reader, &exact) {
                Ok(Some(days)) => input.fields.push((field.ix, days)),
                Ok(None) => {}
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(input) } else { Err(problems) }
    }

    /// What the file says of an aim, after `replace`.
    fn said(&mut self, aim: &BoundAim, cells: &[Cell]) -> Said {
        let (text, exact) = match cells.get(aim.column) {
            None | Some(Cell::Absent) => return Said::Nothing,
            Some(Cell::Json(Json::Null)) => return Said::Clear,
            Some(Cell::Json(json)) => (json.to_string(), false),
            Some(Cell::Text(text)) => (text.trim().to_owned(), false),
            Some(Cell::Exact(text)) => (text.clone(), true),
        };
        let text = match aim.replace.get(&text) {
            Some(other) => {
                *self.replaced.entry((aim.name.clone(), text, other.clone())).or_default() += 1;
                other.clone()
            }
            None => text,
        };
        match (text.is_empty(), aim.clear) {
            (false, _) if exact => Said::Exact(text),
            (false, _) => Said::Text(text),
            (true, true) => Said::Clear,
            (true, false) => Said::Nothing,
        }
    }

    /// The match key of a record as a text.
    fn key(&self, input: &RecordInput) -> Option<String> {
        match self.bound.key? {
            Target::External => input.external_ids.first().and_then(|id| id.key.clone()),
            Target::Unique(place) => {
                let object = self.model.object(self.bound.object)?;
                let parts = &object.unique.get(place)?.parts;
                let spelt: Vec<String> = parts.iter().map(|part| spelt(part, input)).collect();
                Some(spelt.join("\u{1f}"))
            }
        }
    }
}

fn spelt(part: &tenon_model::UniquePart, input: &RecordInput) -> String {
    match part {
        tenon_model::UniquePart::Field(wanted) => match input.fields.iter().find(|(field, _)| field == wanted) {
            Some((_, Value::Text(text))) => fold(text),
            other => format!("{other:?}"),
        },
        tenon_model::UniquePart::Relation(wanted) => match input.ones.iter().find(|(relation, _)| relation == wanted) {
            Some((_, OneWrite::Connect(_, key))) => format!("{key:?}"),
            other => format!("{:?}", other.is_some()),
        },
    }
}

/// Puts a cell where its aim says.
fn place(
    input: &mut RecordInput,
    parts: &mut Parts,
    object: &Object,
    aim: &BoundAim,
    text: String,
    reader: &Cells<'_>,
) -> Result<(), Box<Problem>> {
    match &aim.goal {
        Goal::External(system) => input.external_ids.push(ExternalId { system: system.clone(), key: Some(text) }),
        Goal::Field(ix) => {
            if let Some(field) = object.field(*ix) {
                input.fields.push((*ix, reader.value(field, &text)?));
            }
        }
        Goal::Part(ix, part) => {
            let numeric =
                object.field(*ix).is_some_and(|field| matches!(field.kind, FieldKind::Money { .. } | FieldKind::Geo)) && part != "currency";
            let members = parts.entry(*ix).or_default();
            let value = if numeric { reader.number(&text) } else { text };
            let value = if part == "lat" || part == "lng" {
                serde_json::from_str(&value).unwrap_or(Json::String(value))
            } else {
                Json::String(value)
            };
            members.insert(camel(part), value);
            for (other, constant) in &aim.with {
                members.insert(camel(other), Json::from(constant.as_str()));
            }
        }
        Goal::Relation { relation, target, by, missing } => {
            let write = match (missing, by) {
                (Missing::Create, By::External(_) | By::Unique(..)) => to_make(*target, by, text),
                _ => OneWrite::Connect(*target, record_key(by, text)?),
            };
            input.ones.push((*relation, write));
        }
    }
    Ok(())
}

fn clear(input: &mut RecordInput, goal: &Goal) {
    match goal {
        Goal::Field(field) | Goal::Part(field, _) => input.fields.push((*field, Value::Null)),
        Goal::Relation { relation, .. } => input.ones.push((*relation, OneWrite::Disconnect)),
        Goal::External(system) => input.external_ids.push(ExternalId { system: system.clone(), key: None }),
    }
}

fn record_key(by: &By, text: String) -> Result<RecordKey, Box<Problem>> {
    Ok(match by {
        By::External(system) => RecordKey::External(ExternalId { system: system.clone(), key: Some(text) }),
        By::Unique(key, _) => RecordKey::Unique(*key, vec![Value::Text(text)]),
        By::Id => {
            let wrong = || Box::new(Problem::invalid("id", format!("`{text}` is no id"), format!("`{text}` 不是有效的 id")));
            RecordKey::Id(text.parse().map_err(|_| wrong())?)
        }
    })
}

/// A related record that is made where it is not there: its key is all that is known of it.
fn to_make(target: ObjectIx, by: &By, text: String) -> OneWrite {
    let mut input = RecordInput::default();
    let key = match by {
        By::Unique(key, field) => {
            input.fields.push((*field, Value::Text(text)));
            Target::Unique(*key)
        }
        By::External(system) => {
            input.external_ids.push(ExternalId { system: system.clone(), key: Some(text) });
            Target::External
        }
        By::Id => return OneWrite::Disconnect,
    };
    OneWrite::ConnectOrCreate(target, key, Box::new(input))
}

fn days_between(
    field: &Field,
    [from, to]: [Option<&Cell>; 2],
    reader: &Cells<'_>,
    exact: &Cells<'_>,
) -> Result<Option<Value>, Box<Problem>> {
    let day = |cell: Option<&Cell>| match cell {
        Some(Cell::Text(text)) if !text.trim().is_empty() => reader.date(field, text.trim()).map(Some),
        Some(Cell::Exact(text)) => exact.date(field, text).map(Some),
        _ => Ok(None),
    };
    let (Some(from), Some(to)) = (day(from)?, day(to)?) else { return Ok(None) };
    Ok(Some(Value::Int(i64::from(to.days()) - i64::from(from.days()))))
}

fn unreadable(bad: BadRow) -> Problem {
    match bad {
        BadRow::Length => {
            Problem::invalid("import/row_length", "the row has another number of cells than the header", "该行的单元格数与表头不一致")
        }
        BadRow::Encoding => Problem::invalid("import/encoding", "the row is no text of the file's encoding", "该行不符合文件编码"),
        BadRow::Json => Problem::invalid("import/json", "the line is no JSON object", "该行不是 JSON 对象"),
    }
}
