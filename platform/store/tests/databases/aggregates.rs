//! Groups and measures.
