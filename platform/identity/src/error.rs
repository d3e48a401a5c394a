//! Why nobody could be recognized, or nothing about members was changed.

use tenon_catalog::CatalogError;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_records::RecordsError;
use tenon_store::StoreError;

/// Why a credential gave no context, or a wish about members, sessions or keys was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No credential, a wrong one, an expired one, another tenant's, or no such tenant: the caller is never told which.
    #[error("sign in first")]
    Unrecognized,
    /// Too many attempts from this address, or on this login.
    #[error("limit `{limit}` is {max}")]
    TooMany {
        /// The limit's name.
        limit: &'static str,
        /// Its number.
        max: u32,
        /// Seconds until another attempt may be made.
        retry_after: u64,
    },
    /// The caller is known, and may not do this.
    #[error("you may not do this")]
    Forbidden,
    /// There is no such member, session or key.
    #[error("there is no such record")]
    NotFound,
    /// Something in the wish is wrong; the problem says what.
    #[error("{}", .0.message.en)]
    Wrong(Box<Problem>),
    /// Mail was to be sent, and no server for it is configured.
    #[error("mail is not configured")]
    NoMail,
    /// More passwords are to be hashed at once than this machine is given.
    #[error("too many passwords are being checked")]
    Busy,
    /// The credentials could not be looked up.
    #[error("credentials cannot be looked up")]
    Store(#[from] StoreError),
    /// The tenant's model could not be loaded.
    #[error("the tenant's model cannot be loaded")]
    Catalog(#[from] CatalogError),
    /// The person's own record could not be written.
    #[error("the person's record cannot be written")]
    Records(#[from] RecordsError),
    /// A password could not be hashed.
    #[error("a password could not be hashed")]
    Hash,
}

impl IdentityError {
    pub(crate) fn invalid(rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Wrong(Box::new(Problem::invalid(rule, en, zh)))
    }
}

impl Classify for IdentityError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unrecognized => Kind::Unauthenticated,
            Self::TooMany { .. } => Kind::Exhausted,
            Self::Forbidden => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Wrong(problem) => problem.kind,
            Self::NoMail | Self::Busy => Kind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Catalog(error) => error.kind(),
            Self::Records(error) => error.kind(),
            Self::Hash => Kind::Internal,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::TooMany { limit, max, retry_after } => {
                Problem { details: vec![("max", (*max).into()), ("retryAfter", (*retry_after).into())], ..too_many(limit) }
            }
            Self::Wrong(problem) => problem.as_ref().clone(),
            Self::NoMail => Problem {
                rule: Some("mail".into()),
                message: tenon_diagnostics::Message::new(
                    "this server cannot send mail, ask your administrator",
                    "服务器未配置邮件发送,请联系管理员",
                ),
                ..Problem::of_kind(Kind::Unavailable)
            },
            Self::Store(error) => error.problem(),
            Self::Records(error) => error.problem(),
            other => Problem::of_kind(other.kind()),
        }
    }
}

fn too_many(limit: &'static str) -> Problem {
    let message = tenon_diagnostics::Message::new("too many attempts, wait a while", "尝试次数过多,请稍后再试");
    Problem { limit: Some(limit), message, ..Problem::of_kind(Kind::Exhausted) }
}
