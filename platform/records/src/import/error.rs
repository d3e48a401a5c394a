//! Why an import did not run, or stopped.

use tenon_diagnostics::{Classify, Kind, Problem, Problems};

use crate::RecordsError;

/// Why an import did not run, or stopped. Chunks before the failure stay; running the file again is safe.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping or the file is wrong: nothing was written.
    #[error("{0}")]
    Refused(Problems),
    /// The pipeline could not go on.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The file, or the file of errors, could not be read or written.
    #[error("the file cannot be read or written")]
    Io(#[from] std::io::Error),
}

impl From<Problem> for ImportError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem.into())
    }
}

impl Classify for ImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(problems) => problems.as_slice().first().map_or(Kind::Invalid, |problem| problem.kind),
            Self::Records(error) => error.kind(),
            Self::Io(_) => Kind::Unavailable,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Refused(problems) => problems.as_slice().first().cloned().unwrap_or_else(|| Problem::of_kind(Kind::Invalid)),
            Self::Records(error) => Classify::problem(error),
            Self::Io(_) => Problem::of_kind(Kind::Unavailable),
        }
    }
}
