//! Why an operator's command was not carried out, in the words of the API: `code`, `rule`, `message`.

use std::fmt;

use serde::{Deserialize, Serialize};
use tenon_diagnostics::{Classify, Kind};
use tenon_identity::IdentityError;
use tenon_store::StoreError;

/// A command that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// One of the ten kinds.
    pub code: String,
    /// The broken rule, stable for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What a person reads.
    pub message: String,
}

impl Declined {
    fn new(kind: Kind, rule: Option<&str>, message: impl Into<String>) -> Self {
        Self { code: kind.code().to_owned(), rule: rule.map(str::to_owned), message: message.into() }
    }

    pub(crate) fn invalid(rule: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, Some(rule), message)
    }

    pub(crate) fn conflict(rule: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, Some(rule), message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, None, message)
    }

    /// What identity says, in the same words as over HTTP.
    pub(crate) fn of_identity(error: &IdentityError) -> Self {
        let problem = error.problem();
        Self::new(problem.kind, problem.rule.as_deref(), problem.message.en)
    }

    /// What is said of an error that ended a command.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(declined) = error.downcast_ref::<Self>() {
            return declined.clone();
        }
        if let Some(identity) = error.chain().find_map(|cause| cause.downcast_ref::<IdentityError>()) {
            return Self::of_identity(identity);
        }
        let store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
        let kind = store.map_or(Kind::Internal, Classify::kind);
        let rule = store.and_then(|store| store.problem().rule);
        Self::new(kind, rule.as_deref(), format!("{error:#}"))
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Declined {}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_declined_command_keeps_its_words_under_any_context() {
        let taken = Declined::conflict("tenant", "there is a tenant `acme` already");
        let error = Err::<(), _>(anyhow::Error::new(taken.clone())).context("cannot go on").unwrap_err();
        assert_eq!(Declined::of(&error), taken);
    }

    #[test]
    fn what_is_no_refusal_is_ours() {
        assert_eq!(Declined::of(&anyhow::anyhow!("broken")).code, "INTERNAL");
    }
}
