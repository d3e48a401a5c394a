//! Reading records: pages, their order, and what is fetched with each.

use tenon_model::{EdgeKind, FieldIx, ObjectIx, Part, RelationIx};

use crate::{AuthorizedTable, Param, Predicate, Search};

/// Which of live and deleted records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Deleted {
    /// Live ones.
    #[default]
    Exclude,
    /// The recycle bin.
    Only,
    /// Both.
    Include,
}

/// Ascending or descending, and where nulls stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sorting {
    /// Ascending, nulls last.
    Asc,
    /// Descending, nulls last.
    Desc,
    /// Ascending, nulls first.
    AscNullsFirst,
    /// Descending, nulls first.
    DescNullsFirst,
}

/// What is sorted by: a column here, or of a record reached over to-one relations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// A part of a field. Choices sort by declared order.
    Column {
        /// The field.
        field: FieldIx,
        /// Usually `Field::order_part()`.
        part: Part,
    },
    /// How well a record answers a search: points, a whole number.
    Relevance(Search),
    /// Something of the target of a to-one relation.
    ToOne {
        /// The relation.
        relation: RelationIx,
        /// The target, with its row policy: an invisible target sorts as null.
        table: AuthorizedTable,
        /// What of it.
        by: Box<SortBy>,
    },
}

/// One term of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// By what.
    pub by: SortBy,
    /// Which way.
    pub sorting: Sorting,
}

/// Which way a page is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `first`: from the beginning.
    #[default]
    Forward,
    /// `last`: from the end; rows still come in order.
    Backward,
}

/// A place in an order: one value per order term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Values in the order of the terms. Which of them are null is part of the plan, see `nulls`.
    pub values: Vec<Param>,
    /// Which values are null (bit per term).
    pub nulls: u32,
}

/// Which part of an ordered list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// The one record the filter selects.
    One,
    /// All of them (bounded elsewhere: ids given, `nested_rows`).
    All,
    /// A page.
    Page {
        /// Rows at most (an `Int`).
        size: Param,
        /// From which end.
        direction: Direction,
        /// After this place.
        after: Option<Cursor>,
        /// Before this place.
        before: Option<Cursor>,
        /// Whether both `has_previous` and `has_next` must be right; else only the one that costs nothing is.
        exact_ends: bool,
    },
}

/// One value fetched of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// A whole field; composites come as one value.
    Field(FieldIx),
    /// What the index tells of the file that a field holds: JSON of id, name, `mime_type`, size, sha256; null where there is none.
    File(FieldIx),
    /// The reference itself: `Id` (to-one), `Ref` (polymorphic, actor), `Null`.
    Relation(RelationIx),
    /// The display name of the actor of a system relation: `Text`.
    ActorDisplay(RelationIx),
    /// An attribute of the link a row was reached by.
    LinkField(FieldIx),
    /// When the link was made.
    LinkCreatedAt,
    /// How far below: depth in the tree (0 = no parent).
    TreeDepth,
    /// External ids: a list of `Ref(system, …)` is not enough for text ids, so each element is a `List([system, key])`.
    ExternalIds,
    /// The place in the order, to make a cursor of: value of this order term.
    OrderTerm(u8),
}

/// The target of a to-one or polymorphic relation, fetched with its row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchOne {
    /// The relation.
    pub relation: RelationIx,
    /// The target, with its row policy. A polymorphic relation has one fetch per object it may point to.
    pub table: AuthorizedTable,
    /// What of it.
    pub output: Output,
}

/// The records at the other end of an edge, fetched with each row: one page per parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchMany {
    /// What stands behind the edge.
    pub edge: EdgeKind,
    /// Ancestors instead: from the parent up to the top (`Descendants` edges only), `window` is `All`.
    pub ancestors: bool,
    /// Descendants: how deep at most.
    pub depth_max: Option<Param>,
    /// Filter, order, page and output over the other end.
    pub select: Select,
}

/// History of each row, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HistoryFetch {
    /// Entries at most (an `Int`).
    pub size: Param,
    /// Only versions below this one (an `Int`).
    pub before_version: Option<Param>,
    /// Relations of which not every target is seen, with the targets' row policies: others were never referred to.
    pub seen: Vec<(RelationIx, Vec<AuthorizedTable>)>,
}

/// What is fetched of each row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Output {
    /// Values, in the order in which [`crate::Row::values`] has them.
    pub slots: Vec<Slot>,
    /// Targets of to-one relations, in the order of [`crate::Row::ones`].
    pub ones: Vec<FetchOne>,
    /// Lists, in the order of [`crate::Row::manys`].
    pub manys: Vec<FetchMany>,
    /// History, in the order of [`crate::Row::histories`].
    pub histories: Vec<HistoryFetch>,
    /// Whether the row holds each of these, in the order of [`crate::Row::holds`].
    pub holds: Vec<Predicate>,
}

/// A page of an object's records, and everything below.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Select {
    /// The object, with its row policy.
    pub table: AuthorizedTable,
    /// Which rows.
    pub filter: Option<Predicate>,
    /// Live or deleted.
    pub deleted: Deleted,
    /// The order; a page's order always ends in `id`. Empty for `One`.
    pub order: Vec<Order>,
    /// Which part.
    pub window: Window,
    /// What of each row.
    pub output: Output,
    /// Count the rows: at most so many (an `Int`; a null counts all). None: do not count.
    pub count: Option<Param>,
}

impl Select {
    /// The object read.
    #[must_use]
    pub const fn object(&self) -> ObjectIx {
        self.table.object()
    }
}
