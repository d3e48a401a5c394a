//! Writes as asked for: trees of records with their relations. The pipeline in `records` carries them out.
//!
//! Writes carry values (they differ in every request) and the path of the input each came from, for problems.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{EdgeKind, FieldIx, ObjectIx, RelationIx, Verb};
use tenon_value::{DateTime, RecordId, Uuid, Value};

use crate::{Call, ExternalId, Params, Predicate};

/// How a batch treats a bad row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchMode {
    /// One bad row fails the document.
    #[default]
    Atomic,
    /// Bad rows are reported, the rest is kept.
    Partial,
}

/// What an upsert does with a record that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMatch {
    /// Update it.
    #[default]
    Update,
    /// Leave it.
    Skip,
}

/// How a record is named in an input: exactly one of them.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordKey {
    /// By id.
    Id(RecordId),
    /// By a unique key of the object (its place in `Object::unique`) and one value per part.
    Unique(usize, Vec<Value>),
    /// By an id in another system.
    External(ExternalId),
}

/// By which key an upsert finds its record; the values are taken from the input itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A unique key of the object (its place in `Object::unique`).
    Unique(usize),
    /// The input's single external id.
    External,
}

/// What is done with a to-one relation.
#[derive(Clone, Debug)]
pub enum OneWrite {
    /// Point to an existing record of this object.
    Connect(ObjectIx, RecordKey),
    /// Make a record of this object and point to it.
    Create(ObjectIx, Box<RecordInput>),
    /// Point to the record the key finds, or make it.
    ConnectOrCreate(ObjectIx, Target, Box<RecordInput>),
    /// Change the record it points to.
    Update(Box<RecordInput>),
    /// Point nowhere.
    Disconnect,
}

/// One link with attributes.
#[derive(Clone, Debug)]
pub struct LinkWrite {
    /// The other end: an existing record, or a new one.
    pub to: Result<RecordKey, Box<RecordInput>>,
    /// Attributes to set.
    pub attributes: Vec<(FieldIx, Value)>,
    /// Where it stands in the input.
    pub path: InputPath,
}

/// What is done with the list behind an edge. Order: set, disconnect, delete, update, connect, connect-or-create, create, link.
#[derive(Clone, Debug, Default)]
pub struct ManyWrite {
    /// Exactly these from now on; excludes the other verbs.
    pub set: Option<Vec<(RecordKey, InputPath)>>,
    /// No longer these.
    pub disconnect: Vec<(RecordId, InputPath)>,
    /// Delete these (they must be at the other end).
    pub delete: Vec<(RecordId, InputPath)>,
    /// Change these (they must be at the other end).
    pub update: Vec<(RecordId, Option<i64>, RecordInput)>,
    /// These as well.
    pub connect: Vec<(RecordKey, InputPath)>,
    /// The one the key finds, or a new one.
    pub connect_or_create: Vec<(Target, RecordInput)>,
    /// New ones.
    pub create: Vec<RecordInput>,
    /// These with attributes of the link.
    pub link: Vec<LinkWrite>,
}

/// What a record is to become. What is absent is left alone; `Null` clears.
#[derive(Clone, Debug, Default)]
pub struct RecordInput {
    /// The id a client brings for a new record.
    pub id: Option<RecordId>,
    /// Fields, already checked against their types (not yet for `required`, uniqueness, existence).
    pub fields: Vec<(FieldIx, Value)>,
    /// To-one relations.
    pub ones: Vec<(RelationIx, OneWrite)>,
    /// Edges: place in `Object::edges`' kind, and what to do.
    pub manys: Vec<(EdgeKind, ManyWrite)>,
    /// External ids to set or remove.
    pub external_ids: Vec<ExternalId>,
    /// Where it stands in the request.
    pub path: InputPath,
    /// What is wrong with the values of a row in PARTIAL mode: the row fails with these, and the rest goes on.
    pub problems: Vec<Problem>,
}

/// Which records a batch works on.
#[derive(Clone, Debug)]
pub enum Batch {
    /// New ones.
    Create(Vec<RecordInput>),
    /// The same change for these ids.
    UpdateIds(Vec<(RecordId, InputPath)>, Box<RecordInput>),
    /// The same change for all the filter selects.
    UpdateWhere(Box<(Predicate, Params)>, Box<RecordInput>),
    /// A change for each.
    UpdateEach(Vec<(RecordId, Option<i64>, RecordInput)>),
    /// Find by key, else make.
    Upsert(Target, Vec<RecordInput>, OnMatch),
    /// Into the recycle bin.
    Delete(Vec<(RecordId, InputPath)>),
    /// Into the recycle bin, all the filter selects.
    DeleteWhere(Box<(Predicate, Params)>),
    /// Out of the recycle bin.
    Restore(Vec<(RecordId, InputPath)>),
    /// Out of the recycle bin, all the filter selects.
    RestoreWhere(Box<(Predicate, Params)>),
    /// Gone for good.
    Destroy(Vec<(RecordId, InputPath)>),
    /// Gone for good, all the filter selects.
    DestroyWhere(Box<(Predicate, Params)>),
}

/// What is done with the share of one user or team in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The user or team.
    pub with: RecordId,
    /// What is given, until when; none takes the share back.
    pub given: Option<(Vec<Verb>, Option<DateTime>)>,
}

/// Work that goes on after the document: a job, made with it.
#[derive(Clone, Debug)]
pub struct Later {
    /// Who carries it out.
    pub kind: &'static str,
    /// What is to be done.
    pub payload: tenon_value::Json,
    /// How many steps there are, where that is known.
    pub total: Option<i64>,
}

/// What a rule of a merge is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOf {
    /// A field.
    Field(FieldIx),
    /// A reference.
    Relation(RelationIx),
}

/// Whose value the survivor of a merge takes.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeRule {
    /// Of what.
    pub of: MergeOf,
    /// Whose: the survivor's or one of the others'.
    pub take: RecordId,
    /// Where it stands in the request.
    pub path: InputPath,
}

/// Records that become one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merging {
    /// Who is left.
    pub survivor: RecordId,
    /// Who goes into it.
    pub others: Vec<(RecordId, InputPath)>,
    /// Whose values are taken; without a rule the survivor's own, else the first there is.
    pub rules: Vec<MergeRule>,
}

/// One root write of a mutation document.
#[derive(Clone, Debug)]
pub enum Write {
    /// Make one.
    Create(ObjectIx, RecordInput),
    /// Change one; with the version the caller has seen.
    Update(ObjectIx, RecordId, Option<i64>, RecordInput),
    /// Find one by key and change it, else make it.
    Upsert(ObjectIx, Target, RecordInput),
    /// Into the recycle bin.
    Delete(ObjectIx, RecordId, Option<i64>),
    /// Out of the recycle bin.
    Restore(ObjectIx, RecordId),
    /// Gone for good.
    Destroy(ObjectIx, RecordId),
    /// Given to a user or team, or taken back.
    Share(ObjectIx, RecordId, Sharing),
    /// Several become one.
    Merge(ObjectIx, Merging),
    /// A merge, by its id, is taken back.
    UndoMerge(Uuid),
    /// Many at once.
    Batch(ObjectIx, Batch, BatchMode),
    /// Many, after the document.
    Later(Later),
    /// A plugin's own function.
    Call(Call),
}
