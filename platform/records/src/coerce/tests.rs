//! What fits a field, and what does not.
