//! Why nobody was signed in through a provider.
//!
//! Invariant: whatever is wrong with a sign-in, its caller gets one and the same answer; the log has the reason.

use tenon_diagnostics::{Classify, Kind, Message, Problem};
use tenon_store::StoreError;

use super::claims::ClaimError;
use super::discovery::DiscoveryError;
use super::jose::JoseError;
use super::outbound::OutboundError;
use crate::IdentityError;

/// What is wrong with a sign-in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such tenant or provider, or it is not in use")]
    NoProvider,
    #[error("the cookie of the sign-in is missing, changed or too old")]
    Cookie,
    #[error("`state` is not the one of this browser")]
    State,
    #[error("the sign-in came back before")]
    Replayed,
    #[error("the provider says `{0}`")]
    Provider(String),
    #[error("the answer has no code")]
    NoCode,
    #[error("the answer is of another issuer")]
    MixedUp,
    #[error("the code was not exchanged")]
    Code(#[source] OutboundError),
    #[error("the provider's answer lacks `{0}`")]
    Lacks(&'static str),
    #[error("the ID token is not believed")]
    Token(#[from] JoseError),
    #[error("the ID token is not for this sign-in")]
    Claims(#[from] ClaimError),
    #[error("the provider's user information is of somebody else")]
    OtherSubject,
    #[error("the provider does not vouch for an address")]
    Unverified,
    #[error("the address is of a domain that is not let in")]
    Domain,
    #[error("nobody here is known by that address")]
    Unknown,
    #[error("the member may not sign in this way")]
    Member,
}

/// Why nobody was signed in through a provider, or a provider was not changed.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Something about the sign-in is wrong.
    #[error("the sign-in is refused")]
    Refused(#[source] RefusalReason),
    /// The provider cannot be reached, or what it publishes cannot be used.
    #[error("the provider cannot be used")]
    Provider(#[source] ProviderFault),
    /// Something in the settings is wrong; the problem says what.
    #[error("{}", .0.message.en)]
    Wrong(Box<Problem>),
    /// The store or the identities failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// The reason of a refusal, for the log alone.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RefusalReason(#[from] Refusal);

/// What is wrong with a provider, for the log alone.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ProviderFault(#[from] DiscoveryError);

impl From<Refusal> for OidcError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<JoseError> for OidcError {
    fn from(error: JoseError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<ClaimError> for OidcError {
    fn from(error: ClaimError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<DiscoveryError> for OidcError {
    fn from(error: DiscoveryError) -> Self {
        Self::Provider(error.into())
    }
}

impl From<OutboundError> for OidcError {
    fn from(error: OutboundError) -> Self {
        DiscoveryError::from(error).into()
    }
}

impl From<StoreError> for OidcError {
    fn from(error: StoreError) -> Self {
        IdentityError::from(error).into()
    }
}

impl From<Problem> for OidcError {
    fn from(problem: Problem) -> Self {
        Self::Wrong(Box::new(problem))
    }
}

impl OidcError {
    /// The reason of a refusal, in words for the log and the audit: none of them names a person.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let Self::Refused(RefusalReason(refusal)) = self else { return None };
        let mut words = refusal.to_string();
        let mut source = std::error::Error::source(refusal);
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        Some(words)
    }
}

impl Classify for OidcError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(_) => Kind::Unauthenticated,
            Self::Provider(_) => Kind::Unavailable,
            Self::Wrong(problem) => problem.kind,
            Self::Identity(error) => error.kind(),
        }
    }

    fn problem(&self) -> Problem {
        let said =
            |kind, en: &str, zh: &str| Problem { rule: Some("oidc".into()), message: Message::new(en, zh), ..Problem::of_kind(kind) };
        match self {
            Self::Refused(_) => said(
                Kind::Unauthenticated,
                "signing in through this provider did not succeed, try again or ask your administrator",
                "通过该身份提供方登录未成功,请重试或联系管理员",
            ),
            Self::Provider(_) => said(Kind::Unavailable, "the identity provider cannot be reached", "无法连接身份提供方"),
            Self::Wrong(problem) => problem.as_ref().clone(),
            Self::Identity(error) => error.problem(),
        }
    }
}
