//! A row of `job` → a job.

use tenon_context::ActorKind;
use tenon_value::{DateTime, Json, Locale, RequestId, Uuid, Value};

use super::contract::{JobAsk, JobBy, JobState, StoredJob};
use crate::StoreError;
use crate::db::Shape;

/// The columns of a job, without the table's name: `returning` takes none.
pub(super) const COLUMNS: &str = "\"id\", \"kind\", \"state\", \"asked\", \"payload\", \"progress\", \"result\", \"error\", \"total\", \
    \"done\", \"failed\", \"attempts\", \"fence\", \"by_kind\", \"by_id\", \"by_display\", \"locale\", \"request\", \"created_at\", \
    \"started_at\", \"finished_at\"";

pub(super) const SHAPES: [Shape; 21] = [
    Shape::Id,
    Shape::Text,
    Shape::Text,
    Shape::Text,
    Shape::Json,
    Shape::Json,
    Shape::Json,
    Shape::Json,
    Shape::Int,
    Shape::Int,
    Shape::Int,
    Shape::Int,
    Shape::Int,
    Shape::Text,
    Shape::Id,
    Shape::Text,
    Shape::Text,
    Shape::Text,
    Shape::DateTime,
    Shape::DateTime,
    Shape::DateTime,
];

/// The cells of one row, taken one after the other.
struct Cells(std::vec::IntoIter<Value>);

impl Cells {
    fn wrong() -> StoreError {
        StoreError::Damaged("a job".to_owned())
    }

    fn id(&mut self) -> Result<Uuid, StoreError> {
        self.0.next().and_then(|cell| cell.as_id()).ok_or_else(Self::wrong)
    }

    fn maybe_text(&mut self) -> Option<String> {
        if let Some(Value::Text(text)) = self.0.next() { Some(text) } else { None }
    }

    fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text().ok_or_else(Self::wrong)
    }

    fn maybe_json(&mut self) -> Option<Json> {
        if let Some(Value::Json(json)) = self.0.next() { Some(json) } else { None }
    }

    fn maybe_int(&mut self) -> Option<i64> {
        self.0.next().and_then(|cell| cell.as_int())
    }

    fn int(&mut self) -> Result<i64, StoreError> {
        self.maybe_int().ok_or_else(Self::wrong)
    }

    fn maybe_moment(&mut self) -> Option<DateTime> {
        if let Some(Value::DateTime(at)) = self.0.next() { Some(at) } else { None }
    }
}

/// A job of the cells of [`COLUMNS`].
pub(super) fn job(row: Vec<Value>) -> Result<StoredJob, StoreError> {
    let mut cells = Cells(row.into_iter());
    Ok(StoredJob {
        id: cells.id()?,
        kind: cells.text()?,
        state: JobState::from_word(&cells.text()?).ok_or_else(Cells::wrong)?,
        asked: cells.maybe_text().and_then(|word| JobAsk::from_word(&word)),
        payload: cells.maybe_json().unwrap_or_default(),
        progress: cells.maybe_json().unwrap_or_default(),
        result: cells.maybe_json(),
        error: cells.maybe_json(),
        total: cells.maybe_int(),
        done: cells.int()?,
        failed: cells.int()?,
        attempts: cells.int()?,
        fence: cells.int()?,
        by: JobBy {
            kind: ActorKind::from_word(&cells.text()?).ok_or_else(Cells::wrong)?,
            id: cells.id()?,
            display: cells.text()?,
            locale: Locale::from_tag(&cells.text()?).ok_or_else(Cells::wrong)?,
            request: RequestId::from_caller(&cells.text()?).unwrap_or_else(RequestId::generate),
        },
        created_at: cells.maybe_moment().ok_or_else(Cells::wrong)?,
        started_at: cells.maybe_moment(),
        finished_at: cells.maybe_moment(),
    })
}
