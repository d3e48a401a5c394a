//! Savepoints: how a batch keeps its good rows, and a dry run leaves nothing.

use super::Tx;
use crate::StoreError;

/// A place in a transaction to go back to.
#[derive(Debug)]
pub struct Savepoint {
    name: u32,
}

impl Tx {
    /// Marks a place to go back to.
    ///
    /// # Errors
    /// What the database says.
    pub async fn savepoint(&mut self) -> Result<Savepoint, StoreError> {
        // What was noted before must not be written after it, and undone with it.
        self.write_outbox().await?;
        self.savepoints += 1;
        self.held.wait();
        let savepoint = Savepoint { name: self.savepoints };
        self.conn()?.script(&format!("savepoint s{}", savepoint.name)).await?;
        Ok(savepoint)
    }

    /// Undoes everything since the savepoint, and the savepoint with it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rollback_to(&mut self, savepoint: Savepoint) -> Result<(), StoreError> {
        self.entries.clear();
        self.known_author = false;
        self.held.forget();
        self.forget_made();
        Ok(self.conn()?.script(&format!("rollback to savepoint s{0}; release savepoint s{0}", savepoint.name)).await?)
    }

    /// Keeps everything since the savepoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release(&mut self, savepoint: Savepoint) -> Result<(), StoreError> {
        Ok(self.conn()?.script(&format!("release savepoint s{}", savepoint.name)).await?)
    }
}
