//! What most plugins need: `use tenon_sdk::prelude::*;`.

pub use crate::{Change, Date, DateTime, Decimal, Error, Hooks, Money, Operation, Refusal, Value, clock, log};
