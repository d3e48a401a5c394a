//! Why a link is not offered, accepted or revoked.

use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_identity::IdentityError;
use tenon_records::RecordsError;
use tenon_store::StoreError;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// What was asked for is wrong, or not for who asks.
    #[error("{}", .0.message.in_locale(tenon_value::Locale::En))]
    Wrong(Box<Problem>),
    /// One side does not know the link's principal.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// One side does not read or write as agreed.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for LinkError {
    fn from(problem: Problem) -> Self {
        Self::Wrong(Box::new(problem))
    }
}

impl Classify for LinkError {
    fn kind(&self) -> Kind {
        match self {
            Self::Wrong(problem) => problem.kind,
            Self::Identity(error) => error.kind(),
            Self::Records(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Wrong(problem) => (**problem).clone(),
            Self::Identity(error) => error.problem(),
            Self::Records(error) => error.problem(),
            Self::Store(error) => error.problem(),
        }
    }
}
