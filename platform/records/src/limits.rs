//! The numbers beyond which the pipeline refuses, by the names under which it says so.

/// `batch_size`: rows of a batch, nested ones included.
pub const BATCH_SIZE_MAX: usize = 2_000;
/// `nesting`: levels of records within records.
pub const NEST_DEPTH_MAX: usize = 4;
/// `cascade`: records that one deletion may take with it or clear.
pub const CASCADE_MAX: usize = 20_000;
/// `merge_others`: records that become one with the survivor by one call.
pub const MERGE_OTHERS_MAX: usize = 20;
/// `merge_moved`: records, links, names and shares that one merge may move.
pub const MERGE_MOVED_MAX: usize = 20_000;
/// Days for which a merge can be taken back.
pub const MERGE_UNDO_DAYS: i64 = 30;
/// How often a mutation runs again after a conflict inside the database.
pub const RETRIES_MAX: usize = 3;
