//! Which rows. Two-valued: null is a value, three-valued logic never leaks out (API.md §1.3).

use tenon_model::{EdgeKind, FieldIx, Part, RelationIx, Verb, Worth};

use crate::{AuthorizedTable, Param};

/// A part of a field of the table at hand (the object, or the link inside a [`LinkFilter`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnRef {
    /// The field.
    pub field: FieldIx,
    /// Its part: `Whole`, or `Fold` for folded comparison, or a part of a composite.
    pub part: Part,
}

/// Comparison with one value. The operand is never null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal, or null.
    Ne,
    /// Less; null is not.
    Lt,
    /// Less or equal; null is not.
    Lte,
    /// Greater; null is not.
    Gt,
    /// Greater or equal; null is not.
    Gte,
}

/// How a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// Anywhere, literally.
    Contains,
    /// In front, literally.
    StartsWith,
    /// At the end, literally.
    EndsWith,
    /// The whole, with `%`, `_` and `\` escape; case counts.
    Like,
}

/// How a set of choices is compared with a list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// At least one of them.
    HasAny,
    /// All of them.
    HasAll,
    /// None of them.
    HasNone,
}

/// How a reference is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefOp {
    /// It is this id.
    Eq(Param),
    /// It is one of these ids (a list).
    In(Param),
    /// It is empty.
    IsNull,
    /// Polymorphic: it points to one of these objects (a list of API names).
    KindIn(Param),
    /// A tree: it is the record with this id, or anything below it.
    Within(Param),
}

/// How many of the records at the other end must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Some,
    /// Not a single one.
    None,
    /// Each of them, also where there are none.
    Every,
}

/// What must hold of the link itself, where the edge is many-to-many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkFilter {
    /// Over the link's attributes: [`ColumnRef`]s here mean the link's fields.
    pub attributes: Predicate,
    /// A bound on the link's `created_at`: comparisons and their values.
    pub created_at: Vec<(CompareOp, Param)>,
}

/// Words looked for in some fields of the table at hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Search {
    /// The fields, with what a word found there is worth: only those whoever asks may read in clear.
    pub fields: Vec<(FieldIx, Worth)>,
    /// A list of words; one that ends in `*` also finds what begins with it.
    pub words: Param,
}

/// Which rows of the table at hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// All hold; of none: true.
    All(Vec<Predicate>),
    /// One holds at least; of none: false.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// A column against a value.
    Compare {
        /// Which column.
        column: ColumnRef,
        /// How.
        op: CompareOp,
        /// With what; never null.
        with: Param,
    },
    /// A column against a list (of which no element is null).
    In {
        /// Which column.
        column: ColumnRef,
        /// A list.
        list: Param,
    },
    /// A column, or a whole composite field (its first column), is empty.
    IsNull(ColumnRef),
    /// A text is looked for in a column. With part `Fold` the operand is folded by the caller.
    Match {
        /// Which column.
        column: ColumnRef,
        /// How.
        how: Match,
        /// The text or pattern.
        text: Param,
    },
    /// A `choices` field against a list of codes.
    Set {
        /// The field.
        field: FieldIx,
        /// How.
        op: SetOp,
        /// A list of codes.
        codes: Param,
    },
    /// A `choices` field is empty.
    SetIsEmpty(FieldIx),
    /// A JSON field at a path (list of keys) equals a JSON value, or is absent there when `value` is none.
    JsonAt {
        /// The field.
        field: FieldIx,
        /// A list of texts.
        path: Param,
        /// A JSON value; none asks whether there is nothing at the path.
        value: Option<Param>,
    },
    /// A point lies within so many metres of another (great circle).
    Near {
        /// A geo or address field.
        field: FieldIx,
        /// Latitude and longitude of the centre: a `Geo`.
        center: Param,
        /// Metres.
        meters: Param,
    },
    /// A point lies in a box; a box may cross the date line.
    InBox {
        /// A geo or address field.
        field: FieldIx,
        /// South-west corner: a `Geo`.
        south_west: Param,
        /// North-east corner: a `Geo`.
        north_east: Param,
    },
    /// A to-one, polymorphic or actor reference by its id, without looking at the target.
    Ref {
        /// The relation.
        relation: RelationIx,
        /// How.
        op: RefOp,
    },
    /// The target of a to-one or polymorphic reference exists, is visible, and holds.
    ToOne {
        /// The relation.
        relation: RelationIx,
        /// The target, with its row policy.
        table: AuthorizedTable,
        /// What must hold of it.
        holds: Box<Predicate>,
    },
    /// Records at the other end of an edge.
    ToMany {
        /// What stands behind the edge.
        edge: EdgeKind,
        /// The other end, with its row policy.
        table: AuthorizedTable,
        /// How many must hold.
        quantifier: Quantifier,
        /// What must hold of each.
        holds: Box<Predicate>,
        /// What must hold of the link.
        link: Option<Box<LinkFilter>>,
    },
    /// The record itself lies below (or is) the one with this id, in the object's tree.
    Within {
        /// The tree's object, with its row policy.
        table: AuthorizedTable,
        /// The tree's parent relation.
        relation: RelationIx,
        /// The id at the top.
        root: Param,
        /// Whether the top itself counts.
        inclusive: bool,
    },
    /// The record is shared with the principal (`Fact::Me`, or one of the principal's teams), with this right or a greater one, and the
    /// share has not ended.
    Shared {
        /// Ids of the principal: each an id or a list of ids.
        with: Vec<Param>,
        /// The right the share must give.
        right: Verb,
    },
    /// The record was written by a link between tenants that is active here: nobody else changes it.
    Mirrored,
    /// Each of the words is found in one of these fields: what the index of the search tells.
    Search(Search),
    /// External ids of the record.
    ExternalId {
        /// The system's name.
        system: Param,
        /// A list of ids of which it has one; none: it has any.
        keys: Option<Param>,
    },
}

impl Predicate {
    /// Always true.
    #[must_use]
    pub const fn yes() -> Self {
        Self::All(Vec::new())
    }

    /// Always false.
    #[must_use]
    pub const fn no() -> Self {
        Self::Any(Vec::new())
    }

    /// Both hold; a missing one is no condition.
    #[must_use]
    pub fn and(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        match (left, right) {
            (Some(left), Some(right)) => Some(Self::All(vec![left, right])),
            (one, None) | (None, one) => one,
        }
    }

    /// A column equals a value.
    #[must_use]
    pub const fn equals(field: FieldIx, part: Part, with: Param) -> Self {
        Self::Compare { column: ColumnRef { field, part }, op: CompareOp::Eq, with }
    }
}

impl ColumnRef {
    /// The whole of a field.
    #[must_use]
    pub const fn whole(field: FieldIx) -> Self {
        Self { field, part: Part::Whole }
    }
}
