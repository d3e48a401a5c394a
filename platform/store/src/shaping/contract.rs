//! What callers hand in and get back.

use tenon_model::{Column, ColumnType};
use tenon_value::{Uuid, Value};

use crate::JobProgress;

/// Records of an object that a change may look through at once, while nobody writes (`shape_at_once`); more are left to a job.
pub const AT_ONCE_MAX: u64 = 1_000;
/// The kind of jobs that make indexes; their payload names the object.
pub const INDEX: &str = "index";
/// How long the making of one index may keep SQLite's one writer, in seconds (`index_hold`).
pub const INDEX_HOLD_MAX: u64 = 10;

/// What is looked at in each row of a table.
#[derive(Clone, Debug)]
pub struct ShapeLook {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// How its value is read; without, whether there is one: `1`, or null.
    pub kind: Option<ColumnType>,
    /// The columns that are filled; none where records are only looked at.
    pub shadow: Vec<Column>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapeRow {
    /// The record.
    pub id: Uuid,
    /// It is not deleted.
    pub live: bool,
    /// What stands in the column.
    pub value: Value,
}

/// Which rows a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeSpan {
    /// The next so many by id.
    After(Option<Uuid>, u32),
    /// So many of those that were written since the job began.
    Touched(Uuid, u32),
}

/// What comes of the rows of a step.
#[derive(Debug, Default)]
pub struct ShapeSettled {
    /// What the shadow is to hold, by record.
    pub written: Vec<(Uuid, Value)>,
    /// How far the job has come with it.
    pub progress: JobProgress,
}

/// Records that stand in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShapeFound {
    /// How many sets of equal records.
    pub count: u64,
    /// Some of their records.
    pub samples: Vec<Uuid>,
}
