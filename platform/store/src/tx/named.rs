//! What plugins need of a transaction beside records: locks by name, and writes that say through which door they came.

use sha2::{Digest, Sha256};
use tenon_context::Via;

use super::Tx;
use crate::StoreError;
use crate::db::{Arg, Shape};

impl Tx {
    /// Holds a name of this tenant until the transaction ends; whoever else wants it waits. On SQLite there is one
    /// writer, who holds every name.
    ///
    /// # Errors
    /// What the database says: two that wait for each other are both run again.
    pub async fn lock_name(&mut self, name: &str) -> Result<(), StoreError> {
        if !self.is_postgres() {
            return Ok(());
        }
        let mut digest = Sha256::new();
        digest.update(self.tenant.0.as_bytes());
        digest.update(name.as_bytes());
        let digest = digest.finalize();
        let key = digest.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        self.ask("select 1 from (select pg_advisory_xact_lock($1)) as held", &[Arg::int(key)], &[Shape::Int]).await?;
        Ok(())
    }

    /// What is written from here on came through a plugin's own write (or again through the door it was).
    ///
    /// # Errors
    /// What the database says, where something noted before must be written first.
    pub async fn through(&mut self, via: Via) -> Result<(), StoreError> {
        if self.author.via != via.word() {
            self.write_outbox().await?;
            self.author.via = via.word();
        }
        Ok(())
    }
}
