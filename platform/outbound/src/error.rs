//! Why a host gave no answer that can be used.

/// Why a host gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Its address may not be asked from here: what it says of itself, or what its name resolves to.
    #[error("`{0}` may not be asked from here")]
    Forbidden(String),
    /// It did not answer in time (`http_time`).
    #[error("`{0}` did not answer in time")]
    Late(String),
    /// It answered more than is taken (`http_response_bytes`).
    #[error("`{0}` answered more than {1} bytes")]
    TooMuch(String, u64),
    /// Too many requests wait already (`http_at_once`).
    #[error("too many requests wait for answers")]
    Busy,
    /// It cannot be reached.
    #[error("`{0}` cannot be reached: {1}")]
    Unreachable(String, String),
}
