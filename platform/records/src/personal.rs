//! The duties towards a person of whom data is kept: to hand it out, and to erase it.
//!
//! A person is a record (a contact, a lead, a user); what tells of him there are the fields marked `personal`. Both duties
//! are an administrator's, complete whatever his own roles see, and both are in the audit trail.

mod erase;
mod export;
mod same;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_model::Object;

use crate::RecordsError;

pub use erase::{ErasedPerson, erase};
pub use export::export;

/// Records that refer to a person and are handed out with him, at most.
pub const PERSON_RECORDS_MAX: usize = 10_000;

/// Only an administrator sees everything, so only he can promise that it is all.
fn permitted(policy: &Policy) -> Result<(), RecordsError> {
    if policy.is_administrator() { Ok(()) } else { Err(RecordsError::problem(None, Problem::of_kind(Kind::Forbidden))) }
}

fn object_named<'c>(cx: &'c OpContext, name: &str) -> Result<&'c Object, RecordsError> {
    cx.model.object_named(name).ok_or_else(|| nobody(name))
}

/// There is no such person.
fn nobody(object: &str) -> RecordsError {
    let message = Message::new("there is no such record", "记录不存在");
    RecordsError::problem(None, Problem { message, ..Problem::of_kind(Kind::NotFound) }.object(object))
}
