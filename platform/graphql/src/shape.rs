//! Answers → response bytes, written once, in the order of the selection.
//!
//! A shape is what lowering knows of the answer: for each response key, where its value stands in a row.

mod batch;
mod clear;
mod composite;
mod drill;
mod groups;
mod history;
mod hits;
mod leaf;
mod mask;
mod out;
mod page;
mod record;
mod rich;

use std::collections::HashMap;

use tenon_model::{Field, Link, Object};
use tenon_value::{Json, Locale};

use crate::cursor::Signer;
use crate::files::FileLinks;
use crate::syntax::ast::Value;

pub(crate) use batch::{BatchPart, CalledPart, CalledShape, MergePart, MutationShape, ResultPart};
pub(crate) use clear::ReadInClear;
pub(crate) use groups::{GroupPart, GroupShape, KeyPart, KeyRecords, KeyTerm, MeasurePart, SpecOf};
pub(crate) use mask::{has_mask, mask};
pub(crate) use out::Out;

/// What writing needs to know of the request.
pub(crate) struct Scene<'a> {
    pub(crate) locale: Locale,
    pub(crate) base_currency: &'a str,
    /// How links to files are made.
    pub(crate) files: &'a FileLinks,
}

/// A selection on a type of ours whose parts need no plan: money, page info, an external id.
#[derive(Debug)]
pub(crate) struct Sub<'a> {
    pub(crate) key: &'a str,
    pub(crate) name: &'a str,
    pub(crate) below: Vec<Sub<'a>>,
    /// The value of the one argument such a field may have, as text.
    pub(crate) argument: Option<String>,
    /// All of its arguments.
    pub(crate) given: Vec<(&'a str, &'a Value)>,
}

impl Sub<'_> {
    /// An argument; none where it is left out or null.
    pub(crate) fn given(&self, name: &str) -> Option<&Value> {
        self.given.iter().find(|(known, value)| *known == name && !value.is_null()).map(|(_, value)| *value)
    }
}

/// How far a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Plain,
    /// In clear, although some role sees it only masked: the audit is told.
    Noted,
    Masked,
}

/// What is answered of a right: the same for each row, or on rows where a predicate holds (by its place in `Row::holds`).
pub(crate) enum Can {
    Fixed(Json),
    Held(usize, Json),
}

/// What may be done: the slot of `deletedAt`, then each key with what it is of a live and of a deleted record.
pub(crate) struct CanShape<'a> {
    pub(crate) deleted: usize,
    pub(crate) parts: Vec<(&'a str, Can, Can)>,
}

/// A record's selection.
pub(crate) struct RecordShape<'a> {
    pub(crate) object: &'a Object,
    pub(crate) parts: Vec<(&'a str, Part<'a>)>,
}

/// One response key of a record.
pub(crate) enum Part<'a> {
    TypeName,
    Id,
    /// The naming field's slot.
    Display(Option<(usize, &'a Field, Show)>),
    Leaf(usize, &'a Field, Show),
    Composite(usize, &'a Field, Show, Vec<Sub<'a>>),
    /// Nothing of the field is shown: what its type has instead of null, or null.
    Blank(&'a Field),
    /// Always null.
    Null,
    Actor(ActorShape<'a>),
    External(usize, Vec<Sub<'a>>),
    Can(CanShape<'a>),
    /// The target of a to-one relation, by its place in `Row::ones`.
    One(usize, RecordShape<'a>),
    /// The target of a to-one relation of which only the id is asked: no join.
    Reference(usize, RecordShape<'a>),
    /// The target of a polymorphic relation: one of these.
    Any(Vec<(usize, RecordShape<'a>)>),
    Many(usize, PageShape<'a>),
    Ancestors(usize, RecordShape<'a>),
    Depth(usize),
    History(usize, HistoryShape<'a>),
}

/// Who did it.
pub(crate) struct ActorShape<'a> {
    pub(crate) slot: usize,
    /// Where the user stands in `Row::ones`, and what is selected of him.
    pub(crate) user: Option<(usize, RecordShape<'a>)>,
    /// Response keys; `user` refers to the shape above.
    pub(crate) parts: Vec<(&'a str, &'a str)>,
    /// Slot of what the actor is called.
    pub(crate) display: Option<usize>,
}

/// A page's selection.
pub(crate) struct PageShape<'a> {
    pub(crate) type_name: String,
    pub(crate) parts: Vec<(&'a str, PagePart<'a>)>,
    /// Slots of the order's terms, for cursors.
    pub(crate) terms: Vec<usize>,
    pub(crate) signer: Option<Signer>,
}

/// One response key of a page.
pub(crate) enum PagePart<'a> {
    TypeName,
    Edges(String, Vec<(&'a str, EdgePart<'a>)>),
    Nodes(RecordShape<'a>),
    PageInfo(Vec<Sub<'a>>),
    /// With its own limit: none counts all.
    TotalCount(Option<u64>, Vec<Sub<'a>>),
}

/// One response key of an edge.
pub(crate) enum EdgePart<'a> {
    TypeName,
    Cursor,
    Node(RecordShape<'a>),
    Link(&'a Link, Vec<(&'a str, LinkPart<'a>)>),
}

/// One response key of a link.
pub(crate) enum LinkPart<'a> {
    TypeName,
    CreatedAt(usize),
    Leaf(usize, &'a Field),
    Composite(usize, &'a Field, Vec<Sub<'a>>),
}

/// A history's selection.
pub(crate) struct HistoryShape<'a> {
    pub(crate) object: &'a Object,
    pub(crate) parts: Vec<Sub<'a>>,
    pub(crate) signer: Signer,
    /// What is not simply shown of the changes, by API name.
    pub(crate) withheld: HashMap<&'a str, Withheld<'a>>,
}

/// How much of a change is shown.
#[derive(Clone, Copy)]
pub(crate) enum Withheld<'a> {
    /// Not even that there was one.
    Hidden,
    /// That there was one.
    Values,
    /// Its values in part.
    Masked(&'a Field),
    /// All of it, and the audit is told.
    Noted(&'a Field),
}
