//! Whole files: what is written is looked at with the library's own eyes, what is read was made by another tool.

mod hostile;
mod read;
mod written;
