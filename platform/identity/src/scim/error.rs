//! What a SCIM client is told when something cannot be done (RFC 7644 §3.12).

use serde_json::json;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_value::Json;

/// The schema of errors.
pub(crate) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a SCIM request was not carried out.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The word for programs, where the RFC has one.
    pub scim_type: Option<&'static str>,
    /// The words for people.
    pub detail: String,
    kind: Kind,
}

impl ScimError {
    /// A request that is wrong in itself.
    pub(crate) fn invalid(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into(), kind: Kind::Invalid }
    }

    /// A value that cannot be.
    pub(crate) fn value(detail: impl Into<String>) -> Self {
        Self::invalid("invalidValue", detail)
    }

    /// A name or number that somebody else has.
    pub(crate) fn taken(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some("uniqueness"), detail: detail.into(), kind: Kind::Conflict }
    }

    /// Nothing of this id.
    pub(crate) fn not_found(id: &str) -> Self {
        let id: String = id.chars().take(64).collect();
        Self { status: 404, scim_type: None, detail: format!("resource `{id}` not found"), kind: Kind::NotFound }
    }

    /// A part of the protocol that is not offered.
    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self { status: 501, scim_type: None, detail: detail.into(), kind: Kind::Invalid }
    }

    /// A body that is none.
    #[must_use]
    pub fn syntax(detail: impl Into<String>) -> Self {
        Self::invalid("invalidSyntax", detail)
    }

    /// A body that is too large.
    #[must_use]
    pub fn too_large(max: usize) -> Self {
        let detail = format!("a body has {max} bytes at most");
        Self { status: 413, scim_type: None, detail, kind: Kind::Exhausted }
    }

    /// The path is right, the method is not.
    #[must_use]
    pub fn method() -> Self {
        Self { status: 405, scim_type: None, detail: "this path does not take that method".to_owned(), kind: Kind::Invalid }
    }

    /// A problem of the house in the words of SCIM.
    #[must_use]
    pub fn of_problem(problem: &Problem) -> Self {
        let (status, scim_type) = match problem.kind {
            Kind::Invalid | Kind::Refused => (400, Some("invalidValue")),
            Kind::Unauthenticated => (401, None),
            Kind::Forbidden => (403, None),
            Kind::NotFound => (404, None),
            Kind::Conflict if matches!(problem.rule.as_deref(), Some("unique" | "login" | "member")) => (409, Some("uniqueness")),
            Kind::Conflict => (409, None),
            Kind::Exhausted if problem.limit == Some("rate") => (429, None),
            Kind::Exhausted => (400, Some("tooMany")),
            Kind::Unavailable => (503, None),
            Kind::PluginFault | Kind::Internal => (500, None),
        };
        let place = problem.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        Self { status, scim_type, detail: format!("{place}{}", problem.message.en), kind: problem.kind }
    }

    /// As the wire has it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut body = json!({ "schemas": [ERROR], "status": self.status.to_string(), "detail": self.detail });
        if let (Some(word), Some(members)) = (self.scim_type, body.as_object_mut()) {
            members.insert("scimType".to_owned(), json!(word));
        }
        body
    }
}

impl Classify for ScimError {
    fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<crate::IdentityError> for ScimError {
    fn from(error: crate::IdentityError) -> Self {
        if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
            tracing::error!("a SCIM request failed: {error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
        }
        Self::of_problem(&error.problem())
    }
}

impl From<tenon_store::StoreError> for ScimError {
    fn from(error: tenon_store::StoreError) -> Self {
        crate::IdentityError::from(error).into()
    }
}
