//! Filters, order, pages, and what is fetched with each row.
