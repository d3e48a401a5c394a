//! What most plugins need: `use tenon_sdk::prelude::*;`.

pub use crate::{
    Change, Date, DateTime, Decimal, Error, Event, Hooks, Json, Money, Operation, Problem, Record, Reference, Refusal, Value, acting,
    clock, config, http, jobs, jobs::Outcome, kv, limits, log, random, records, secrets,
};
