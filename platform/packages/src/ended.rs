//! How a change under the model lock ends: committed and live, or as if it had never been.

use std::sync::Arc;

use tenon_model::Model;
use tenon_store::MetadataTx;

use crate::{Packages, PackagesError};

impl Packages {
    /// Commits what was changed and offers the model that follows from it; what changed nothing or failed leaves no trace.
    ///
    /// # Errors
    /// What went wrong before, or where the store does not commit.
    pub(crate) async fn ended<T>(
        &self,
        tx: MetadataTx,
        done: Result<Option<(T, Arc<Model>)>, PackagesError>,
    ) -> Result<Option<T>, PackagesError> {
        match done {
            Ok(Some((told, model))) => {
                tx.commit(model.version).await?;
                self.catalog.offer(model);
                Ok(Some(told))
            }
            Ok(None) => {
                tx.rollback().await?;
                Ok(None)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }
}
