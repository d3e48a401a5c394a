//! A change of metadata that writes records, too: with what is installed, moved or taken out, as one transaction.
//!
//! Invariant: what is lent goes back, or the whole change is gone: a connection that is not given back is rolled back.

use std::sync::Arc;

use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_query::Called;

use super::change::MetadataTx;
use crate::store::Memory;
use crate::{Room, StoreError, Tx};

/// What a plugin that is called inside a change is given.
pub struct Lent {
    /// The transaction of the change.
    pub tx: Tx,
    /// What the tenant may still save.
    pub room: Room,
}

/// What its call gives back.
pub struct GivenBack {
    /// The transaction, with what was written, or without where the call did not end well.
    pub tx: Tx,
    /// What came of the call; its refusal or fault in the words of a caller.
    pub called: Result<Called, Problem>,
    /// How many records there are more.
    pub grown: i64,
}

impl MetadataTx {
    /// Lends the transaction to the record pipeline, over the model of the context: the one that this change makes, or the one it
    /// found. Until it is given back the change can do nothing.
    ///
    /// # Errors
    /// Where the change has ended.
    pub fn lend(&mut self, cx: &OpContext) -> Result<Tx, StoreError> {
        let conn = self.conn.take().ok_or_else(|| StoreError::Unavailable("the change has ended".to_owned()))?;
        // What this transaction finds of tables is nobody else's to know before it is committed.
        Ok(Tx::over(&self.store, cx, conn, Arc::new(Memory::default())))
    }

    /// Takes it back, with everything that was written.
    ///
    /// # Errors
    /// What the database says; then the change has ended.
    pub async fn take_back(&mut self, mut tx: Tx) -> Result<(), StoreError> {
        tx.write_outbox().await?;
        self.noted |= tx.has_noted;
        self.saves |= tx.has_noted;
        self.has_jobs |= tx.has_jobs;
        self.raises_epoch |= tx.raises_epoch;
        self.conn = tx.give_back();
        Ok(())
    }
}
