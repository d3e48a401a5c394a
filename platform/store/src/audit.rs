//! The audit trail: who did what, when by both clocks, through what; linked so that nothing can be changed unnoticed.
//!
//! What happened is written with the change itself, as a row of the outbox (`tx/outbox`, [`note`]). A sealer ([`seal`])
//! takes committed rows and links them into batches: each entry has a salted digest of its payload and of each of its
//! parts (a row of history, or the details of a note), a batch's hash covers the digests and the hash before it.
//! Invariants: an entry is linked once, in a transaction with the cursor that passed it; sealing waits for no transaction;
//! taking away a payload with its salt (`expire`, `erase`) leaves every hash as it was; `verify` names the first break.

pub(crate) mod digest;
pub(crate) mod entry;
pub(crate) mod erase;
pub(crate) mod expire;
pub(crate) mod note;
pub(crate) mod page;
pub(crate) mod past;
pub(crate) mod person;
pub(crate) mod queue;
pub(crate) mod seal;
pub(crate) mod told;
pub(crate) mod verify;

pub use erase::Erased;
pub use note::{AuditBy, AuditKind, AuditNote, AuditNotes};
pub use page::{AuditEntry, AuditFilter, AuditOrder};
pub use person::record_json;
pub use seal::Sealed;
pub use verify::{AuditBreak, AuditReport};
