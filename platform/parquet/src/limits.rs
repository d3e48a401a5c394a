//! What is read of a file at most. The library makes room for what a file claims, so each claim is held against one of these.

/// Columns, those inside of lists counted (`parquet_columns`).
pub(crate) const COLUMNS_MAX: u64 = 1_000;
/// Bytes of the footer (`parquet_footer_bytes`).
pub(crate) const FOOTER_MAX: u64 = 8 * 1024 * 1024;
/// Row groups (`parquet_groups`).
pub(crate) const GROUPS_MAX: u64 = 10_000;
/// Rows (`parquet_rows`): a few bytes may stand for any number of equal ones.
pub(crate) const ROWS_MAX: u64 = 10_000_000;
/// Pages (`parquet_pages`).
pub(crate) const PAGES_MAX: u64 = 1_000_000;
/// Bytes of a page, packed or unfolded (`parquet_page_bytes`).
pub(crate) const PAGE_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of the pages that are open at once: of each column its dictionary and its largest page (`parquet_open_bytes`).
pub(crate) const OPEN_MAX: u64 = 256 * 1024 * 1024;
/// Elements of all lists of a row group (`parquet_list_values`).
pub(crate) const LIST_VALUES_MAX: u64 = 4_000_000;

/// The limits by name.
pub const LIMITS: [(&str, u64); 8] = [
    ("parquet_columns", COLUMNS_MAX),
    ("parquet_footer_bytes", FOOTER_MAX),
    ("parquet_groups", GROUPS_MAX),
    ("parquet_rows", ROWS_MAX),
    ("parquet_pages", PAGES_MAX),
    ("parquet_page_bytes", PAGE_MAX),
    ("parquet_open_bytes", OPEN_MAX),
    ("parquet_list_values", LIST_VALUES_MAX),
];
