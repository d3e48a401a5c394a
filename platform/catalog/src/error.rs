//! Why there is no model.

use tenon_diagnostics::{Classify, Diagnostic, Kind, Problem};
use tenon_store::StoreError;
use tenon_value::TenantId;

/// Why the catalog could not give a model.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database did not answer, or the tenant is not there.
    #[error("the metadata could not be read")]
    Store(#[source] std::sync::Arc<StoreError>),
    /// What is stored does not make a model. Changes are checked before they are stored, so this is a bug of ours or damage.
    #[error("the stored metadata of {tenant:?} does not make a model: {}", first.as_ref().map_or("no diagnostic", |one| one.message.as_str()))]
    Damaged {
        /// Whose.
        tenant: TenantId,
        /// The first thing that is wrong.
        first: Option<Box<Diagnostic>>,
    },
    /// The version asked for did not appear in time.
    #[error("the model is not there yet")]
    NotYet,
}

impl From<StoreError> for CatalogError {
    fn from(error: StoreError) -> Self {
        Self::Store(std::sync::Arc::new(error))
    }
}

impl Classify for CatalogError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Damaged { .. } => Kind::Internal,
            Self::NotYet => Kind::Unavailable,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Damaged { .. } | Self::NotYet => Problem::of_kind(self.kind()),
        }
    }
}
