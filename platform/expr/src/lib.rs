//! CEL over records and who asks: checked against the model, evaluated, lowered to predicates.
//!
//! Floor 3. The grammar is CEL's (crate `cel`); what words mean, which types meet and how null behaves is decided here,
//! see [`check()`]. Invariants: texts are read only when metadata changes, behind limits counted before the parser sees
//! them; evaluation and lowering agree on every record; what does not resolve denies.
//!
//! Null is a value: a comparison with it is false, `!=` is the opposite of `==` and so true. A way over an empty
//! reference, or over one to a record in the recycle bin, ends in null.

mod check;
mod evaluate;
mod fault;
mod lower;
mod parse;
mod paths;
mod scan;
mod settle;

pub use check::{Scope, check};
pub use evaluate::evaluate;
pub use fault::Fault;
pub use lower::lower;
pub use paths::paths;
pub use scan::{NESTING_MAX, OPERATORS_MAX, SOURCE_BYTES_MAX};
pub use settle::{resolves, settle};
