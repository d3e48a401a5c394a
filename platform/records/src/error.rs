//! Why a mutation was not carried out. Nothing of it was.

use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_store::StoreError;

/// Why a mutation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The tenant's model moved: reload it, plan again, once.
    #[error("the model changed meanwhile")]
    StaleModel,
    /// The request, a rule, a right or the state of the world is in the way.
    #[error("{problems}")]
    Problems {
        /// Which step; none where it is the whole document.
        step: Option<usize>,
        /// What is wrong, all of it.
        problems: Problems,
    },
    /// The database could not do it.
    #[error(transparent)]
    Store(StoreError),
}

impl RecordsError {
    /// A single problem of a step.
    #[must_use]
    pub fn problem(step: Option<usize>, problem: Problem) -> Self {
        Self::Problems { step, problems: problem.into() }
    }
}

impl From<StoreError> for RecordsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::StaleModel => Self::StaleModel,
            other => Self::Store(other),
        }
    }
}

impl Classify for RecordsError {
    fn kind(&self) -> Kind {
        match self {
            Self::StaleModel => Kind::Unavailable,
            Self::Problems { problems, .. } => problems.as_slice().first().map_or(Kind::Internal, |problem| problem.kind),
            Self::Store(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::StaleModel => Problem::of_kind(Kind::Unavailable),
            Self::Problems { problems, .. } => problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Internal)),
            Self::Store(error) => error.problem(),
        }
    }
}
