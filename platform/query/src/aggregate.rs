//! Counting and summing: groups, measures, having.

use tenon_model::{FieldIx, RelationIx};
use tenon_value::Decimal;

use crate::{AuthorizedTable, ColumnRef, CompareOp, Deleted, Param, Predicate, Sorting};

/// One step over a to-one relation on the way to a group key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The relation.
    pub relation: RelationIx,
    /// Its target, with its row policy: an invisible target groups as null.
    pub table: AuthorizedTable,
}

/// The size of a time bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BucketUnit {
    /// One hour (moments only).
    Hour,
    /// One local day.
    Day,
    /// One week, from the tenant's first day of a week.
    Week,
    /// One month.
    Month,
    /// Three months from January.
    Quarter,
    /// One year.
    Year,
    /// Three months from the tenant's fiscal year.
    FiscalQuarter,
    /// The tenant's fiscal year.
    FiscalYear,
}

/// A time bucket. The key's value is its first local day (`Date`), or its first moment (`DateTime`) for hours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Its size.
    pub unit: BucketUnit,
    /// IANA zone (moments only).
    pub zone: String,
    /// True where weeks begin on Sunday.
    pub sunday: bool,
    /// Month (1–12) in which the fiscal year begins.
    pub fiscal_start: u8,
}

/// What rows are grouped by, at the end of the hops.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupTerm {
    /// A column's value.
    Column(ColumnRef),
    /// Each element of a `choices` field: a row counts in each of its groups; the empty set groups as null.
    Element(FieldIx),
    /// A time bucket of a date or moment.
    Bucket(ColumnRef, Bucket),
    /// The record a to-one relation points to (its id).
    Relation(RelationIx),
    /// The record at the end of the hops itself (its id).
    Record,
}

/// One group key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// Steps over to-one relations first (three at most).
    pub hops: Vec<Hop>,
    /// Then this.
    pub term: GroupTerm,
}

/// What is computed of each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Func {
    /// Rows; with a column: rows where it is not null.
    Count,
    /// Different values, null not counted.
    CountDistinct,
    /// Sum, exact.
    Sum,
    /// Mean, scale + 4, half-up.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// The middle value, or the mean of the two middle ones (scale + 4, half-up).
    Median,
    /// The value below which this share (0 to 1) of the values lies, by linear interpolation between neighbours.
    Percentile(Decimal),
}

impl std::hash::Hash for Func {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
    }
}

/// One computed value per group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measure {
    /// What is computed.
    pub func: Func,
    /// Of which column; none only for `Count`. A to-one relation counts distinct by `relation`.
    pub column: Option<ColumnRef>,
    /// `CountDistinct` of a to-one relation.
    pub relation: Option<RelationIx>,
    /// Over which of the group's rows only.
    pub filter: Option<Predicate>,
}

/// A condition on groups; measures by their place in [`Aggregate::measures`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Having {
    /// All hold.
    All(Vec<Having>),
    /// One holds at least.
    Any(Vec<Having>),
    /// It does not hold.
    Not(Box<Having>),
    /// A measure against a value.
    Compare {
        /// Place of the measure.
        measure: usize,
        /// How.
        op: CompareOp,
        /// With what.
        with: Param,
    },
    /// A measure against a list.
    In {
        /// Place of the measure.
        measure: usize,
        /// A list.
        list: Param,
    },
    /// A measure is null.
    IsNull(usize),
}

/// One term of the order of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOrder {
    /// By the group key at this place.
    Key(usize, Sorting),
    /// By the measure at this place.
    Measure(usize, Sorting),
}

/// Groups of an object's records. Without keys there is exactly one row, also over nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// The object, with its row policy.
    pub table: AuthorizedTable,
    /// Which rows.
    pub filter: Option<Predicate>,
    /// Live or deleted.
    pub deleted: Deleted,
    /// Keys.
    pub keys: Vec<GroupKey>,
    /// Values, in the order of [`crate::GroupRow::measures`].
    pub measures: Vec<Measure>,
    /// Which groups.
    pub having: Option<Having>,
    /// Their order; where it says nothing, keys ascending decide.
    pub order: Vec<AggregateOrder>,
    /// Groups at most (an `Int`). Without it, more than `groups_max` groups are an error.
    pub first: Option<Param>,
}

impl Measure {
    /// How many rows there are.
    #[must_use]
    pub const fn count() -> Self {
        Self { func: Func::Count, column: None, relation: None, filter: None }
    }
}

impl Aggregate {
    /// How many live rows there are, as one group with one value.
    #[must_use]
    pub fn counting(table: AuthorizedTable, filter: Option<Predicate>) -> Self {
        Self {
            table,
            filter,
            deleted: Deleted::Exclude,
            keys: Vec::new(),
            measures: vec![Measure::count()],
            having: None,
            order: Vec::new(),
            first: None,
        }
    }
}
