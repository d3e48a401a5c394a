//! The plan language: what is read, what is written, which rows, in words of the model and of no database.
//!
//! Floor 3. `graphql` (and later plugins and imports) lower requests into it, `access` weaves rights in, `store` lowers it to SQL.
//! Invariants: every object in a plan is named by an [`AuthorizedTable`]; a plan holds no values, only [`Param`]s,
//! so that one plan serves many requests; no serde, no I/O.

mod aggregate;
mod call;
mod params;
mod predicate;
mod read;
mod record;
mod select;
mod table;
mod write;

pub use aggregate::{Aggregate, AggregateOrder, Bucket, BucketUnit, Func, GroupKey, GroupTerm, Having, Hop, Measure};
pub use call::{Call, CallKind, Called};
pub use params::{Param, Params};
pub use predicate::{ColumnRef, CompareOp, LinkFilter, Match, Predicate, Quantifier, RefOp, Search, SetOp};
pub use read::{Answer, GroupRow, HistoryRow, Page, Read, Row};
pub use record::{Change, ExternalId, Record};
pub use select::{Cursor, Deleted, Direction, FetchMany, FetchOne, HistoryFetch, Order, Output, Select, Slot, SortBy, Sorting, Window};
pub use table::{Action, AuthorizedTable};
pub use write::{
    Batch, BatchMode, Later, LinkWrite, ManyWrite, MergeOf, MergeRule, Merging, OnMatch, OneWrite, RecordInput, RecordKey, Sharing, Target,
    Write,
};
