//! One record to be saved, and its way through the stations.

use std::sync::LazyLock;

use tenon_diagnostics::{InputPath, PathStep};
use tenon_model::RelationIx;
use tenon_query::{Record, RecordInput, Target};
use tenon_value::{RecordId, Value};

use crate::Status;

/// An input that asks for nothing: connecting a child changes only its relation.
pub(crate) static NOTHING: LazyLock<RecordInput> = LazyLock::new(RecordInput::default);

/// What is to happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// It is to be made.
    Create,
    /// It is to be changed; with the version the caller has seen.
    Update(RecordId, Option<i64>),
    /// A key has found it: changed, and taken out of the recycle bin where it lies there.
    Match(RecordId),
}

impl Aim {
    pub(crate) const fn existing(self) -> Option<RecordId> {
        match self {
            Self::Create => None,
            Self::Update(id, _) | Self::Match(id) => Some(id),
        }
    }
}

/// One record to be saved.
#[derive(Debug)]
pub(crate) struct Job<'i> {
    /// The row of the step to whose problems its own belong.
    pub(crate) root: usize,
    /// Level of nesting, from 0.
    pub(crate) depth: usize,
    /// What it is to become.
    pub(crate) input: &'i RecordInput,
    /// Where it stands in the request.
    pub(crate) path: InputPath,
    /// Where its id stands, if that is somewhere else.
    pub(crate) named_at: Option<InputPath>,
    /// What is to happen.
    pub(crate) aim: Aim,
    /// Relations set from outside: the way back to its parent.
    pub(crate) preset: Vec<(RelationIx, Value)>,
    /// The key by which it was looked for just now, and not found.
    pub(crate) sought: Option<Target>,
    /// Its values come from records, not from who asks: a merge, and one taken back.
    pub(crate) of_records: bool,
}

impl<'i> Job<'i> {
    pub(crate) fn new(root: usize, input: &'i RecordInput, aim: Aim) -> Self {
        Self { root, depth: 0, input, path: input.path.clone(), named_at: None, aim, preset: Vec::new(), sought: None, of_records: false }
    }

    /// The same, one level below another.
    pub(crate) fn below<'o>(parent: &Work<'o>, input: &'i RecordInput, aim: Aim) -> Self {
        Self { depth: parent.job.depth + 1, ..Self::new(parent.job.root, input, aim) }
    }

    /// The same, of values that stood in records.
    pub(crate) const fn of_records(mut self) -> Self {
        self.of_records = true;
        self
    }

    pub(crate) fn at(mut self, path: InputPath) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn named_at(mut self, path: InputPath) -> Self {
        self.named_at = Some(path);
        self
    }

    /// Where a key beside the input stands: `id` and `expectedVersion` stand beside `input`.
    pub(crate) fn beside(&self, key: &'static str) -> InputPath {
        if let Some(path) = &self.named_at {
            return path.clone();
        }
        match self.path.steps().split_last() {
            Some((PathStep::Key(last), above)) if last == "input" => {
                let outer = above.iter().fold(InputPath::default(), |path, step| match step {
                    PathStep::Key(key) => path.key(key.clone()),
                    PathStep::Index(index) => path.index(*index),
                });
                outer.key(key)
            }
            _ => self.path.clone(),
        }
    }

    pub(crate) fn with(mut self, relation: RelationIx, value: Value) -> Self {
        self.preset.push((relation, value));
        self
    }
}

/// A job on its way.
#[derive(Debug)]
pub(crate) struct Work<'i> {
    pub(crate) job: Job<'i>,
    /// Its place among the jobs it came with.
    pub(crate) place: usize,
    /// As it is stored.
    pub(crate) old: Option<Record>,
    /// As it is to be.
    pub(crate) new: Record,
    /// Relations whose value could not be found out; their problem has been reported.
    pub(crate) unknown: Vec<RelationIx>,
    /// It has a problem; it is not written.
    pub(crate) failed: bool,
    /// What became of it.
    pub(crate) status: Status,
}

/// A record saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) id: RecordId,
    pub(crate) status: Status,
}
