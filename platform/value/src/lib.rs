//! The words every other crate speaks: identifiers, scalar values, exact decimals, time, names, text folding.
//!
//! Floor 1. Invariant: pure functions and plain data; no I/O, no clock, no knowledge of objects or tenants.

mod composite;
mod cron;
mod currency;
mod decimal;
mod id;
mod localized;
mod name;
mod number;
mod search;
mod text;
mod time;
mod value;

pub use composite::{Address, Geo, Money};
pub use cron::{Cron, CronError};
pub use currency::is_currency;
pub use decimal::{DIGITS_MAX, Decimal, DecimalError, SCALE_MAX};
pub use id::{ElementId, RecordId, RequestId, TenantId, UserId};
pub use localized::{Locale, Localized};
pub use name::{NAME_LENGTH_MAX, Name, NameError, camel, pascal, plural_of, screaming};
pub use number::{settled, simplest};
pub use search::{
    INDEXED_WORDS_MAX, SEARCH_LETTERS_MAX, SEARCH_WORDS_MAX, SearchTooLong, Snippet, Sought, Wording, snippet, sought, words,
};
pub use serde_json::{Map as JsonMap, Number as JsonNumber, Value as Json};
pub use text::{TextError, clean_block, clean_line, fold, sort_key};
pub use time::{Date, DateTime, Duration, TimeError};
pub use uuid::Uuid;
pub use value::Value;
