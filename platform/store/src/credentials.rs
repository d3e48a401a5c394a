//! Who may sign in, and with what: in the tenant's own schema, secrets as hashes or sealed.
//!
//! Invariant: whatever changes somebody's rights raises the tenant's epoch in the same transaction (`law`), so that no
//! node goes on believing what was revoked.

pub(crate) mod contract;
mod keys;
pub(crate) mod law;
mod members;
pub(crate) mod second_factor;
mod sessions;
mod tickets;

use tenon_value::{DateTime, Json, Uuid, Value};

use crate::StoreError;
use crate::db::{Arg, Kind, Scalar};

pub(crate) fn hash_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// A JSON array of texts, as a column.
fn texts_json(texts: &[String]) -> Arg {
    Arg::text(Json::from(texts.to_vec()).to_string())
}

/// The texts of such a column.
fn texts_of(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn maybe_text(text: Option<&String>) -> Arg {
    Arg::maybe(Kind::Text, text.map(|text| Scalar::Text(text.clone())))
}

fn maybe_id(id: Option<Uuid>) -> Arg {
    Arg::maybe(Kind::Id, id.map(Scalar::Id))
}

fn maybe_moment(at: Option<DateTime>) -> Arg {
    Arg::maybe(Kind::DateTime, at.map(|at| Scalar::DateTime(at.millis())))
}

fn text_or_none(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

const fn id_or_none(value: &Value) -> Option<Uuid> {
    if let Value::Id(id) = value { Some(*id) } else { None }
}

const fn moment_or_none(value: &Value) -> Option<DateTime> {
    if let Value::DateTime(at) = value { Some(*at) } else { None }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}
