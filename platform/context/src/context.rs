//! The context of one operation.

use std::sync::Arc;
use std::time::Instant;

use tenon_model::Model;
use tenon_value::{DateTime, Locale, RequestId};

use crate::Principal;

/// Through which door a change came; history keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The data API.
    Graphql,
    /// An import.
    Import,
    /// A plugin's own write.
    Plugin,
    /// An install or upgrade.
    Install,
    /// A background job.
    Job,
    /// An identity provider that keeps the members.
    Scim,
}

impl Via {
    /// The word in history.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Graphql => "graphql",
            Self::Import => "import",
            Self::Plugin => "plugin",
            Self::Install => "install",
            Self::Job => "job",
            Self::Scim => "scim",
        }
    }
}

/// What a context is made of. A struct of its own so that a test can name what it cares for.
#[derive(Clone, Debug)]
pub struct OpContextParts {
    /// The tenant's model, and by it the tenant.
    pub model: Arc<Model>,
    /// Who acts.
    pub principal: Principal,
    /// The business time of the whole operation (DESIGN §8: it belongs to the tenant).
    pub now: DateTime,
    /// When the caller stops waiting (machine time).
    pub deadline: Option<Instant>,
    /// Names the request in answers, logs and audit.
    pub request: RequestId,
    /// Language of messages.
    pub locale: Locale,
    /// The door.
    pub via: Via,
}

/// The context of one operation: first argument of everything that touches tenant data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpContext {
    /// The tenant's model, and by it the tenant.
    pub model: Arc<Model>,
    /// Who acts.
    pub principal: Principal,
    /// The business time of the whole operation.
    pub now: DateTime,
    /// When the caller stops waiting (machine time).
    pub deadline: Option<Instant>,
    /// Names the request in answers, logs and audit.
    pub request: RequestId,
    /// Language of messages.
    pub locale: Locale,
    /// The door.
    pub via: Via,
    /// Words of the caller for the audit (`extensions.reason`).
    pub reason: Option<String>,
    /// Soft refusals the caller has accepted (`extensions.confirm`).
    pub confirm: Vec<String>,
    /// Run everything, then roll back (`extensions.dryRun`).
    pub dry_run: bool,
}

impl OpContext {
    /// A context by decree. Only `identity` may: a clippy fence and a tidy test keep everybody else out.
    #[must_use]
    pub fn assume(parts: OpContextParts) -> Self {
        let OpContextParts { model, principal, now, deadline, request, locale, via } = parts;
        Self { model, principal, now, deadline, request, locale, via, reason: None, confirm: Vec::new(), dry_run: false }
    }
}
