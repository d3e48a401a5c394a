//! Every limit of the data API, by name and number (API.md §1.7).

/// `document_bytes`.
pub(crate) const DOCUMENT_BYTES: usize = 64 * 1024;
/// `tokens`.
pub(crate) const TOKENS: usize = 10_000;
/// `nesting`: brackets, braces, parentheses.
pub(crate) const NESTING: usize = 200;
/// `aliases`.
pub(crate) const ALIASES: usize = 200;
/// `root_fields`.
pub(crate) const ROOT_FIELDS: usize = 50;
/// `depth`: relation hops.
pub(crate) const DEPTH: u64 = 10;
/// `cost`: rows × fields, at most.
pub(crate) const COST: u64 = 100_000;
/// `page_size`.
pub(crate) const PAGE_SIZE: u64 = 2_000;
/// Rows of a page that says nothing.
pub(crate) const PAGE_DEFAULT: u64 = 50;
/// Rows of a nested page that says nothing.
pub(crate) const PAGE_NESTED_DEFAULT: u64 = 20;
/// `batch_size`.
pub(crate) const BATCH_SIZE: u64 = 2_000;
/// `filter_nodes`.
pub(crate) const FILTER_NODES: u64 = 500;
/// `in_values`.
pub(crate) const IN_VALUES: u64 = 2_000;
/// `groups`.
pub(crate) const GROUPS: u64 = 2_000;
/// `nested_rows`.
pub(crate) const NESTED_ROWS: u64 = 100_000;
/// `nested_writes`: how deep inputs may nest records.
pub(crate) const NESTED_WRITES: usize = 4;
/// Steps the check of overlapping fields may take; further ones count as `cost`.
pub(crate) const OVERLAP_STEPS: u64 = 200_000;
/// Hops of a group key.
pub(crate) const GROUP_HOPS: usize = 3;

/// Names and numbers, for `GET /t/{tenant}/limits`.
pub const LIMITS: &[(&str, u64)] = &[
    ("aliases", ALIASES as u64),
    ("batch_size", BATCH_SIZE),
    ("cost", COST),
    ("depth", DEPTH),
    ("document_bytes", DOCUMENT_BYTES as u64),
    ("filter_nodes", FILTER_NODES),
    ("groups", GROUPS),
    ("in_values", IN_VALUES),
    ("nested_rows", NESTED_ROWS),
    ("nested_writes", NESTED_WRITES as u64),
    ("nesting", NESTING as u64),
    ("page_size", PAGE_SIZE),
    ("root_fields", ROOT_FIELDS as u64),
    ("tokens", TOKENS as u64),
];
