//! Why a try of a mutation ends before its commit, and what it has found to say until then.

use tenon_access::Denied;
use tenon_diagnostics::{Classify, Problem};
use tenon_store::StoreError;

use crate::calling_out::Outgoing;

/// Why a try ends.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The database said so; perhaps another try helps.
    Store(StoreError),
    /// A problem of the whole step, of no row in particular.
    Refuse(Box<Problem>),
    /// A plugin waits for a host outside, which is called between two tries.
    CallsOut(Box<Outgoing>),
    /// A plugin broke: nobody is told but the caller, and nothing stays.
    Broken(Box<Problem>),
}

pub(crate) type Tried<T> = Result<T, Halt>;

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self::Refuse(Box::new(problem))
    }
}

impl Halt {
    /// A right is missing on an object.
    pub(crate) fn denied(denied: Denied, object: &str) -> Self {
        denied.problem().object(object).into()
    }
}

/// Problems of a step, each with the root row that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    problems: Vec<(usize, Problem)>,
}

impl Found {
    pub(crate) fn push(&mut self, root: usize, problem: Problem) {
        self.problems.push((root, problem));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// All of them, taken out, in the order of the rows.
    pub(crate) fn take(&mut self) -> Vec<(usize, Problem)> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|(root, _)| *root);
        problems
    }
}
