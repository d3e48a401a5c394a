//! Rules in CEL: what is refused and where, what they mean, and that meaning and predicate are one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that meets what it does not expect fails")]

#[path = "rules/house.rs"]
mod house;
#[path = "rules/meaning.rs"]
mod meaning;
#[path = "rules/oracle.rs"]
mod oracle;
#[path = "rules/predicates.rs"]
mod predicates;
#[path = "rules/refusals.rs"]
mod refusals;
