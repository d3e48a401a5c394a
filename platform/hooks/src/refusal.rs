//! A plugin's polite no.

use std::borrow::Cow;

use tenon_diagnostics::{Kind, Message, Problem};

/// Why a record may not be saved, in its author's words. Nobody can override it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Package that said so, without version.
    pub package: String,
    /// The author's word for programs, verbatim.
    pub rule: Option<String>,
    /// The author's words for people, verbatim.
    pub message: String,
    /// API name of the field concerned.
    pub field: Option<String>,
}

impl Refusal {
    /// As callers read it, of an object by its API name.
    #[must_use]
    pub fn problem(&self, object: &str) -> Problem {
        let mut problem = self.unplaced();
        problem.object = Some(object.to_owned());
        problem
    }

    pub(crate) fn unplaced(&self) -> Problem {
        Problem {
            rule: self.rule.clone().map(Cow::Owned),
            message: Message::verbatim(&self.message),
            field: self.field.clone(),
            package: Some(self.package.clone()),
            ..Problem::of_kind(Kind::Refused)
        }
        .with("confirmable", false)
    }
}
