//! Every limit of the data API, by name and number (API.md §1.7).

/// `document_bytes`.
pub(crate) const DOCUMENT_BYTES: usize = 64 * 1024;
/// Bytes of a schema's text that is compared with another.
pub(crate) const SCHEMA_BYTES: usize = 32 * 1024 * 1024;
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
/// `group_hops`: relations a group key may lead over.
pub(crate) const GROUP_HOPS: usize = 3;
/// `joins`: relations to one record within one list, those below them included. SQLite joins 64 tables at most.
pub(crate) const JOINS: u64 = 50;

/// `order_terms`: terms of an order.
pub(crate) const ORDER_TERMS: usize = 16;
/// `introspection_depth`: lists of types and fields within each other.
pub(crate) const INTROSPECTION_DEPTH: u64 = 3;
/// `fields`: of one document of the metadata API, fragments spread out.
pub(crate) const FIELDS: u64 = 10_000;

/// `documents_at_once`: documents registered by one call.
pub(crate) const DOCUMENTS_AT_ONCE: usize = 1_000;
/// `persisted_bytes`: texts of documents known by their hashes, of all tenants of a node together.
pub(crate) const PERSISTED_BYTES: u64 = 16 * 1024 * 1024;
/// `introspection_bytes`: answers to questions about schemas that are kept, of all tenants of a node together.
pub(crate) const INTROSPECTION_BYTES: u64 = 32 * 1024 * 1024;
/// `search_hits`: hits of one search.
pub(crate) const SEARCH_HITS: u64 = 100;

/// `coordinates`: of the schema, counted of one document, and of the variables of one request.
pub(crate) const COORDINATES: usize = 500;
/// `usage_waiting`: documents and members of inputs, by caller, whose uses wait on a node to be written.
pub(crate) const USAGE_WAITING: usize = 20_000;
/// `usage_page`: uses of the schema told at once.
pub(crate) const USAGE_PAGE: usize = 5_000;

/// Names and numbers, for `GET /t/{tenant}/limits`.
pub const LIMITS: &[(&str, u64)] = &[
    ("aliases", ALIASES as u64),
    ("batch_size", BATCH_SIZE),
    ("coordinates", COORDINATES as u64),
    ("cost", COST),
    ("depth", DEPTH),
    ("document_bytes", DOCUMENT_BYTES as u64),
    ("fields", FIELDS),
    ("filter_nodes", FILTER_NODES),
    ("group_hops", GROUP_HOPS as u64),
    ("groups", GROUPS),
    ("in_values", IN_VALUES),
    ("introspection_bytes", INTROSPECTION_BYTES),
    ("introspection_depth", INTROSPECTION_DEPTH),
    ("joins", JOINS),
    ("nested_rows", NESTED_ROWS),
    ("nested_writes", NESTED_WRITES as u64),
    ("nesting", NESTING as u64),
    ("order_terms", ORDER_TERMS as u64),
    ("page_size", PAGE_SIZE),
    ("documents", tenon_store::DOCUMENTS_MAX as u64),
    ("documents_at_once", DOCUMENTS_AT_ONCE as u64),
    ("persisted_bytes", PERSISTED_BYTES),
    ("root_fields", ROOT_FIELDS as u64),
    ("search_hits", SEARCH_HITS),
    ("search_letters", tenon_value::SEARCH_LETTERS_MAX as u64),
    ("search_words", tenon_value::SEARCH_WORDS_MAX as u64),
    ("tokens", TOKENS as u64),
    ("usage_days", tenon_store::USAGE_DAYS.unsigned_abs() as u64),
    ("usage_page", USAGE_PAGE as u64),
    ("usage_recent", tenon_store::USAGE_RECENT_DAYS.unsigned_abs() as u64),
    ("usage_rows", tenon_store::USAGE_ROWS_MAX),
    ("usage_waiting", USAGE_WAITING as u64),
];
