//! Whole files: what is written is looked at with the library's own eyes.

mod written;
