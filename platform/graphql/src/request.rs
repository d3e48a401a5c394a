//! What a GraphQL endpoint is asked, and what it answers, in words of no protocol: `http` translates both ways.

use bytes::Bytes;
use tenon_diagnostics::Kind;
use tenon_records::Idempotency;
use tenon_value::{Json, JsonMap};

/// One GraphQL request, its HTTP shape already checked.
#[derive(Clone, Debug, Default)]
pub struct GraphqlRequest {
    /// The document; empty where it is only named.
    pub query: String,
    /// `documentId`: the document's name, `sha256:…`.
    pub document_id: Option<String>,
    /// Which of its operations; needed where there are several.
    pub operation_name: Option<String>,
    /// Variables by name.
    pub variables: JsonMap<String, Json>,
    /// The request's own extensions: `dryRun`, `confirm`, `reason`.
    pub extensions: JsonMap<String, Json>,
    /// True for GET: mutations are refused.
    pub is_get: bool,
    /// The `Idempotency-Key` header, with the hash of the body it came with.
    pub idempotency: Option<Idempotency>,
    /// `Tenon-Cost: full`: tell more about the cost.
    pub cost_full: bool,
    /// `Tenon-View-As`: the id of the user whose eyes are asked for.
    pub view_as: Option<String>,
}

/// How far a request came; with the media type it decides the status (API.md §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer has a `data` entry, errors or not.
    Answered,
    /// Refused before execution: parse, validation, variables, operation name, limits of the document.
    Rejected,
    /// A mutation by GET.
    MutationByGet,
    /// A failure that has a status of its own before execution: `UNAVAILABLE`, `FORBIDDEN`, `INTERNAL`.
    Failed(Kind),
}

/// The answer to a GraphQL request.
#[derive(Clone, Debug)]
pub struct GraphqlResponse {
    /// A GraphQL response, as JSON.
    pub body: Bytes,
    /// How far it came.
    pub outcome: Outcome,
    /// The model version that answered.
    pub model_version: u64,
    /// True where a stored answer was replayed (`Idempotency-Replayed`).
    pub replayed: bool,
    /// True where it tells of errors: such an answer is stored by nobody.
    pub has_errors: bool,
    /// Seconds after which the caller should ask again (`Retry-After`).
    pub retry_after: Option<u64>,
}

impl GraphqlResponse {
    /// A whole answer, without anything to say beside it.
    #[must_use]
    pub const fn answered(body: Bytes, model_version: u64) -> Self {
        Self { body, outcome: Outcome::Answered, model_version, replayed: false, has_errors: false, retry_after: None }
    }
}
