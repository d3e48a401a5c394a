//! The ten kinds of failure that callers can tell apart. Closed: before adding one, name the caller who would act differently.

use crate::Problem;

/// What kind of failure a caller sees; `extensions.code` in GraphQL, the status in HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong in itself.
    Invalid,
    /// No credential, or a bad one.
    Unauthenticated,
    /// The caller may see it, but not do this.
    Forbidden,
    /// There is no such thing, or the caller may not see it.
    NotFound,
    /// The world is in another state than the request supposes.
    Conflict,
    /// A rule or a plugin said no, in its author's words.
    Refused,
    /// A limit with a name was met.
    Exhausted,
    /// A plugin broke.
    PluginFault,
    /// The database or another part is away for now; try again.
    Unavailable,
    /// A bug of ours.
    Internal,
}

impl Kind {
    /// The word on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Refused => "REFUSED",
            Self::Exhausted => "EXHAUSTED",
            Self::PluginFault => "PLUGIN_FAULT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// What every crate's error type can say of itself to a caller.
pub trait Classify: std::error::Error {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// What the caller is told. The default says only the kind: right for `UNAVAILABLE` and `INTERNAL`.
    fn problem(&self) -> Problem {
        Problem::of_kind(self.kind())
    }
}
