//! Why nobody could be recognized.

use tenon_catalog::CatalogError;
use tenon_diagnostics::{Classify, Kind};
use tenon_store::StoreError;

/// Why a credential gave no context.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No credential, a wrong one, an expired one, another tenant's, or no such tenant: the caller is never told which.
    #[error("sign in first")]
    Unrecognized,
    /// The credentials could not be looked up.
    #[error("credentials cannot be looked up")]
    Store(#[from] StoreError),
    /// The tenant's model could not be loaded.
    #[error("the tenant's model cannot be loaded")]
    Catalog(#[from] CatalogError),
    /// A password could not be hashed.
    #[error("a password could not be hashed")]
    Hash,
}

impl Classify for IdentityError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unrecognized => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
            Self::Catalog(error) => error.kind(),
            Self::Hash => Kind::Internal,
        }
    }
}
