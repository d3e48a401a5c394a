//! A refusal, in a form that gives nothing away.

use tenon_diagnostics::{Classify, Kind};

/// Why a principal may not touch an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// He may not even see it: for him it does not exist.
    #[error("there is no such object")]
    Unseen,
    /// He sees it, but may not do this.
    #[error("the role does not permit this")]
    Forbidden,
}

impl Classify for Denied {
    fn kind(&self) -> Kind {
        match self {
            Self::Unseen => Kind::NotFound,
            Self::Forbidden => Kind::Forbidden,
        }
    }
}
